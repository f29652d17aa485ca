package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.data.Compression;
import io.torrefy.data.CsvFormat;
import io.torrefy.data.CsvTable;
import io.torrefy.data.JsonLinesFormat;
import io.torrefy.data.ParquetTable;
import io.torrefy.data.TfRecordFormat;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.ValueKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QaFileTest {
    private static final QaFile.Options ALL_TRAINING = QaFile.Options.DEFAULT.heldOutFraction(0);

    @TempDir
    private Path folder;

    private Path file(String... lines) throws IOException {
        return Files.writeString(folder.resolve("qa.jsonl"), String.join("\n", lines) + "\n");
    }

    private static String json(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    private Verdict verdict(String gold, String completion) throws IOException {
        var task = QaFile.load(file("{\"question\": \"Q?\", \"answer\": " + json(gold) + "}"), ALL_TRAINING);
        return task.verify(task.training(1, 0), completion);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "6 x 7 = <<6*7=42>>42. #### 42 | 42",
                "#### 42                 | The answer is 42.",
                "#### 42                 | 42 apples",
                "#### 42                 | $42",
                "#### 42                 | 42.0",
                "#### 42                 | 84/2",
                "#### 42                 | 6*7 = 42",
                "#### 1,234              | 1234",
                "#### 1234               | 1,234.00 dollars",
                "#### 1234567            | 1,234,567",
                "#### -5                 | -5",
                "#### -5                 | −5",
                "#### -5                 | x = -5",
                "#### -5                 | it is -$5",
                "#### -5                 | $-5",
                "#### 5                  | 10-5",
                "#### 5                  | 10 - 5",
                "#### 5                  | (10)-5",
                "#### 0.5                | 1/2",
                "#### 0.5                | .5",
                "#### 0.5                | \\frac{1}{2}",
                "#### 1.5                | 1 1/2",
                "#### 1.5                | 1\\frac{1}{2}",
                "#### 50%                | 50",
                "#### 2500               | 2.5e3",
                "#### 7                  | \\boxed{7}",
                "#### 7                  | \\boxed{7} (rounded from 6.9)",
                "so we get \\boxed{\\dfrac{3}{4}} | 0.75",
                "\\boxed{-\\frac{3}{4}}  | -0.75",
                "\\boxed{1{,}000}        | 1000",
                "\\boxed{12\\text{ cm}}  | 12",
                "\\boxed{x^2+1}          | x^2 + 1",
                "\\boxed{\\left(1, 2\\right)} | (1,2)",
                "\\boxed{(a_{1}+b)}      | (a_{1}+b)",
                "3/4                     | 0.75",
                "$18                     | 18",
                "B                       | b.",
                "Paris                   | Paris",
            })
    void acceptsTheAnswer(String gold, String answer) throws IOException {
        assertThat(verdict(gold, "<think>1 2 3</think><answer>" + answer + "</answer>"))
                .isEqualTo(Verdict.correct(AnswerText.lastBoxed(answer).orElse(answer)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "#### 42      | 41             | WRONG_VALUE",
                "#### 42      | 42 or 43       | WRONG_VALUE",
                "#### 42      | -42            | WRONG_VALUE",
                "#### 42      | 4.2            | WRONG_VALUE",
                "#### 42      | 42.0000001     | WRONG_VALUE",
                "#### 42      | forty-two      | UNPARSABLE",
                "#### 42      | x42            | UNPARSABLE",
                "#### 1234    | 1,23           | WRONG_VALUE",
                "#### 5       | 10 -5 = -5     | WRONG_VALUE",
                "Paris        | London         | WRONG_VALUE",
                "2x           | 2              | WRONG_VALUE",
                "2x+1         | 1              | WRONG_VALUE",
                "#### 3       | 3/0            | UNPARSABLE",
            })
    void refusesTheAnswer(String gold, String answer, Verdict.Outcome outcome) throws IOException {
        assertThat(verdict(gold, "<answer>" + answer + "</answer>").outcome()).isEqualTo(outcome);
    }

    @Test
    void takesTheLastAnswerBlockOrABox() throws IOException {
        assertThat(verdict("#### 42", "<answer>1</answer> no <answer>42</answer>")
                        .correct())
                .isTrue();
        assertThat(verdict("#### 42", "thus \\boxed{42}").correct()).isTrue();
        assertThat(verdict("#### 42", "thus \\boxed{42").outcome()).isEqualTo(Verdict.Outcome.NO_ANSWER);
        assertThat(verdict("#### 42", "thus 42").outcome()).isEqualTo(Verdict.Outcome.NO_ANSWER);
    }

    @Test
    void readsAllThreeFormats() throws IOException {
        var task = QaFile.load(
                file(
                        "\uFEFF{\"question\": \"How many?\", \"answer\": \"Two and two. #### 4\", \"id\": 7}",
                        "",
                        "{\"prompt\": \"Größe?\", \"answer\": 4}",
                        "{\"problem\": \"And?\", \"solution\": \"It is $\\\\boxed{4}$.\"}"),
                ALL_TRAINING.template("Q: {question}\nA:"));
        var problems = task.problems(Split.TRAINING, 1).limit(3).toList();
        assertThat(problems)
                .extracting(Problem::prompt)
                .containsExactlyInAnyOrder("Q: How many?\nA:", "Q: Größe?\nA:", "Q: And?\nA:");
        assertThat(problems)
                .allMatch(problem -> task.verify(problem, "<answer>4</answer>").correct());
    }

    @Test
    void namesTheLinesThatAreWrong() throws IOException {
        var path = file(
                "{\"question\": \"Q\", \"answer\": \"1\"}",
                "{\"question\": \"Q\", \"answer\": ",
                "[1]",
                "",
                "{\"question\": \"Q\"}",
                "{\"question\": \"Q\", \"answer\": null}",
                "{\"question\": \" \", \"answer\": \"1\"}",
                "{\"question\": \"Q\", \"answer\": \"1\"} x");
        assertThatThrownBy(() -> QaFile.load(path, ALL_TRAINING))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(path + ":2: no JSON (")
                .hasMessageContaining(path + ":3: JSON that is no object")
                .hasMessageContaining(path + ":5: an object with the fields [question]")
                .hasMessageContaining(path + ":6: \"answer\" that is no text")
                .hasMessageContaining(path + ":7: \"question\" that is no text, or blank")
                .hasMessageContaining(path + ":8: no JSON (")
                .hasMessageNotContaining(":1:")
                .hasMessageNotContaining(":4:");
    }

    @Test
    void refusesTextThatIsNotUtf8AndEmptyFiles() throws IOException {
        var latin = folder.resolve("latin.jsonl");
        Files.write(latin, "{\"question\": \"Größe\", \"answer\": \"1\"}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> QaFile.load(latin, ALL_TRAINING)).hasMessageContaining(":1: text that is not UTF-8");
        assertThatThrownBy(() -> QaFile.load(file(""), ALL_TRAINING)).hasMessageContaining("at least one question");
        assertThatThrownBy(() -> QaFile.load(folder.resolve("none"), ALL_TRAINING))
                .isInstanceOf(NoSuchFileException.class);
        var manyBad = file(IntStream.range(0, 25).mapToObj(_ -> "?").toArray(String[]::new));
        assertThatThrownBy(() -> QaFile.load(manyBad, ALL_TRAINING)).hasMessageContaining("… and 15 more lines");
    }

    /// The same questions in every format, with fields of any names: the same problems, split in the same way.
    @Test
    void readsTablesAndRecords() throws IOException {
        List<Map<String, String>> rows = IntStream.range(0, 40)
                .mapToObj(i -> Map.of("q", "What is " + i + ",\n\"doubled\"?", "a", "#### " + 2 * i))
                .toList();
        var kinds = new LinkedHashMap<String, ValueKind>();
        kinds.put("q", ValueKind.STRING);
        kinds.put("a", ValueKind.STRING);
        var options = QaFile.Options.DEFAULT.heldOutFraction(0.3).fields("q", "a");
        var formats = Map.of(
                "t.jsonl", new JsonLinesFormat(),
                "t.csv", new CsvTable(CsvFormat.standard().inferred()),
                "t.parquet", new ParquetTable(false),
                "t.tfrecord", new TfRecordFormat(TfRecordReader.Options.DEFAULT, Compression.GZIP, 1));
        var fingerprints = new HashSet<String>();
        for (var format : formats.entrySet()) {
            Path path = folder.resolve(format.getKey());
            format.getValue().write(path, kinds, sink -> {
                for (var row : rows) {
                    sink.write(row);
                }
            });
            var task = QaFile.load(path, options);
            assertThat(task.name()).isEqualTo(format.getKey());
            assertThat(task.trainingSize() + task.heldOut(100).size()).isEqualTo(40);
            assertThat(task.heldOut(100))
                    .isNotEmpty()
                    .allMatch(problem -> problem.prompt().contains("\"doubled\"?"));
            var problem = task.training(1, 0);
            int number = Integer.parseInt(problem.id().replaceAll("\\D", ""));
            assertThat(task.verify(problem, "<answer>" + 2 * number + "</answer>")
                            .correct())
                    .isTrue();
            fingerprints.add(task.fingerprint());
        }
        assertThat(fingerprints).as("of all formats").hasSize(1);
        var all =
                QaFile.load(List.of(folder.resolve("t.csv"), folder.resolve("t.parquet")), options.heldOutFraction(0));
        assertThat(all.trainingSize()).isEqualTo(80);
        assertThat(fingerprints).doesNotContain(all.fingerprint());
    }

    @Test
    void namesTheRowsThatAreWrong() throws IOException {
        var csv = Files.writeString(folder.resolve("w.csv"), "question,answer\nQ,1\nQ,\n,2\n");
        assertThatThrownBy(() -> QaFile.load(csv, ALL_TRAINING))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(csv + ":3: \"answer\" that is no text, or blank")
                .hasMessageContaining(csv + ":4: \"question\" that is no text, or blank");
        assertThatThrownBy(() -> QaFile.load(csv, ALL_TRAINING.fields("question", "reply")))
                .hasMessageContaining("expected in every record the fields \"question\" and \"reply\"; got")
                .hasMessageContaining(csv + ":2: a record with the fields [question, answer]");
        var text = Files.writeString(folder.resolve("w.txt"), "no question\n");
        assertThatThrownBy(() -> QaFile.load(text, ALL_TRAINING)).hasMessageContaining("with the fields [text]");
        assertThatThrownBy(() -> QaFile.load(folder.resolve("none.csv"), ALL_TRAINING))
                .isInstanceOf(NoSuchFileException.class);
    }

    private Path thousand() throws IOException {
        return file(IntStream.range(0, 1000)
                .mapToObj(i -> "{\"question\": \"What is " + i % 900 + "?\", \"answer\": \"" + i % 900 + "\"}")
                .toArray(String[]::new));
    }

    @Test
    void splitsByQuestionWhateverTheOrder() throws IOException {
        var task = QaFile.load(thousand(), QaFile.Options.DEFAULT.heldOutFraction(0.2));
        var heldOut = task.heldOut(Integer.MAX_VALUE).stream().map(Problem::id).toList();
        assertThat(heldOut).doesNotHaveDuplicates().doesNotContainAnyElementsOf(task.trainingIds());
        assertThat(heldOut.size() + task.trainingIds().size()).isEqualTo(900);
        assertThat(heldOut.size() / 900.0).isBetween(0.15, 0.25);

        var lines = Files.readAllLines(folder.resolve("qa.jsonl"));
        var reversed =
                QaFile.load(file(lines.reversed().toArray(String[]::new)), QaFile.Options.DEFAULT.heldOutFraction(0.2));
        assertThat(reversed.trainingIds()).isEqualTo(task.trainingIds());
    }

    @Test
    void anEpochHasEveryTrainingProblemOnce() throws IOException {
        var task = QaFile.load(thousand(), ALL_TRAINING);
        var first = task.problems(Split.TRAINING, 3).limit(1000).toList();
        var second = task.problems(Split.TRAINING, 3).skip(1000).limit(1000).toList();
        assertThat(task.trainingSize()).isEqualTo(1000);
        assertThat(new HashSet<>(first)).hasSize(900).isEqualTo(new HashSet<>(second));
        assertThat(first.stream().collect(Collectors.groupingBy(p -> p, Collectors.counting())))
                .isEqualTo(second.stream().collect(Collectors.groupingBy(p -> p, Collectors.counting())));
        assertThat(first).isNotEqualTo(second);
        assertThat(task.training(3, 1500)).isEqualTo(second.get(500));
        assertThat(task.training(3, 20)).isEqualTo(first.get(20));
    }

    @Test
    void aSeparateHeldOutFileWins() throws IOException {
        var test = Files.writeString(
                folder.resolve("test.jsonl"),
                "{\"question\": \"What is  7?\", \"answer\": \"7\"}\n{\"question\": \"New?\", \"answer\": \"1\"}\n");
        var task = QaFile.load(thousand(), test, QaFile.Options.DEFAULT);
        assertThat(task.heldOut(10)).hasSize(2);
        assertThat(task.trainingIds()).hasSize(899).doesNotContain("qa What is 7?");
    }

    @Test
    void saysWhenNothingIsLeftToTrainOn() throws IOException {
        List<String> lines = List.of("{\"question\": \"Q\", \"answer\": \"1\"}");
        var task = QaFile.load(file(lines.toArray(String[]::new)), QaFile.Options.DEFAULT.heldOutFraction(1));
        assertThat(task.heldOut(5)).hasSize(1);
        assertThatThrownBy(() -> task.training(1, 0)).hasMessageContaining("Hint: a smaller heldOutFraction");
    }
}
