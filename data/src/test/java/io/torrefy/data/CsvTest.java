package io.torrefy.data;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");

    @TempDir
    Path folder;

    Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("table.csv");
    }

    @Test
    void readsWhatPythonWrote() throws IOException {
        var rows = Csv.read(SAMPLES.resolve("sample.csv"));
        var expected = JsonLines.read(SAMPLES.resolve("sample-csv.jsonl"));
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            var cells = new ArrayList<String>();
            expected.get(i).value().forEach(cell -> cells.add(cell.asText()));
            assertThat(rows.get(i).values().keySet()).containsExactly("text", "say \"so\"", "number", "e, f");
            assertThat(new ArrayList<>(rows.get(i).values().values())).isEqualTo(cells);
        }
        var inferred = Csv.of(CsvFormat.standard().inferred()).types(SAMPLES.resolve("sample.csv"));
        assertThat(inferred)
                .containsEntry("number", FieldType.LONG)
                .containsEntry("e, f", FieldType.DOUBLE)
                .containsEntry("text", FieldType.STRING);
    }

    @Test
    void startsAgainAfterEveryRow() throws IOException {
        String text = "\ufeffa,b\r\n1,\"x\ny\"\n\n\"\r\",2\r3,\"\"\"q\r\n\"\"\"\r\n\r\nü,4\n5,";
        Files.writeString(file, text);
        restartEverywhere(file);
        restartEverywhere(SAMPLES.resolve("sample.csv"));
        Files.writeString(file, "a,b\n" + "7,\"8\r\"\r\n".repeat(30_000));
        restartSometimes(file, 997);
    }

    private static void restartEverywhere(Path file) throws IOException {
        restartSometimes(file, 1);
    }

    private static void restartSometimes(Path file, int step) throws IOException {
        var csv = Csv.of(CsvFormat.standard());
        var all = Csv.read(file);
        try (var reader = csv.open(file, RecordSource.Position.START)) {
            for (int i = 0; i <= all.size(); i++) {
                if (i % step == 0) {
                    try (var again = csv.open(file, reader.position())) {
                        var next = again.next();
                        assertThat(next.map(RecordSource.Numbered::value))
                                .isEqualTo(i < all.size() ? Optional.of(all.get(i)) : Optional.empty());
                    }
                }
                reader.next();
            }
        }
    }

    @Test
    void numbersRowsByTheLineTheyStartOn() throws IOException {
        Files.writeString(file, "a,b\r\n1,\"x\ny\"\n\n2,\"\r\n\r\"\r3,4");
        assertThat(Csv.read(file)).extracting(Row::number).containsExactly(2L, 5L, 8L);
    }

    @Test
    void typesAreGivenOrInferred() throws IOException {
        Files.writeString(file, "i,d,zip,t,none\n1,2,01234,x,\n,1e3,99999,\"\",\n-3,nan,1,y,\n");
        var rows = Csv.read(file, CsvFormat.standard().inferred());
        assertThat(rows.get(0).values()).isEqualTo(map("i", 1L, "d", 2.0, "zip", "01234", "t", "x", "none", null));
        assertThat(rows.get(1).values()).isEqualTo(map("i", null, "d", 1000.0, "zip", "99999", "t", "", "none", null));
        assertThat(rows.get(2).number("d")).isNaN();
        var given = Csv.read(file, CsvFormat.standard().types(Map.of("i", FieldType.DOUBLE)));
        assertThat(given.get(2).number("i")).isEqualTo(-3.0);
        assertThatThrownBy(() -> Csv.read(file, CsvFormat.standard().types(Map.of("t", FieldType.LONG))))
                .hasMessage("[csv] " + file + ":2: expected a 64-bit integer in column \"t\"; got \"x\".");
        assertThatThrownBy(() -> Csv.read(file, CsvFormat.standard().inferredFrom(1)))
                .hasMessageContaining(file + ":3: expected a 64-bit integer in column \"d\"; got \"1e3\"")
                .hasMessageContaining("inferred from the first 1 rows");
        assertThatThrownBy(() -> Csv.read(file, CsvFormat.standard().types(Map.of("u", FieldType.LONG))))
                .hasMessageContaining("got types for [u]");
    }

    @Test
    void otherDelimitersQuotesMissingCellsAndHeaders() throws IOException {
        Files.writeString(file, "1;'a;b'\nNA;'NA'\n");
        var format =
                CsvFormat.standard().delimiter(';').quote('\'').missing("NA").header(List.of("x", "y"));
        assertThat(Csv.read(file, format))
                .extracting(Row::values)
                .containsExactly(map("x", "1", "y", "a;b"), map("x", null, "y", "NA"));
        assertThatThrownBy(() -> CsvFormat.standard().delimiter('"')).hasMessageContaining("that differ");
    }

    @Test
    void damageIsNamedWithFileAndLine() throws IOException {
        fails("a,b\n1,2\n3\n", ":3: expected 2 cells, for the columns [a, b]; got 1, none for [b].");
        fails("a,b\n\"x\ny\",2\n3,4,5\n", ":4: expected 2 cells, for the columns [a, b]; got 3, 5 is too many.");
        fails("a,b,a\n", ":1: expected a different name for every column; got \"a\" again for column 3.");
        fails("a,\n", ":1: expected a different name for every column; got an empty name for column 2.");
        fails("", ":1: expected a header line");
        fails("a,b\n1,2\n3,\"x\n\n", ":3: expected a record of quoted and plain cells; got");
        fails("a,b\n1,2\n3,\"x\"y\n", ":3: expected a record of quoted and plain cells; got");
        Files.write(file, "a,b\n1,2\n3,\u00fc\n".getBytes(ISO_8859_1));
        assertThatThrownBy(() -> Csv.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":3: expected UTF-8; got byte 0xfc at column 3");
        assertThatThrownBy(() -> Csv.read(folder.resolve("none.csv"))).isInstanceOf(NoSuchFileException.class);
    }

    private void fails(String text, String message) throws IOException {
        Files.writeString(file, text);
        assertThatThrownBy(() -> Csv.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + message);
    }

    @Test
    void anUnclosedQuoteDoesNotEatTheMemory() throws IOException {
        Files.writeString(file, "a,b\n1,2\n3,\"" + "x\n".repeat(20_000_000));
        assertThatThrownBy(() -> Csv.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":3: ");
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        var random = new Random(3);
        var parts = List.of("", "a", "NA", "\"", ",", "\n", "\r\n", " ", "\ufeff", "ü", "7", "1.5", "😀", ";");
        for (int columns = 1; columns <= 3; columns++) {
            var names = List.of("\ufeffa", "b,\"", "c").subList(0, columns);
            var written = new ArrayList<Map<String, Object>>();
            var format = columns == 1 ? CsvFormat.standard().missing("NA") : CsvFormat.standard();
            try (var writer = CsvWriter.create(file, names, format)) {
                for (int i = 0; i < 200; i++) {
                    var row = new LinkedHashMap<String, Object>();
                    for (String name : names) {
                        row.put(name, random.nextInt(4) == 0 ? null : pick(parts, random) + pick(parts, random));
                    }
                    writer.write(row);
                    written.add(row);
                }
                assertThat(file).doesNotExist();
                writer.finish();
            }
            assertThat(Csv.read(file, format)).extracting(Row::values).isEqualTo(written);
            Files.delete(file);
        }
        assertThat(folder).isEmptyDirectory();
    }

    private static String pick(List<String> parts, Random random) {
        return parts.get(random.nextInt(parts.size()));
    }

    @Test
    void theWriterRefusesWhatNoCellHolds() throws IOException {
        try (var writer = CsvWriter.create(file, List.of("a"), CsvFormat.standard())) {
            writer.write(map("a", 1L));
            assertThatThrownBy(() -> writer.write(map("a", List.of(1L))))
                    .hasMessageContaining("row 2: expected text, a number or null in column \"a\"; got a list of 1.");
            assertThatThrownBy(() -> writer.write(map("a", null))).hasMessageContaining("CsvFormat.missing(\"NA\")");
            assertThatThrownBy(() -> writer.write(map("b", 1L))).hasMessageContaining("got [b]");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void rowsBecomeFeatures() throws IOException {
        var rows = List.of(
                new Row(file, 1, map("n", 1L, "x", 0.5, "t", "a", "l", List.of(1L, 2L), "b", true)),
                new Row(file, 2, map("n", 2L, "x", 3L, "t", null, "l", List.of(), "b", false)));
        var batch = FeatureBatches.of(rows);
        assertThat(batch.rows()).isEqualTo(2);
        var n = (FeatureData.Dense) batch.feature("n");
        assertThat(((FeatureValues.Longs) n.values()).array()).containsExactly(1, 2);
        assertThat(n.shape()).containsExactly(2);
        assertThat(((FeatureValues.Floats) batch.feature("x").values()).array()).containsExactly(0.5f, 3f);
        assertThat(((FeatureValues.Longs) batch.feature("b").values()).array()).containsExactly(1, 0);
        assertThat(((FeatureData.Ragged) batch.feature("t")).rowSplits()[0]).containsExactly(0, 1, 1);
        var l = (FeatureData.Ragged) batch.feature("l");
        assertThat(l.rowSplits()[0]).containsExactly(0, 2, 2);
        assertThat(((FeatureValues.Longs) l.values()).array()).containsExactly(1, 2);
        assertThatThrownBy(() -> FeatureBatches.of(rows, Map.of("t", FieldType.LONG)))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":1: expected integers in field \"t\"; got the string \"a\".");
        assertThatThrownBy(() -> FeatureBatches.of(List.of(rows.get(0), new Row(file, 9, map("t", 1L)))))
                .hasMessageContaining(file + ":9: expected text in field \"t\", as in the rows before; got a number");
        assertThat(FeatureBatches.of(List.of()).features()).isEmpty();
    }

    @Test
    void accessorsNameFileRowAndField() {
        var row = new Row(file, 7, map("a", 1L, "b", null));
        assertThat(row.number("a")).isEqualTo(1);
        assertThatThrownBy(() -> row.text("a"))
                .hasMessage("[row] " + file + ":7: expected a string in field \"a\"; got the integer 1.");
        assertThatThrownBy(() -> row.list("b")).hasMessageContaining("got null");
        assertThatThrownBy(() -> row.integer("c")).hasMessageContaining("got fields [a, b]");
    }

    private static Map<String, Object> map(Object... pairs) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
