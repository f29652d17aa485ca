package io.torrefy.posttrain.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleFormatTest {
    private static final Path RESOURCES = Path.of("src/test/resources/io/torrefy/posttrain/formats");

    @TempDir
    private Path folder;

    private Path jsonl(String... lines) throws IOException {
        Path file = folder.resolve("samples.jsonl");
        Files.write(file, List.of(lines));
        return file;
    }

    private Sample one(String line) throws IOException {
        return Samples.load(List.of(jsonl(line))).getFirst();
    }

    @Test
    void columnsTellTheFormat() throws IOException {
        assertThat(one("{\"text\": \"t\"}")).isInstanceOf(Sample.LanguageModeling.class);
        assertThat(one("{\"messages\": [{\"role\": \"user\", \"content\": \"u\"}], \"prompt\": \"u\"}"))
                .isInstanceOf(Sample.LanguageModeling.class);
        assertThat(one("{\"prompt\": \"p\", \"answer\": 7}"))
                .isEqualTo(new Sample.PromptOnly(
                        new Content.Text("p"), new Sample.Origin(folder + "/samples.jsonl:1", Map.of("answer", 7L))));
        assertThat(one("{\"prompt\": \"p\", \"completion\": \"c\"}")).isInstanceOf(Sample.PromptCompletion.class);
        assertThat(one("{\"prompt\": \"p\", \"completion\": \"c\", \"label\": 0}"))
                .isInstanceOfSatisfying(
                        Sample.UnpairedPreference.class,
                        s -> assertThat(s.label()).isFalse());
        assertThat(one("{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}"))
                .isInstanceOf(Sample.Preference.class);
        assertThat(one("{\"prompt\": \"p\", \"completions\": [\"a\"], \"labels\": [true]}"))
                .isInstanceOf(Sample.Stepwise.class);
    }

    @Test
    void shareGptIsAConversation() throws IOException {
        var sample = (Sample.LanguageModeling)
                one(
                        "{\"conversations\": [{\"from\": \"human\", \"value\": \"u\"}, {\"from\": \"gpt\", \"value\": \"a\"}]}");
        assertThat(sample.content())
                .isEqualTo(new Content.Chat(
                        List.of(Map.of("role", "user", "content", "u"), Map.of("role", "assistant", "content", "a"))));
    }

    /// The cases of the docstrings of TRL's `extract_prompt`, and its space before the answers.
    @Test
    void anImplicitPromptIsWhatBothBeginWith() throws IOException {
        String user = "{\"role\": \"user\", \"content\": \"What color is the sky?\"}";
        String blue = "{\"role\": \"assistant\", \"content\": \"It is blue.\"}";
        String green = "{\"role\": \"assistant\", \"content\": \"It is green.\"}";
        var chat = (Sample.Preference)
                one("{\"chosen\": [" + user + ", " + blue + "], \"rejected\": [" + user + ", " + green + "]}");
        assertThat(chat.prompt())
                .isEqualTo(new Content.Chat(List.of(Map.of("role", "user", "content", "What color is the sky?"))));
        assertThat(chat.rejected())
                .isEqualTo(new Content.Chat(List.of(Map.of("role", "assistant", "content", "It is green."))));
        var text = (Sample.Preference) one("{\"chosen\": \"The sky is blue.\", \"rejected\": \"The sky is green.\"}");
        assertThat(text.prompt()).isEqualTo(new Content.Text("The sky is"));
        assertThat(text.chosen()).isEqualTo(new Content.Text(" blue."));
        assertThat(text.rejected()).isEqualTo(new Content.Text(" green."));
        var longer = (Sample.Preference) one("{\"chosen\": \"ab\", \"rejected\": \"abc\"}");
        assertThat(longer.prompt()).isEqualTo(new Content.Text("a"));
        assertThat(longer.chosen()).isEqualTo(new Content.Text("b"));
        var repeated = (Sample.Preference) one("{\"prompt\": \"What color is the sky?\", \"chosen\": [" + user + ", "
                + blue + "], \"rejected\": [" + user + ", " + green + "]}");
        assertThat(repeated.prompt()).isEqualTo(chat.prompt());
    }

    @Test
    void readsParquet() throws IOException {
        List<Sample> chats = Samples.load(List.of(RESOURCES.resolve("messages.parquet")));
        assertThat(chats).hasSize(2);
        assertThat(chats.getFirst().origin().columns()).isEqualTo(Map.of("id", 0L));
        var content = (Content.Chat) ((Sample.LanguageModeling) chats.get(1)).content();
        assertThat(content.messages()).hasSize(5);
        assertThat(content.messages().getFirst()).isEqualTo(Map.of("role", "system", "content", "Be brief."));
        var pair = (Sample.Preference)
                Samples.load(List.of(RESOURCES.resolve("preference.parquet"))).getFirst();
        assertThat(((Content.Chat) pair.prompt()).messages()).hasSize(1);
        assertThat(pair.origin().columns()).isEqualTo(Map.of("score", 0.5));
        assertThat(Samples.load(List.of(RESOURCES.resolve("unpaired.parquet"))))
                .extracting(s -> ((Sample.UnpairedPreference) s).label())
                .containsExactly(true, false);
        var steps = (Sample.Stepwise)
                Samples.load(List.of(RESOURCES.resolve("stepwise.parquet"))).getFirst();
        assertThat(steps.completions()).containsExactly("one", "three");
        assertThat(steps.labels()).containsExactly(true, false);
        assertThat(Samples.stream(
                                List.of(RESOURCES.resolve("unpaired.parquet")),
                                SampleFormat.PROMPT_ONLY,
                                OptionalLong.empty())
                        .toList())
                .hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"question\": \"q\"}~expected the columns of a format~[question]",
                "{\"prompt\": \"p\", \"chosen\": \"c\"}~chosen, rejected (preference)~[prompt, chosen]",
                "{\"text\": \"t\", \"completion\": \"c\", \"prompt\": \"p\"}~prompt_completion and language_modeling~name the format",
                "{\"text\": \"t\", \"messages\": []}~one of the fields text, messages and conversations~[text, messages]",
                "{\"messages\": []}~at least one message~\"messages\"",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"u\"}, 3]}~messages[1]~got 3",
                "{\"messages\": [{\"content\": \"u\"}]}~messages[0].role~got null",
                "{\"messages\": [{\"role\": \"user\", \"content\": 7}]}~messages[0].content~got 7",
                "{\"prompt\": \"p\", \"completion\": [{\"role\": \"user\", \"content\": \"u\"}]}~\"completion\"~other kind",
                "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"c\"}~two answers~equal",
                "{\"prompt\": \"p\", \"completion\": \"c\", \"label\": \"good\"}~\"label\"~good",
                "{\"prompt\": \"p\", \"completions\": [\"a\"], \"labels\": [true, false]}~1 completions~2 labels",
                "{\"prompt\": \"p\", \"completions\": [\"a\", 2], \"labels\": [true, false]}~completions[1]~got 2"
            })
    void errorsNameRecordAndColumn(String line, String expected, String got) {
        assertThatThrownBy(() -> one(line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("samples.jsonl:1")
                .hasMessageContaining(expected)
                .hasMessageContaining(got);
    }

    @Test
    void everyWrongRecordIsNamedAtOnce() throws IOException {
        Path file = jsonl("{\"prompt\": \"p\"}", "{\"text\": \"t\"}", "{\"prompt\": 3}");
        assertThatThrownBy(() -> Samples.load(List.of(file)))
                .hasMessageContaining("2 records")
                .hasMessageContaining(
                        "samples.jsonl:2: expected prompt_only, as the records before; got language_modeling")
                .hasMessageContaining("samples.jsonl:3")
                .hasMessageContaining("\"prompt\"");
        assertThatThrownBy(() -> Samples.load(List.of(folder.resolve("none.jsonl"))))
                .isInstanceOf(NoSuchFileException.class);
    }
}
