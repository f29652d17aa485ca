package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rendered conversations and snippets against `transformers` and Jinja (`src/test/python/chat_goldens.py`).
class ChatTemplateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Object> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");

    @ParameterizedTest
    @ValueSource(strings = {"chatml", "headers", "inst", "reasoning", "parts", "generation", "tags", "gathered"})
    void agreesWithTransformers(String name) {
        JsonNode golden = golden(name);
        var template = ChatTemplate.of(golden.path("template").asText(), TOKENS);
        assertThat(golden.path("cases").size()).isGreaterThan(20);
        List<String> wrong = new ArrayList<>();
        for (JsonNode c : golden.path("cases")) {
            List<Map<String, Object>> messages = JSON.convertValue(c.path("messages"), new TypeReference<>() {});
            Map<String, Object> extra = map(c.path("extra"));
            boolean prompt = c.path("add_generation_prompt").asBoolean();
            check(wrong, c, () -> template.renderMaps(messages, prompt, extra));
            assertThat(template.marksGenerations())
                    .isEqualTo(golden.path("template").asText().contains("endgeneration"));
            if (c.has("generated")) {
                List<List<Integer>> spans = template.renderMarked(messages, prompt, extra).generated().stream()
                        .map(span -> List.of(span.from(), span.to()))
                        .toList();
                assertThat(spans).as(c.toString()).isEqualTo(JSON.convertValue(c.path("generated"), List.class));
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void agreesWithJinja() {
        JsonNode golden = golden("snippets");
        Map<String, Object> context = map(golden.path("context"));
        assertThat(golden.path("snippets").size()).isGreaterThan(70);
        List<String> wrong = new ArrayList<>();
        for (JsonNode snippet : golden.path("snippets")) {
            String text = snippet.path("template").asText();
            check(wrong, snippet, () -> ChatTemplate.of(text).render(List.of(), false, context));
        }
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{{ a b }}~line 1, column 6~expected '}}'",
                "{% if a %}~line 1, column 4~endif",
                "x\\n {{ a | frob }}~line 2, column 9~no filter named 'frob'",
                "{{ missing.x }}~line 1, column 11~'missing' is undefined",
                "\\n\\n{{ raise_exception('too long') }}~line 3~too long",
                "{% include 'x' %}~line 1, column 4~include %} is not supported",
                "{{ 'a' + 1 }}~column 8~str and int",
                "{{ [1].append(2) }}~column~namespace()"
            })
    void errorsSayWhere(String template, String place, String message) {
        assertThatThrownBy(() -> ChatTemplate.of(template.translateEscapes()).render(List.of(), true))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(place)
                .hasMessageContaining(message);
    }

    @Test
    void formatsDates() {
        String rendered =
                ChatTemplate.of("{{ strftime_now('%Y-%m-%d|%d %b %Y|%%') }}").render(List.of(), false);
        assertThat(rendered).matches("\\d{4}-\\d\\d-\\d\\d\\|\\d\\d [A-Z][a-z]{2} \\d{4}\\|%");
    }

    @Test
    void loadsFromAModelsFolder(@TempDir Path folder) throws IOException {
        assertThat(ChatTemplate.load(folder)).isEmpty();
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(
                config,
                "{\"chat_template\": \"{{ bos_token }}{{ messages[0].content }}\", \"bos_token\": {\"content\": \"<s>\"}}");
        assertThat(rendered(folder)).isEqualTo("<s>Hi");
        Files.writeString(
                config,
                "{\"bos_token\": \"<b>\", \"chat_template\": [{\"name\": \"rag\", \"template\": \"r\"},"
                        + " {\"name\": \"default\", \"template\": \"{{ bos_token }}d\"}]}");
        assertThat(rendered(folder)).isEqualTo("<b>d");
        Files.writeString(folder.resolve("chat_template.json"), "{\"chat_template\": \"{{ bos_token }}j\"}");
        assertThat(rendered(folder)).isEqualTo("<b>j");
        Files.writeString(folder.resolve("chat_template.jinja"), "{{ bos_token }}f\n");
        assertThat(rendered(folder)).isEqualTo("<b>f");
    }

    @Test
    void chatMlWrapsEveryTurn() {
        List<ChatMessage> messages =
                List.of(ChatMessage.system("S"), ChatMessage.user("U"), ChatMessage.assistant("A"));
        assertThat(ChatTemplate.chatMl().render(messages, true))
                .isEqualTo(
                        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n"
                                + "<|im_start|>assistant\n");
    }

    private static String rendered(Path folder) {
        return ChatTemplate.load(folder).orElseThrow().render(List.of(ChatMessage.user("Hi")), false);
    }

    private static void check(List<String> wrong, JsonNode expected, Supplier<String> render) {
        String got;
        try {
            got = "output: " + render.get();
        } catch (TokenizerException e) {
            got = "error: " + e.getMessage();
        }
        boolean right = expected.has("error")
                ? got.startsWith("error: ")
                : got.equals("output: " + expected.path("output").asText());
        if (!right) {
            wrong.add(expected + "\ngot " + got);
        }
    }

    private static JsonNode golden(String name) {
        return Fixtures.json(BpeTokenizerTest.resource("llama3")
                .getParent()
                .resolveSibling("chat")
                .resolve(name + ".json"));
    }

    private static Map<String, Object> map(JsonNode node) {
        return JSON.convertValue(node, new TypeReference<>() {});
    }
}
