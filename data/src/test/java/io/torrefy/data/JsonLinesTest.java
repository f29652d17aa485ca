package io.torrefy.data;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
    @TempDir
    Path folder;

    Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("problems.jsonl");
    }

    @Test
    void readsRecordsWithTheirLineNumbers() throws IOException {
        Files.writeString(file, "\ufeff{\"q\": \"1+1?\"}\r\n\n   \t\n{\"q\": \"ü\"}\n[1, 2]");
        var lines = JsonLines.read(file);
        assertThat(lines).extracting(JsonLines.Line::number).containsExactly(1L, 4L, 5L);
        assertThat(lines.get(0).text("q")).isEqualTo("1+1?");
        assertThat(lines.get(1).text("q")).isEqualTo("ü");
        assertThat(lines.get(2).value().get(1).asInt()).isEqualTo(2);
    }

    @Test
    void anEmptyFileHasNoRecords() throws IOException {
        Files.writeString(file, "");
        assertThat(JsonLines.read(file)).isEmpty();
    }

    @Test
    void namesFileAndLineOfWhatIsNoJson() throws IOException {
        for (String bad : new String[] {"{\"q\": ", "not json", "{} {}", "{'q': 1}", "NaN"}) {
            Files.writeString(file, "{}\n\n" + bad + "\n{}\n");
            assertThatThrownBy(() -> JsonLines.read(file))
                    .isInstanceOf(MalformedDataException.class)
                    .hasMessageStartingWith("[jsonl] " + file + ":3: expected one JSON value; got " + bad.strip());
        }
    }

    @Test
    void namesTheByteThatIsNotUtf8() throws IOException {
        Files.write(file, "{}\n{\"q\": \"\u00fc\"}\n".getBytes(ISO_8859_1));
        assertThatThrownBy(() -> JsonLines.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":2: expected UTF-8; got byte 0xfc at column 8");
    }

    @Test
    void namesTheFieldsThereAre() throws IOException {
        Files.writeString(file, "{\"question\": \"1+1?\", \"answer\": 2}\n7\n");
        var line = JsonLines.read(file).getFirst();
        assertThatThrownBy(() -> line.text("prompt"))
                .hasMessageContaining(":1: expected a string in field \"prompt\"; got fields [question, answer]");
        assertThatThrownBy(() -> line.text("answer")).hasMessageContaining("got NUMBER 2");
        assertThatThrownBy(() -> JsonLines.read(file).get(1).text("answer")).hasMessageContaining("got NUMBER");
    }

    @Test
    void aMissingFileIsAnIoError() {
        assertThatThrownBy(() -> JsonLines.read(file)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void everyLineIsInTheFileWhenAppendReturns() throws IOException {
        try (var writer = JsonLinesWriter.open(file)) {
            var metrics = new LinkedHashMap<String, Object>();
            metrics.put("step", 1);
            metrics.put("kl", Double.NaN);
            writer.append(metrics);
            assertThat(Files.readString(file)).isEqualTo("{\"step\":1,\"kl\":\"NaN\"}\n");
            writer.append(Map.of("text", "a\nb ü"));
            assertThat(JsonLines.read(file).get(1).text("text")).isEqualTo("a\nb ü");
        }
        try (var writer = JsonLinesWriter.open(file)) {
            writer.append(3);
        }
        assertThat(Files.readAllLines(file)).hasSize(3).endsWith("3");
    }

    @Test
    void aHalfWrittenLastLineIsCutOff() throws IOException {
        for (String half : new String[] {"{\"st", "x".repeat(20_000)}) {
            Files.writeString(file, "{\"step\":1}\n" + half);
            try (var writer = JsonLinesWriter.open(file)) {
                writer.append(2);
            }
            assertThat(Files.readString(file)).isEqualTo("{\"step\":1}\n2\n");
        }
        Files.writeString(file, "{\"st");
        JsonLinesWriter.open(file).close();
        assertThat(file).isEmptyFile();
    }

    @Test
    @EnabledIf("fullDeviceIsThere")
    void aFullDiskIsAnErrorThatNamesTheFile() throws IOException {
        Files.createSymbolicLink(file, Path.of("/dev/full"));
        try (var writer = JsonLinesWriter.open(file)) {
            assertThatThrownBy(() -> writer.append(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("could not write " + file + ": No space left on device");
        }
        Files.delete(file);
    }

    static boolean fullDeviceIsThere() {
        return Files.isWritable(Path.of("/dev/full"));
    }
}
