package io.torrefy.lm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Byte-pair encoding as written in Hugging Face `tokenizer.json` files: GPT-2, Llama-3, Qwen, SmolLM and their kin.
/// Gives the ids of `tokenizers` 0.23 for the components it supports, and refuses a file that has any other.
///
/// Text goes through: added tokens, normalizer, added tokens that are normalised, pre-tokenizer (regular expressions,
/// digits, bytes), merges by rank (Sennrich et al., arXiv:1508.07909; Radford et al. 2019 for bytes).
@Export(value = "lm.BpeTokenizer", since = "0.1")
public final class BpeTokenizer implements Tokenizer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CACHED_WORDS = 1 << 16;
    private static final int CACHED_LENGTH = 64;
    private static final int UNKNOWN = -1;

    private final Map<String, Integer> vocab;
    /// The vocabulary and the added tokens.
    private final Map<String, Integer> all;
    /// By id; empty where there is no token.
    private final String[] tokens;
    private final int size;
    private final BitSet special = new BitSet();
    private final AddedTokens raw;
    private final AddedTokens normalized;
    private final UnaryOperator<String> normalizer;
    private final PreTokenizer preTokenizer;
    private final boolean spellsBytes;
    private final BpeMerges merges;
    private final boolean ignoreMerges;
    private final boolean byteFallback;
    private final int unknownId;
    private final boolean fuseUnknown;
    private final int[] before;
    private final int[] after;
    private final Supplier<TokenDecoder> decoder;
    private final SpecialIds ids;
    /// Symbols of the characters below U+0200, which are all there are in byte-level text.
    private final int[] charIds = new int[512];
    private final ConcurrentHashMap<String, int[]> words = new ConcurrentHashMap<>();

    private BpeTokenizer(TokenizerFile file, Map<String, JsonNode> beside) {
        vocab = file.vocab;
        List<AddedTokens.Added> added = withConfigTokens(file.added, beside.get("tokenizer_config.json"));
        all = new HashMap<>(vocab);
        for (var token : added) {
            all.put(token.content(), token.id());
            if (token.special()) {
                special.set(token.id());
            }
        }
        normalizer = file.normalizer;
        tokens = byId(all);
        for (var token : added) {
            tokens[token.id()] = token.normalized() ? normalizer.apply(token.content()) : token.content();
        }
        size = all.size();
        raw = new AddedTokens(added.stream().filter(t -> !t.normalized()).toList(), UnaryOperator.identity());
        normalized = new AddedTokens(
                added.stream().filter(AddedTokens.Added::normalized).toList(), normalizer);
        preTokenizer = file.preTokenizer;
        spellsBytes = file.spellsBytes;
        merges = file.merges;
        ignoreMerges = file.ignoreMerges;
        byteFallback = file.byteFallback;
        fuseUnknown = file.fuseUnknown;
        unknownId = vocab.getOrDefault(file.unknown, UNKNOWN);
        before = file.before.stream().mapToInt(i -> i).toArray();
        after = file.after.stream().mapToInt(i -> i).toArray();
        decoder = file.decoder;
        Arrays.setAll(charIds, c -> vocab.getOrDefault(Character.toString(c), UNKNOWN));
        Map<String, Integer> known = all;
        ids = SpecialIds.read(beside, text -> find(known, text));
    }

    /// Reads a tokenizer from a `tokenizer.json` or from the folder that holds one. `tokenizer_config.json`,
    /// `special_tokens_map.json`, `generation_config.json` and `config.json` of that folder, where there are any,
    /// name the beginning, end and padding tokens.
    ///
    /// @throws TokenizerException if there is no such file, or it holds something else than a supported tokenizer
    public static BpeTokenizer load(Path path) {
        Path file = Files.isDirectory(path) ? path.resolve("tokenizer.json") : path;
        if (!Files.exists(file)) {
            throw missing(file);
        }
        Map<String, JsonNode> beside = new HashMap<>();
        for (String name :
                List.of("tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json")) {
            Path other = file.resolveSibling(name);
            if (Files.exists(other)) {
                beside.put(name, json(other));
            }
        }
        return new BpeTokenizer(new TokenizerFile(json(file), file.toString()), beside);
    }

    /// A tokenizer from the text of a `tokenizer.json` alone; it knows no beginning, end or padding token.
    ///
    /// @throws TokenizerException as [#load]
    public static BpeTokenizer parse(String tokenizerJson) {
        return parse(tokenizerJson, "{}");
    }

    /// A tokenizer from the texts of a `tokenizer.json` and a `tokenizer_config.json`.
    ///
    /// @throws TokenizerException as [#load]
    public static BpeTokenizer parse(String tokenizerJson, String configJson) {
        try {
            var file = new TokenizerFile(JSON.readTree(tokenizerJson), "the given text");
            return new BpeTokenizer(file, Map.of("tokenizer_config.json", JSON.readTree(configJson)));
        } catch (JsonProcessingException e) {
            throw noJson("the given text", e);
        }
    }

    @Override
    public int[] encode(String text) {
        var out = new IntSink(text.length() / 3);
        encode(text, true, out);
        return out.toArray();
    }

    @Override
    public int[] encodeWithSpecials(String text) {
        var out = new IntSink(text.length() / 3);
        out.addAll(before);
        encode(text, true, out);
        out.addAll(after);
        return out.toArray();
    }

    @Override
    public int[] encodeOrdinary(String text) {
        var out = new IntSink(text.length() / 3);
        encode(text, false, out);
        return out.toArray();
    }

    @Override
    public String decode(int[] ids, boolean skipSpecial) {
        var out = new StringBuilder(ids.length * 4);
        TokenDecoder text = decoder.get();
        for (int id : ids) {
            decode(id, skipSpecial, text, out);
        }
        text.finish(out);
        return out.toString();
    }

    @Override
    public Stream stream(boolean skipSpecial) {
        TokenDecoder text = decoder.get();
        return new Stream() {
            @Override
            public String accept(int id) {
                var out = new StringBuilder();
                decode(id, skipSpecial, text, out);
                return out.toString();
            }

            @Override
            public String finish() {
                var out = new StringBuilder();
                text.finish(out);
                return out.toString();
            }
        };
    }

    @Override
    public OptionalInt tokenToId(String token) {
        return find(all, token);
    }

    @Override
    public Optional<String> idToToken(int id) {
        return id < 0 || id >= tokens.length || tokens[id].isEmpty() ? Optional.empty() : Optional.of(tokens[id]);
    }

    @Override
    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    @Override
    public int vocabSize() {
        return size;
    }

    @Override
    public int highestId() {
        return tokens.length - 1;
    }

    @Override
    public OptionalInt bosId() {
        return ids.bos();
    }

    @Override
    public OptionalInt eosId() {
        return ids.eos();
    }

    @Override
    public OptionalInt padId() {
        return ids.pad();
    }

    @Override
    public int[] stopIds() {
        return ids.stop().stream().mapToInt(i -> i).toArray();
    }

    private void encode(String text, boolean parseSpecial, IntSink out) {
        raw.split(
                text,
                parseSpecial,
                part -> normalized.split(
                        normalizer.apply(part),
                        parseSpecial,
                        piece -> preTokenizer.split(piece, word -> encodeWord(word, out)),
                        out::add),
                out::add);
    }

    private void encodeWord(String word, IntSink out) {
        int[] known = words.get(word);
        if (known == null) {
            known = mergeWord(spellsBytes ? ByteAlphabet.spell(word) : word);
            if (word.length() <= CACHED_LENGTH && words.size() < CACHED_WORDS) {
                words.put(word, known);
            }
        }
        out.addAll(known);
    }

    private int[] mergeWord(String word) {
        if (ignoreMerges) {
            Integer whole = vocab.get(word);
            if (whole != null) {
                return new int[] {whole};
            }
        }
        var symbols = new IntSink(word.length());
        boolean inUnknown = false;
        for (int i = 0; i < word.length(); ) {
            int cp = word.codePointAt(i);
            i += Character.charCount(cp);
            int id = symbolOf(cp);
            if (id != UNKNOWN) {
                symbols.add(id);
                inUnknown = false;
            } else if (!addBytes(cp, symbols) && unknownId != UNKNOWN) {
                if (!(inUnknown && fuseUnknown)) {
                    symbols.add(unknownId);
                }
                inUnknown = true;
            }
        }
        int[] merged = symbols.toArray();
        return Arrays.copyOf(merged, merges.merge(merged, merged.length));
    }

    private int symbolOf(int cp) {
        return cp < charIds.length ? charIds[cp] : vocab.getOrDefault(Character.toString(cp), UNKNOWN);
    }

    /// A character outside the vocabulary as its bytes `<0xE2>`, if the vocabulary has all of them.
    private boolean addBytes(int cp, IntSink symbols) {
        if (!byteFallback) {
            return false;
        }
        byte[] bytes = Character.toString(cp).getBytes(StandardCharsets.UTF_8);
        int[] found = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            Integer id = vocab.get(String.format(Locale.ROOT, "<0x%02X>", bytes[i]));
            if (id == null) {
                return false;
            }
            found[i] = id;
        }
        symbols.addAll(found);
        return true;
    }

    private void decode(int id, boolean skipSpecial, TokenDecoder text, StringBuilder out) {
        if (id < 0) {
            throw new TokenizerException("[decode] expected token ids; got " + id
                    + ". Hint: -100 marks ignored labels, take it out before decoding.");
        }
        if (id < tokens.length && !tokens[id].isEmpty() && !(skipSpecial && special.get(id))) {
            text.accept(tokens[id], out);
        }
    }

    /// Tokens that only `tokenizer_config.json` knows are added behind those of `tokenizer.json`.
    private static List<AddedTokens.Added> withConfigTokens(List<AddedTokens.Added> added, @Nullable JsonNode config) {
        List<AddedTokens.Added> all = new ArrayList<>(added);
        if (config != null) {
            Set<Integer> seen = new HashSet<>();
            added.forEach(t -> seen.add(t.id()));
            config.path("added_tokens_decoder").forEachEntry((key, token) -> {
                if (key.matches("\\d{1,9}") && !seen.contains(Integer.parseInt(key)) && token.has("content")) {
                    all.add(TokenizerFile.addedToken(Integer.parseInt(key), token));
                }
            });
        }
        return all;
    }

    private static OptionalInt find(Map<String, Integer> ids, String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    private static String[] byId(Map<String, Integer> all) {
        int highest = -1;
        for (int id : all.values()) {
            highest = Math.max(highest, id);
        }
        var tokens = new String[highest + 1];
        Arrays.fill(tokens, "");
        all.forEach((token, id) -> tokens[id] = token);
        return tokens;
    }

    private static JsonNode json(Path file) {
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw noJson(file.toString(), e);
        } catch (IOException e) {
            throw new TokenizerException("[tokenizer] cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static TokenizerException noJson(String name, JsonProcessingException e) {
        return new TokenizerException(
                "[tokenizer] expected JSON in " + name + "; got something else at "
                        + e.getLocation().offsetDescription() + ": " + e.getOriginalMessage()
                        + ". Hint: a download cut short, or a Git LFS pointer, looks like this.",
                e);
    }

    private static TokenizerException missing(Path file) {
        String hint = "name a folder with tokenizer.json, or train one with BpeTrainer.";
        if (Files.exists(file.resolveSibling("tokenizer.model"))) {
            hint = "tokenizer.model of that folder is SentencePiece; convert it with transformers' save_pretrained.";
        } else if (Files.exists(file.resolveSibling("tiktoken.model"))) {
            hint = "tiktoken.model of that folder is a tiktoken vocabulary, which BpeTokenizer does not read.";
        } else if (Files.exists(file.resolveSibling("vocab.json"))) {
            hint =
                    "vocab.json and merges.txt of that folder are the old layout; convert it with transformers' save_pretrained.";
        }
        return new TokenizerException("[tokenizer] expected " + file + "; there is no such file. Hint: " + hint);
    }
}
