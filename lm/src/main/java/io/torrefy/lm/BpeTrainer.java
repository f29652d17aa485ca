package io.torrefy.lm;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/// Learns a byte-level byte-pair vocabulary from text: the most frequent pair of neighbours becomes a token, again and
/// again (Sennrich et al., arXiv:1508.07909, algorithm 1; bytes as in Radford et al. 2019).
///
/// ```java
/// var trained = BpeTrainer.of(512).endOfText("<|endoftext|>").added("<think>", "</think>").train(texts);
/// trained.save(folder);
/// ```
///
/// The same texts in any order give the same vocabulary: among pairs equally frequent the one of the lowest ids wins.
/// Ids: the given tokens in order, the 256 bytes, then the merges. It learns what `BpeTrainer` of Hugging Face
/// `tokenizers` learns, except that text of the given tokens is left out of the counting.
@Export(value = "lm.BpeTrainer", since = "0.1")
public final class BpeTrainer {
    private final int vocabSize;
    private final Map<String, Boolean> tokens = new LinkedHashMap<>();
    private String endOfText = "";
    private String pad = "";
    private String chatTemplate = "";
    private String splitRegex = wordsAndNumbers(1);
    private int minFrequency = 2;

    private BpeTrainer(int vocabSize) {
        this.vocabSize = vocabSize;
    }

    /// A trainer of a vocabulary of at most `vocabSize` tokens in all: the given tokens, 256 bytes, and merges.
    public static BpeTrainer of(int vocabSize) {
        return new BpeTrainer(vocabSize);
    }

    /// Adds control tokens, which [Tokenizer#decode(int[], boolean)] can leave out.
    public BpeTrainer special(String... contents) {
        for (String content : contents) {
            tokens.put(content, true);
        }
        return this;
    }

    /// Adds tokens that are always one id and always part of the text, as `<think>` is.
    public BpeTrainer added(String... contents) {
        for (String content : contents) {
            tokens.put(content, false);
        }
        return this;
    }

    /// Adds the control token that begins and ends a text, and fills batches unless [#pad] names another.
    public BpeTrainer endOfText(String content) {
        endOfText = content;
        return special(content);
    }

    /// Adds the control token that fills batches.
    public BpeTrainer pad(String content) {
        pad = content;
        return special(content);
    }

    /// How many digits of a number at most are cut off together, from the left: 1, the default, makes every digit a
    /// token
    /// (Qwen2), 3 lets numbers below 1000 become one (Llama-3).
    public BpeTrainer digits(int together) {
        if (together < 1) {
            throw new TokenizerException("[bpe] expected at least 1 digit together; got " + together);
        }
        splitRegex = wordsAndNumbers(together);
        return this;
    }

    /// The regular expression that cuts text into words, inside which pairs are merged, in place of the usual one.
    /// It is
    /// written into the tokenizer file, so it must mean the same to Java and to Oniguruma.
    public BpeTrainer splitRegex(String regex) {
        SplitRegex.compile(regex);
        splitRegex = regex;
        return this;
    }

    /// The least number of times that a pair must occur to be merged. Default 2.
    public BpeTrainer minFrequency(int count) {
        minFrequency = count;
        return this;
    }

    /// A chat template for `tokenizer_config.json`.
    public BpeTrainer chatTemplate(String template) {
        chatTemplate = template;
        return this;
    }

    /// Learns from `texts`, which are read once. Fewer tokens than asked for come out where no pair is frequent
    /// enough.
    ///
    /// @throws TokenizerException if the vocabulary has no room for the bytes and the given tokens
    public TrainedBpe train(Iterable<String> texts) {
        int base = tokens.size() + 256;
        if (vocabSize < base) {
            throw new TokenizerException("[bpe] expected a vocabulary of at least " + base + ": 256 bytes and "
                    + tokens.size() + " given tokens; got " + vocabSize);
        }
        List<String> vocab = new ArrayList<>(tokens.keySet());
        // Bytes in the order of their spelling, as tokenizers orders its alphabet.
        var bytes = new TreeMap<Character, Integer>();
        for (int b = 0; b < 256; b++) {
            bytes.put(ByteAlphabet.charOf(b), b);
        }
        bytes.keySet().forEach(c -> vocab.add(Character.toString(c)));
        var merges = new PairCounts(words(texts, vocab).values()).learn(vocab, vocabSize, minFrequency);
        var layout = new TrainedBpe.Layout(
                vocab, merges, tokens, splitRegex, endOfText, pad.isEmpty() ? endOfText : pad, chatTemplate);
        return new TrainedBpe(layout);
    }

    /// How often each word occurs, a word being the ids of its bytes.
    private Map<String, PairCounts.Word> words(Iterable<String> texts, List<String> vocab) {
        Map<Character, Integer> ids = new HashMap<>();
        for (int id = tokens.size(); id < vocab.size(); id++) {
            ids.put(vocab.get(id).charAt(0), id);
        }
        List<AddedTokens.Added> added = new ArrayList<>();
        tokens.forEach((content, special) ->
                added.add(new AddedTokens.Added(added.size(), content, false, false, false, false, special)));
        var given = new AddedTokens(added, UnaryOperator.identity());
        Pattern pattern = SplitRegex.compile(splitRegex);
        var splitter = PreTokenizer.split(pattern, PreTokenizer.Behavior.ISOLATED, false);
        Map<String, PairCounts.Word> words = new HashMap<>();
        for (String text : texts) {
            given.split(
                    text,
                    true,
                    part -> splitter.split(
                            part,
                            piece -> words.computeIfAbsent(piece, p -> new PairCounts.Word(symbols(p, ids))).count++),
                    _ -> {});
        }
        return words;
    }

    private static int[] symbols(String piece, Map<Character, Integer> ids) {
        return ByteAlphabet.spell(piece)
                .chars()
                .map(c -> ids.getOrDefault((char) c, 0))
                .toArray();
    }

    private static String wordsAndNumbers(int digits) {
        String number = digits == 1 ? "\\p{N}" : "\\p{N}{1," + digits + "}";
        return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + number
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    }
}
