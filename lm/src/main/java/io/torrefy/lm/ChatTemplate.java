package io.torrefy.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.lm.jinja.JinjaException;
import io.torrefy.lm.jinja.Template;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Turns a conversation into the text a chat model was trained on, by the Jinja template that comes with the model
/// (`apply_chat_template` of `transformers`). Encode the result with [Tokenizer#encode]: the template writes the
/// beginning token itself where there is one.
///
/// ```java
/// String prompt = template.render(List.of(ChatMessage.user("What is 3 + 4?")), true);
/// ```
@Export(value = "lm.ChatTemplate", since = "0.1")
public final class ChatTemplate {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHAT_ML =
            "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
                    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private static final Pattern GENERATION = Pattern.compile("\\{%[-+]?\\s*generation\\s*[-+]?%}");

    private final String source;
    private final Template template;
    private final Map<String, Object> constants;

    private ChatTemplate(String source, Map<String, Object> constants) {
        this.source = source;
        this.constants = Map.copyOf(constants);
        try {
            template = Template.parse(source);
        } catch (JinjaException e) {
            throw new TokenizerException("[chat template] " + e.getMessage(), e);
        }
    }

    /// A template with no beginning and end tokens.
    ///
    /// @throws TokenizerException with line and column if it is not understood
    public static ChatTemplate of(String template) {
        return new ChatTemplate(template, Map.of());
    }

    /// A template that may use `bos_token`, `eos_token` and whatever else `constants` names.
    ///
    /// @throws TokenizerException with line and column if it is not understood
    public static ChatTemplate of(String template, Map<String, Object> constants) {
        return new ChatTemplate(template, constants);
    }

    /// `<|im_start|>role … <|im_end|>`, the form of Qwen and many others.
    public static ChatTemplate chatMl() {
        return of(CHAT_ML);
    }

    /// The template of a model's folder: `chat_template.jinja`, `chat_template.json`, or `chat_template` in
    /// `tokenizer_config.json`, whose named tokens the template sees. Of several templates the one named `default`.
    /// Empty if the folder has none, as that of a base model.
    ///
    /// @throws TokenizerException if a file cannot be read or understood
    public static Optional<ChatTemplate> load(Path folder) {
        Path configFile = folder.resolve("tokenizer_config.json");
        JsonNode config = Files.exists(configFile) ? json(configFile) : JSON.createObjectNode();
        Path jinja = folder.resolve("chat_template.jinja");
        Path wrapped = folder.resolve("chat_template.json");
        String source = "";
        if (Files.exists(jinja)) {
            source = text(jinja);
        } else if (Files.exists(wrapped)) {
            source = pick(json(wrapped).path("chat_template"));
        }
        if (source.isEmpty()) {
            source = pick(config.path("chat_template"));
        }
        return source.isEmpty() ? Optional.empty() : Optional.of(new ChatTemplate(source, namedTokens(config)));
    }

    /// The template's own text.
    public String source() {
        return source;
    }

    /// The conversation as text.
    ///
    /// @param addGenerationPrompt whether to end with the beginning of an answer, for the model to go on
    /// @throws TokenizerException if the template refuses these messages
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
        return render(messages, addGenerationPrompt, Map.of());
    }

    /// As [#render(List, boolean)], with further variables such as `enable_thinking` or `tools`.
    public String render(
            List<ChatMessage> messages, boolean addGenerationPrompt, Map<String, ? extends @Nullable Object> extra) {
        List<Map<String, Object>> maps = new ArrayList<>();
        for (ChatMessage message : messages) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("role", message.role());
            map.put("content", message.content());
            maps.add(map);
        }
        return renderMaps(maps, addGenerationPrompt, extra);
    }

    /// As [#render(List, boolean)], for messages with more than a role and a text: tool calls, parts of several
    /// kinds. Values are strings, numbers, booleans, null, lists and maps of them.
    public String renderMaps(
            List<? extends Map<String, ? extends @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> extra) {
        return renderMarked(messages, addGenerationPrompt, extra).text();
    }

    /// Characters `from` to before `to` of a rendered text.
    public record Span(int from, int to) {}

    /// A rendered text, and what in it the assistant wrote by the template's `{% generation %}` blocks.
    public record Marked(String text, List<Span> generated) {}

    /// Whether the template has `{% generation %}` blocks, which mark what the assistant writes.
    public boolean marksGenerations() {
        return GENERATION.matcher(source).find();
    }

    /// As [#renderMaps], with the places of what the assistant wrote (`return_assistant_tokens_mask` of
    /// `transformers`); none if the template has no `{% generation %}` blocks.
    public Marked renderMarked(
            List<? extends Map<String, ? extends @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> extra) {
        Map<String, @Nullable Object> variables = new HashMap<>(constants);
        variables.put("messages", messages);
        variables.put("add_generation_prompt", addGenerationPrompt);
        variables.put("tools", null);
        variables.put("documents", null);
        variables.putAll(extra);
        try {
            Template.Marked marked = template.renderMarked(variables);
            return new Marked(
                    marked.text(),
                    marked.generated().stream()
                            .map(span -> new Span(span.from(), span.to()))
                            .toList());
        } catch (JinjaException e) {
            throw new TokenizerException("[chat template] " + e.getMessage(), e);
        }
    }

    private static String pick(JsonNode templates) {
        for (JsonNode named : templates) {
            if (named.path("name").asText().equals("default")) {
                return named.path("template").asText();
            }
        }
        return templates.isArray() ? templates.path(0).path("template").asText("") : templates.asText("");
    }

    private static Map<String, Object> namedTokens(JsonNode config) {
        Map<String, Object> tokens = new HashMap<>();
        config.forEachEntry((name, value) -> {
            String content =
                    value.isObject() ? value.path("content").asText("") : value.isTextual() ? value.asText() : "";
            if (name.endsWith("_token") && !content.isEmpty()) {
                tokens.put(name, content);
            }
        });
        return tokens;
    }

    private static JsonNode json(Path file) {
        try {
            return JSON.readTree(text(file));
        } catch (IOException e) {
            throw new TokenizerException("[chat template] expected JSON in " + file + ": " + e.getMessage(), e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new TokenizerException("[chat template] cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
