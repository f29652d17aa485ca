package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PretrainCommandTest {
    private final CommandRun command = new CommandRun();

    @TempDir
    Path temporary;

    @Test
    void helpNamesEveryOption() {
        assertThat(command.execute("pretrain", "--help")).isZero();
        assertThat(command.out()).contains("--out", "--steps", "--seed", "--hidden", "--layers", "--threads", "--json");
        assertThat(command.err()).isEmpty();
    }

    @Test
    void theFolderMustBeNamed() {
        assertThat(command.execute("pretrain")).isEqualTo(2);
        assertThat(command.err()).contains("--out");
    }

    @ParameterizedTest
    @CsvSource({
        "--no-such-option, 1",
        "--steps, 0",
        "--documents, 0",
        "--hidden, 33",
        "--layers, 0",
        "--learning-rate, 0",
        "--learning-rate, NaN",
        "--threads, 0",
        "--length, 0",
        "--checkpoint-every, -1",
        "--field, text",
        "--shuffle, 0",
        "--vocab, 100",
        "--schedule, optim.schedules.lienar",
        "--schedule, polynomial",
        "--schedule, 'polynomial:end=0,end=1'",
        "--schedule, lm.families.llama",
        "--family, qwen9"
    })
    void badUsageIsExitCodeTwoNamesTheOptionAndLeavesNothing(String option, String value) {
        Path out = temporary.resolve("model");
        assertThat(command.execute("pretrain", "--out", out.toString(), option, value))
                .isEqualTo(2);
        assertThat(command.err()).contains(option);
        assertThat(out).doesNotExist();
    }

    @Test
    void aModelIsNotOverwritten() throws IOException {
        Path weights = Files.writeString(temporary.resolve("model.safetensors"), "precious");
        assertThat(command.execute("pretrain", "--out", temporary.toString())).isOne();
        assertThat(command.err()).contains("[pretrain]", temporary.toString()).doesNotContain("\tat ");
        assertThat(weights).hasContent("precious");
    }

    @Test
    void namesThatAreWrongAreAnswered() {
        assertThat(errors("--schedule", "optim.schedules.lienar")).contains("Did you mean optim.schedules.linear");
        assertThat(errors("--schedule", "polynomial")).contains("also needs end, power");
        assertThat(errors("--schedule", "linear:total=5,slope=2")).contains("has no slope");
        assertThat(errors("--schedule", "lm.families.llama")).contains("a io.torrefy.nn.Schedule was expected");
        assertThat(errors("--family", "lama")).contains("Did you mean lm.families.llama");
        assertThat(errors("--resume")).contains("--checkpoint-every");
        assertThat(errors("--field", "text")).contains("are for --data");
    }

    private String errors(String... options) {
        var run = new CommandRun();
        String[] all = Stream.concat(
                        Stream.of("pretrain", "--out", temporary.resolve("none").toString()), Stream.of(options))
                .toArray(String[]::new);
        assertThat(run.execute(all)).isEqualTo(2);
        assertThat(temporary.resolve("none")).doesNotExist();
        return run.err();
    }

    @Test
    void dataThatCannotBeReadLeavesNothing() throws IOException {
        Path file = Files.writeString(temporary.resolve("d.jsonl"), "{\"body\": \"a\"}\n");
        Path out = temporary.resolve("none");
        for (String[] wrong : new String[][] {
            {temporary.resolve("missing.jsonl").toString(), "no such file"},
            {temporary.toString(), "it is a folder"},
            {file.toString(), "expected a string in field \"text\"; got fields [body]"},
            {Files.writeString(temporary.resolve("d.xls"), "?").toString(), "expected files that end in one of"},
            {Files.writeString(temporary.resolve("d.txt"), "\n\n").toString(), "a text that is not blank"},
        }) {
            var run = new CommandRun();
            assertThat(run.execute("pretrain", "--out", out.toString(), "--data", wrong[0]))
                    .isOne();
            assertThat(run.err()).contains(wrong[1]).doesNotContain("\tat ");
            assertThat(out).doesNotExist();
        }
    }

    /// In processes of their own: one runs through, one is killed without warning and goes on.
    @Test
    void aRunThatIsKilledEndsAsOneThatIsNot() throws Exception {
        Path data = temporary.resolve("d.jsonl");
        Files.write(
                data,
                IntStream.range(0, 300)
                        .mapToObj(i -> "{\"text\": \"" + i + " and one is " + (i + 1) + ". \"}")
                        .toList());
        Path whole = temporary.resolve("whole");
        assertThat(start(whole, data).waitFor()).isZero();

        Path killed = temporary.resolve("killed");
        Process process = start(killed, data);
        Path first = killed.resolve("run/checkpoints/step-000004");
        while (!Files.exists(first) && process.isAlive()) {
            Thread.sleep(1);
        }
        process.destroyForcibly().waitFor();
        assertThat(killed.resolve("model.safetensors")).as("killed on the way").doesNotExist();
        assertThat(start(killed, data).waitFor()).isZero();
        for (String name : List.of(
                "model.safetensors",
                "tokenizer.json",
                "pretraining.jsonl",
                "run/checkpoints/step-000060/optimizer.safetensors")) {
            assertThat(killed.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
        }
    }

    private static Process start(Path out, Path data) throws IOException {
        String path = ModuleLayer.boot().configuration().modules().stream()
                .flatMap(module -> module.reference().location().stream())
                .filter(location -> location.getScheme().equals("file"))
                .map(location -> Path.of(location).toString())
                .collect(Collectors.joining(File.pathSeparator));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=io.torrefy.tensor",
                        "--module-path",
                        path,
                        "--module",
                        "io.torrefy.app/io.torrefy.app.Main",
                        "pretrain",
                        "--out",
                        out.toString(),
                        "--data",
                        data.toString(),
                        "--steps",
                        "60",
                        "--documents",
                        "2",
                        "--hidden",
                        "32",
                        "--layers",
                        "1",
                        "--length",
                        "32",
                        "--vocab",
                        "300",
                        "--checkpoint-every",
                        "4",
                        "--schedule",
                        "linear",
                        "--family",
                        "gpt2",
                        "--resume")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        out.resolveSibling(out.getFileName() + ".log").toFile()))
                .start();
    }
}
