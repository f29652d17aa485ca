package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.testkit.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Vocabularies against the `BpeTrainer` of Hugging Face `tokenizers` (`src/test/python/tokenizer_goldens.py`).
class BpeTrainerTest {
    private static final List<String> TEXTS = List.of(
            "<think>12 + 34 = 46, not 45. Try 34 + 12 = 46.</think><answer>12 + 34</answer><|endoftext|>",
            "<think>7 * 8 = 56. Try 8 * 7 = 56.</think><answer>7 * 8</answer><|endoftext|>");

    static Stream<JsonNode> goldens() {
        return Fixtures.json(BpeTokenizerTest.resource("llama3").resolveSibling("trained.json"))
                .valueStream();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void learnsWhatTokenizersLearns(JsonNode golden) {
        JsonNode model = model(train(golden, strings(golden.path("texts"))));
        assertThat(model.path("merges").valueStream().map(JsonNode::asText))
                .containsExactlyElementsOf(golden.path("merges")
                        .valueStream()
                        .map(m -> m.path(0).asText() + " " + m.path(1).asText())
                        .toList());
        List<String> vocab = new ArrayList<>();
        model.path("vocab").forEachEntry((token, id) -> vocab.add(id.asInt(), token));
        assertThat(vocab).containsExactlyElementsOf(strings(golden.path("vocab")));
    }

    @Test
    void orderOfTextsDoesNotMatter() {
        JsonNode golden = goldens().findFirst().orElseThrow();
        List<String> texts = new ArrayList<>(strings(golden.path("texts")));
        String inOrder = train(golden, texts);
        Collections.shuffle(texts, new Random(3));
        assertThat(train(golden, texts)).isEqualTo(inOrder);
    }

    @Test
    void savedFilesAreReadBack(@TempDir Path folder) {
        var trained = BpeTrainer.of(300)
                .endOfText("<|endoftext|>")
                .pad("<|pad|>")
                .added("<think>", "</think>", "<answer>", "</answer>")
                .chatTemplate("{{ messages }}")
                .train(TEXTS);
        trained.save(folder.resolve("new"));
        var tokenizer = BpeTokenizer.load(folder.resolve("new"));
        assertThat(tokenizer.vocabSize()).isBetween(263, 300);
        assertThat(tokenizer.eosId()).hasValue(0);
        assertThat(tokenizer.bosId()).hasValue(0);
        assertThat(tokenizer.padId()).hasValue(1);
        assertThat(tokenizer.stopIds()).containsExactly(0);
        assertThat(tokenizer.isSpecial(tokenizer.tokenToId("<think>").orElseThrow()))
                .isFalse();
        for (String text : List.of(TEXTS.get(0), "Grüße, 海 🌊 \u0000\n", "<think", "")) {
            int[] ids = tokenizer.encode(text);
            assertThat(tokenizer.decode(ids)).isEqualTo(text);
            assertThat(trained.tokenizer().encode(text)).containsExactly(ids);
        }
        assertThat(tokenizer.decode(tokenizer.encode("<think>1</think><|endoftext|>"), true))
                .isEqualTo("<think>1</think>");
    }

    @Test
    void digitsGoTogetherAsAsked() {
        List<String> texts = Collections.nCopies(20, "1234 567 1234 1234");
        assertThat(BpeTrainer.of(400).train(texts).tokenizer().encode("1234")).hasSize(4);
        assertThat(BpeTrainer.of(400).digits(2).train(texts).tokenizer().encode("1234"))
                .hasSize(2);
        assertThat(BpeTrainer.of(400).digits(3).train(texts).tokenizer().encode("1234"))
                .hasSize(2);
        assertThat(BpeTrainer.of(400).digits(4).train(texts).tokenizer().encode("1234"))
                .hasSize(1);
    }

    @Test
    void givenTokensAreNotCounted() {
        String json = BpeTrainer.of(400)
                .added("<think>")
                .train(Collections.nCopies(9, "<think>ab<think>"))
                .tokenizerJson();
        assertThat(model(json).path("merges").valueStream().map(JsonNode::asText))
                .containsExactly("a b");
    }

    @Test
    void saysHowSmallIsTooSmall() {
        var trainer = BpeTrainer.of(256).special("<s>");
        assertThatThrownBy(() -> trainer.train(TEXTS))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("at least 257")
                .hasMessageContaining("got 256");
        assertThatThrownBy(() -> trainer.digits(0)).hasMessageContaining("got 0");
        assertThatThrownBy(() -> trainer.splitRegex("(")).hasMessageContaining("regular expression");
        assertThat(BpeTrainer.of(256).train(List.of()).tokenizer().vocabSize()).isEqualTo(256);
    }

    private static String train(JsonNode golden, List<String> texts) {
        return BpeTrainer.of(golden.path("vocab_size").asInt())
                .special(strings(golden.path("specials")).toArray(String[]::new))
                .digits(golden.path("digits").asInt())
                .minFrequency(golden.path("min_frequency").asInt())
                .train(texts)
                .tokenizerJson();
    }

    private static JsonNode model(String tokenizerJson) {
        try {
            return new ObjectMapper().readTree(tokenizerJson).path("model");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> strings(JsonNode list) {
        return list.valueStream().map(JsonNode::asText).toList();
    }
}
