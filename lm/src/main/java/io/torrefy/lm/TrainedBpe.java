package io.torrefy.lm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What a [BpeTrainer] learned: a tokenizer, and the files that describe it to Torrefy and to Hugging Face `tokenizers`
/// and `transformers`.
@Export(value = "lm.TrainedBpe", since = "0.1")
public final class TrainedBpe {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Layout layout;

    /// @param vocab tokens by id
    /// @param merges pairs by rank
    /// @param given the tokens that text is searched for, and whether they are special
    record Layout(
            List<String> vocab,
            List<String[]> merges,
            Map<String, Boolean> given,
            String splitRegex,
            String endOfText,
            String pad,
            String chatTemplate) {}

    TrainedBpe(Layout layout) {
        this.layout = layout;
    }

    /// The tokenizer.
    public BpeTokenizer tokenizer() {
        return BpeTokenizer.parse(tokenizerJson(), configJson());
    }

    /// The text of `tokenizer.json`.
    public String tokenizerJson() {
        ObjectNode root = NODES.objectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        var added = root.putArray("added_tokens");
        layout.given.forEach((content, special) -> {
            added.addObject().put("id", added.size() - 1).setAll(addedToken(content, special));
        });
        root.putNull("normalizer");
        var steps = root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        var split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", layout.splitRegex);
        split.put("behavior", "Isolated").put("invert", false);
        steps.add(byteLevel());
        root.putNull("post_processor").set("decoder", byteLevel());
        var model = root.putObject("model").put("type", "BPE");
        for (String none : List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
            model.putNull(none);
        }
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        var vocab = model.putObject("vocab");
        for (int id = 0; id < layout.vocab.size(); id++) {
            vocab.put(layout.vocab.get(id), id);
        }
        // Pairs joined by a space are read by every version of tokenizers; spelled bytes never hold one.
        var merges = model.putArray("merges");
        layout.merges.forEach(pair -> merges.add(pair[0] + " " + pair[1]));
        return write(root);
    }

    /// The text of `tokenizer_config.json`.
    public String configJson() {
        ObjectNode root = NODES.objectNode();
        root.put("tokenizer_class", "PreTrainedTokenizerFast").put("clean_up_tokenization_spaces", false);
        var added = root.putObject("added_tokens_decoder");
        layout.given.forEach(
                (content, special) -> added.set(Integer.toString(added.size()), addedToken(content, special)));
        if (!layout.endOfText.isEmpty()) {
            root.put("bos_token", layout.endOfText).put("eos_token", layout.endOfText);
        }
        if (!layout.pad.isEmpty()) {
            root.put("pad_token", layout.pad);
        }
        if (!layout.chatTemplate.isEmpty()) {
            root.put("chat_template", layout.chatTemplate);
        }
        return write(root);
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into `folder`, which is made if it is not there.
    ///
    /// @throws TokenizerException if they cannot be written
    public void save(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("tokenizer.json"), tokenizerJson());
            Files.writeString(folder.resolve("tokenizer_config.json"), configJson());
        } catch (IOException e) {
            throw new TokenizerException("[tokenizer] cannot write to " + folder + ": " + e.getMessage(), e);
        }
    }

    private static ObjectNode byteLevel() {
        return NODES.objectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", false);
    }

    private static ObjectNode addedToken(String content, boolean special) {
        return NODES.objectNode()
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", special);
    }

    private static String write(ObjectNode root) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new TokenizerException("[tokenizer] cannot write JSON: " + e.getOriginalMessage(), e);
        }
    }
}
