package io.torrefy.posttrain.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.torrefy.data.ParquetTable;
import io.torrefy.data.ValueKind;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Split;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.Verdict;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Prompt-only files as problems; ids of conversations are those that `transformers` makes
/// (`src/test/python/format_goldens.py`).
class PromptsTest {
    private static final Path RESOURCES = Path.of("src/test/resources/io/torrefy/posttrain/formats");
    private static final JsonNode GOLDEN = Fixtures.json(RESOURCES.resolve("encoded.json"));
    private static final Optional<ChatTemplate> TEMPLATE =
            Optional.of(ChatTemplate.of(GOLDEN.get("plain").asText()));

    @TempDir
    private Path folder;

    private Path jsonl(String... lines) throws IOException {
        return Files.write(folder.resolve("prompts.jsonl"), List.of(lines));
    }

    private static Tokenizer tokenizer() throws IOException {
        Path file = Path.of("../fixtures/tokenizer/bpe_qwen/tokenizer.json");
        return BpeTokenizer.parse(Files.readString(file), "{\"eos_token\": \"<|im_end|>\"}");
    }

    private static List<Problem> problems(QaFile file) {
        return file.problems(Split.TRAINING, 1).limit(file.trainingSize()).toList();
    }

    private static Problem only(QaFile file) {
        assertThat(file.trainingSize()).isOne();
        return problems(file).getFirst();
    }

    @Test
    void aTextIsContinuedAsItStands() throws IOException {
        QaFile file = Prompts.load(List.of(jsonl("{\"prompt\": \" Once upon \", \"id\": 7}")), Optional.empty(), 0);
        Problem problem = only(file);
        assertThat(problem.prompt()).isEqualTo(" Once upon ");
        assertThat(problem.whole()).isFalse();
        assertThat(Tokens.prompt(tokenizer(), problem)).isEqualTo(Tokens.prompt(tokenizer(), " Once upon "));
        assertThat(file.verifies()).isFalse();
        assertThat(problem.hasReference()).isFalse();
        assertThatThrownBy(problem::reference).hasMessageContaining("expected a problem with an answer in words");
        assertThat(file.verify(problem, "<answer></answer>").outcome()).isEqualTo(Verdict.Outcome.NO_ANSWER);
    }

    /// What a policy reads is what fine-tuning on the same conversation read.
    @Test
    void conversationsAreTheIdsThatTransformersMakes() throws IOException {
        Tokenizer tokenizer = tokenizer();
        for (JsonNode golden : GOLDEN.get("cases")) {
            var messages = (ArrayNode) golden.get("messages").deepCopy();
            messages.remove(messages.size() - 1);
            if (messages.path(messages.size() - 1).path("role").asText().equals("assistant")) {
                continue;
            }
            String line = new ObjectMapper()
                    .writeValueAsString(Map.of("prompt", messages, "solution", "so \\boxed{1{,}000}"));
            QaFile file = Prompts.load(List.of(jsonl(line)), TEMPLATE, 0);
            Problem problem = only(file);
            assertThat(problem.whole()).isTrue();
            int[] expected = new ObjectMapper().convertValue(golden.get("prompt"), int[].class);
            assertThat(Tokens.prompt(tokenizer, problem)).isEqualTo(expected);
            assertThat(problem.reference()).isEqualTo("1{,}000");
            assertThat(file.verify(problem, "<answer>1000</answer>").correct()).isTrue();
        }
    }

    /// Messages in nested columns of Parquet, which pyarrow wrote, and texts in one that we write.
    @Test
    void parquetHoldsTheSame() throws IOException {
        Path nested = RESOURCES.resolve("prompts.parquet");
        assertThat(Prompts.areIn(List.of(nested))).isTrue();
        QaFile chats = Prompts.load(List.of(nested), TEMPLATE, 0);
        Path lines = jsonl(
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"Röste 豆, please 🙂!\"}], \"answer\": 7}",
                "{\"prompt\": [{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", \"content\":"
                        + " \"Again?\"}], \"answer\": 8}");
        QaFile same = Prompts.load(List.of(lines), TEMPLATE, 0);
        assertThat(problems(chats)).isEqualTo(problems(same)).hasSize(2);
        assertThat(chats.fingerprint()).isEqualTo(same.fingerprint());

        var kinds = new LinkedHashMap<String, ValueKind>();
        kinds.put("prompt", ValueKind.STRING);
        Path table = folder.resolve("texts.parquet");
        new ParquetTable(false).write(table, kinds, sink -> {
            for (int i = 0; i < 40; i++) {
                sink.write(Map.of("prompt", "Number " + i));
            }
        });
        QaFile texts = Prompts.load(List.of(table), Optional.empty(), 0.3);
        QaFile asLines = Prompts.load(
                List.of(jsonl(IntStream.range(0, 40)
                        .mapToObj(i -> "{\"prompt\": \"Number " + i + "\"}")
                        .toArray(String[]::new))),
                Optional.empty(),
                0.3);
        assertThat(texts.fingerprint()).isEqualTo(asLines.fingerprint());
        assertThat(texts.trainingSize() + texts.heldOut(100).size()).isEqualTo(40);
        assertThat(texts.heldOut(100)).isNotEmpty().doesNotContainAnyElementsOf(problems(texts));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{\"prompt\": \"p\"}~true",
                "{\"prompt\": \"p\", \"solution\": \"4\"}~true",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"u\"}], \"answer\": \"4\"}~true",
                "{\"prompt\": \"p\", \"answer\": \"4\"}~false",
                "{\"question\": \"q\", \"answer\": \"4\"}~false",
                "{\"prompt\": \"p\", \"completion\": \"c\"}~false",
                "{\"prompt\": ~false",
            })
    void theFirstRecordTells(String line, boolean prompts) throws IOException {
        assertThat(Prompts.areIn(List.of(jsonl(line)))).isEqualTo(prompts);
    }

    @Test
    void filesThatAreNotThereArentPrompts() {
        assertThat(Prompts.areIn(List.of())).isFalse();
        assertThat(Prompts.areIn(List.of(folder.resolve("none.jsonl")))).isFalse();
        assertThat(Prompts.areIn(List.of(folder.resolve("none.of-no-kind")))).isFalse();
        assertThatThrownBy(() -> Prompts.load(List.of(folder.resolve("none.jsonl")), Optional.empty(), 0))
                .isInstanceOf(NoSuchFileException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{\"prompt\": \" \"}~prompts.jsonl:2: expected a prompt; got a blank one",
                "{\"prompt\": \"q\"}~an answer in every record or in none; got 1 records without one",
                "{\"prompt\": \"q\", \"answer\": [1]}~prompts.jsonl:2: expected a text or a number in field \"answer\"",
                "{\"prompt\": \"q\", \"answer\": \" \"}~prompts.jsonl:2: expected a text or a number in field \"answer\"",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"u\"}]}~expected a chat template for conversations",
                "{\"prompt\": [{\"role\": \"assistant\", \"content\": \"u\"}], \"answer\": 1}~before the assistant's turn",
                "{\"prompt\": \"q\", \"completion\": \"c\"}~prompts.jsonl:2: expected prompt_only, as the records before",
                "{\"prompt\": ~prompts.jsonl:2",
            })
    void namesTheRecordsThatAreWrong(String second, String message) throws IOException {
        Path file = jsonl("{\"prompt\": \"p\", \"answer\": 4}", second);
        assertThatThrownBy(() -> Prompts.load(List.of(file), Optional.empty(), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesOtherFormats() throws IOException {
        Path file = jsonl("{\"prompt\": \"p\", \"completion\": \"c\"}");
        assertThatThrownBy(() -> Prompts.load(List.of(file), Optional.empty(), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected records of prompt_only")
                .hasMessageContaining("PromptCompletion");
    }
}
