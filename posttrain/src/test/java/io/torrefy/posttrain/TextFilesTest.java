package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.data.Compression;
import io.torrefy.data.CsvFormat;
import io.torrefy.data.CsvTable;
import io.torrefy.data.JsonLinesFormat;
import io.torrefy.data.MalformedDataException;
import io.torrefy.data.ParquetTable;
import io.torrefy.data.RowFormat;
import io.torrefy.data.TfRecordFormat;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.ValueKind;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Tokenizer;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {
    private static final int LENGTH = 32;

    private final int threads = Threads.count();

    @TempDir
    private Path folder;

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    /// Of all lengths, some longer than a row.
    private static List<String> texts() {
        return IntStream.range(0, 60)
                .mapToObj(i -> "Text " + i + ": " + "7 + 3 = 10, ".repeat(i % 13) + "é.")
                .toList();
    }

    private Path write(String name, RowFormat format, List<String> texts) throws IOException {
        Path file = folder.resolve(name);
        format.write(file, Map.of("body", ValueKind.STRING), sink -> {
            for (String text : texts) {
                sink.write(Map.of("body", text));
            }
        });
        return file;
    }

    private static RowFormat tfRecord() {
        return new TfRecordFormat(TfRecordReader.Options.DEFAULT, Compression.NONE, 1);
    }

    @Test
    void everyFormatHoldsTheSameTexts() throws IOException {
        List<String> texts = texts();
        Map<String, RowFormat> formats = new LinkedHashMap<>();
        formats.put("a.jsonl", new JsonLinesFormat());
        formats.put("a.csv", new CsvTable(CsvFormat.standard().inferred()));
        formats.put("a.parquet", new ParquetTable(false));
        formats.put("a.tfrecord", tfRecord());
        for (var format : formats.entrySet()) {
            Path file = write(format.getKey(), format.getValue(), texts);
            assertThat(TextFiles.texts(List.of(file), "body").toList())
                    .as(format.getKey())
                    .isEqualTo(texts);
        }
        Path plain = Files.write(folder.resolve("a.txt"), texts);
        assertThat(TextFiles.texts(List.of(plain), "text").toList()).isEqualTo(texts);
        Path shard = Files.copy(folder.resolve("a.tfrecord"), folder.resolve("b.tfrecord-00000-of-00001"));
        assertThat(TextFiles.texts(List.of(shard, plain), "body").stream().limit(60))
                .isEqualTo(texts);
    }

    /// Numbers in CSV are the text that they are.
    @Test
    void cellsAreNotRead() throws IOException {
        Path file = Files.writeString(folder.resolve("n.csv"), "body\n007\n1.50\n\n\"\"\n");
        assertThat(TextFiles.texts(List.of(file), "body").toList()).containsExactly("007", "1.50");
    }

    @Test
    void aWrongFieldAndAWrongValueAreNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("w.jsonl"), "{\"text\": \"a\"}\n");
        assertThatThrownBy(() -> TextFiles.texts(List.of(file), "body").toList())
                .rootCause()
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":1: expected a string in field \"body\"; got fields [text]");
        Path number = Files.writeString(folder.resolve("v.jsonl"), "{\"body\": null}\n{\"body\": 3}\n");
        assertThatThrownBy(() -> TextFiles.texts(List.of(number), "body").toList())
                .rootCause()
                .hasMessageContaining(number + ":2: expected a string in field \"body\"; got the integer 3");
    }

    @Test
    void piecesHoldEveryTargetOnce() {
        for (int n = 0; n <= 4 * LENGTH + 3; n++) {
            int[] ids = IntStream.range(0, n).toArray();
            List<Integer> inputs = new ArrayList<>();
            List<Integer> targets = new ArrayList<>();
            for (int[] piece : TextFiles.pieces(ids, LENGTH)) {
                assertThat(piece.length).isBetween(2, LENGTH + 1);
                Arrays.stream(piece, 0, piece.length - 1).forEach(inputs::add);
                Arrays.stream(piece, 1, piece.length).forEach(targets::add);
            }
            assertThat(inputs)
                    .isEqualTo(IntStream.range(0, Math.max(0, n - 1)).boxed().toList());
            assertThat(targets)
                    .isEqualTo(IntStream.range(1, Math.max(1, n)).boxed().toList());
        }
    }

    /// As many texts as are packed together, so that an epoch ends where a row does.
    @Test
    void batchesHoldEveryTokenOnceAnEpoch() throws IOException {
        Tokenizer tokenizer = TinyBase.tokenizer();
        List<String> texts = IntStream.range(0, 256)
                .mapToObj(i -> "7 + " + i + " = ".repeat(i % 5 + 1))
                .toList();
        List<Integer> expected = new ArrayList<>();
        for (String text : texts) {
            int[] ids = Pretraining.ids(tokenizer, text, "");
            Arrays.stream(ids, 0, ids.length - 1).forEach(expected::add);
        }
        Path first = write("s.jsonl-00000-of-00002", new JsonLinesFormat(), texts.subList(0, 100));
        Path second = write("s.jsonl-00001-of-00002", new JsonLinesFormat(), texts.subList(100, 256));
        var options = new TextFiles.Options("body", LENGTH, 1, 16, 5);
        List<List<Integer>> epochs = new ArrayList<>();
        try (var batches =
                TextFiles.batches(List.of(first, second), tokenizer, options).iterator()) {
            for (int epoch = 0; epoch < 2; epoch++) {
                List<Integer> read = new ArrayList<>();
                while (read.size() < expected.size()) {
                    List<int[]> row = batches.next();
                    assertThat(row.stream().mapToInt(piece -> piece.length - 1).sum())
                            .isBetween(1, LENGTH);
                    row.forEach(
                            piece -> Arrays.stream(piece, 0, piece.length - 1).forEach(read::add));
                }
                epochs.add(read);
            }
        }
        assertThat(counts(epochs.get(0))).isEqualTo(counts(expected));
        assertThat(counts(epochs.get(1))).isEqualTo(counts(expected));
        assertThat(epochs.get(1)).isNotEqualTo(epochs.get(0));
    }

    private static Map<Integer, Integer> counts(List<Integer> tokens) {
        Map<Integer, Integer> counts = new LinkedHashMap<>();
        tokens.forEach(token -> counts.merge(token, 1, Integer::sum));
        return counts;
    }

    /// Killed at every step, after a checkpoint and between two, on one thread and on two.
    @Test
    void aTrainingThatWasKilledEndsAsOneThatWasNot() throws IOException {
        List<Path> files = List.of(
                write("k.jsonl", new JsonLinesFormat(), texts().subList(0, 20)),
                write("k.parquet", new ParquetTable(false), texts().subList(20, 40)),
                write("k.tfrecord", tfRecord(), texts().subList(40, 60)));
        int steps = 12;
        Map<String, float[]> whole;
        List<Double> losses = new ArrayList<>();
        Threads.use(1);
        try (CausalLm model = TinyBase.model(7);
                Pretraining training = training(model, files, steps)) {
            for (long step = 0; step < steps; step++) {
                losses.add(training.step(step).loss());
            }
            whole = TinyBase.weights(model);
        }
        Threads.use(2);
        Path saved = folder.resolve("saved");
        long done = 0;
        List<Double> again = new ArrayList<>();
        while (done < steps) {
            try (CausalLm model = done == 0 ? TinyBase.model(7) : CausalLm.load(saved);
                    Pretraining training = training(model, files, steps)) {
                if (done > 0) {
                    training.resume(saved);
                }
                for (int i = 0; i < 3; i++) {
                    again.add(training.step(done++).loss());
                }
                saved = Files.createDirectories(folder.resolve("saved-" + done));
                training.save(saved);
                // Steps after the checkpoint, which the kill undoes.
                training.step(Math.min(done, steps - 1));
            }
        }
        assertThat(again).isEqualTo(losses);
        try (CausalLm model = CausalLm.load(saved)) {
            Map<String, float[]> resumed = TinyBase.weights(model);
            assertThat(resumed.keySet()).isEqualTo(whole.keySet());
            whole.forEach(
                    (name, values) -> assertThat(resumed.get(name)).as(name).isEqualTo(values));
        }
    }

    @Test
    void aRunDoesNotGoOnWithOtherData() throws IOException {
        Path file = write("c.jsonl", new JsonLinesFormat(), texts());
        Path saved = Files.createDirectories(folder.resolve("saved"));
        try (CausalLm model = TinyBase.model(7)) {
            try (Pretraining training = training(model, List.of(file), 2)) {
                training.step(0);
                training.save(saved);
            }
            write("c.jsonl", new JsonLinesFormat(), texts().subList(1, 60));
            try (Pretraining training = training(model, List.of(file), 2)) {
                assertThatThrownBy(() -> training.resume(saved))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("expected the files of the saved state");
            }
        }
    }

    private static Pretraining training(CausalLm model, List<Path> files, int steps) {
        var batches = TextFiles.batches(files, TinyBase.tokenizer(), new TextFiles.Options("body", LENGTH, 2, 16, 5));
        return Pretraining.of(model, batches, new Pretraining.Options(steps, 2, 1e-3, 2, 0.05));
    }
}
