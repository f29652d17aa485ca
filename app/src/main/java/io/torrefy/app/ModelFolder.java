package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A model's folder without its weights.
///
/// @param template of conversations, the folder's own or the one that the recipe names
record ModelFolder(Path path, DecoderConfig config, Tokenizer tokenizer, Optional<ChatTemplate> template) {
    private static final List<String> TOKENIZER = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "generation_config.json");
    private static final String TEMPLATE = "chat_template.jinja";

    /// @param templatePath a Jinja file, `chatml`, or nothing for the folder's own
    static ModelFolder open(Path path, String templatePath) throws IOException {
        RunPlan.requireModel(path, "the recipe's key model names it.");
        DecoderConfig config = DecoderConfig.read(path.resolve("config.json"));
        Tokenizer tokenizer = BpeTokenizer.load(path);
        tokenizer.checkFits(config.vocab());
        return new ModelFolder(path, config, tokenizer, template(path, templatePath, tokenizer));
    }

    private static Optional<ChatTemplate> template(Path path, String named, Tokenizer tokenizer) throws IOException {
        if (named.isEmpty()) {
            return ChatTemplate.load(path);
        }
        if (named.equals("chatml")) {
            return Optional.of(ChatTemplate.chatMl());
        }
        Map<String, Object> tokens = new LinkedHashMap<>();
        tokenizer
                .bosId()
                .ifPresent(id -> tokens.put("bos_token", tokenizer.idToToken(id).orElse("")));
        tokenizer
                .eosId()
                .ifPresent(id -> tokens.put("eos_token", tokenizer.idToToken(id).orElse("")));
        return Optional.of(ChatTemplate.of(Files.readString(Path.of(named)), tokens));
    }

    /// Writes the tokenizer's files into another folder, with the template that was used.
    void copyTokenizer(Path into) throws IOException {
        for (String name : TOKENIZER) {
            if (Files.exists(path.resolve(name))) {
                Files.copy(path.resolve(name), into.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (template.isPresent()) {
            Files.writeString(into.resolve(TEMPLATE), template.get().source());
        }
    }
}
