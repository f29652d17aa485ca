package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files of schemas: what is written is read, and nothing else is.
class SchemaFilesTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void aFittedSchemaComesBackTheSame() throws IOException {
        var fitted = FeatureSchemaTest.fitted(400, 5);
        Path file = folder.resolve("deep/er/schema.json");
        fitted.write(file);
        var again = FittedSchema.read(file);
        assertThat(again).isEqualTo(fitted);
        assertThat(again.schema()).isEqualTo(fitted.schema());
        assertThat(again.columns()).isEqualTo(fitted.columns());
        assertThat(again.statistics()).isEqualTo(fitted.statistics());
        assertThat(again.warnings()).isEqualTo(fitted.warnings());
        assertThat(again.classes()).isEqualTo(fitted.classes());
        Path second = folder.resolve("second.json");
        again.write(second);
        assertThat(second).hasSameBinaryContentAs(file);
        FeatureSchemaTest.fitted(400, 5).write(second);
        assertThat(second).hasSameBinaryContentAs(file);
        try (var files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aSchemaComesBackTheSame() throws IOException {
        Path file = folder.resolve("schema.json");
        FeatureSchemaTest.everything().write(file);
        assertThat(FeatureSchema.read(file)).isEqualTo(FeatureSchemaTest.everything());
    }

    @Test
    void whiteSpaceAndTheOrderOfKeysDoNotCount() throws IOException {
        Path file = folder.resolve("schema.json");
        var fitted = FeatureSchemaTest.fitted(50, 5);
        fitted.write(file);
        var document = (ObjectNode) JSON.readTree(file.toFile());
        var reversed = JSON.createObjectNode();
        List<String> keys = new ArrayList<>();
        document.fieldNames().forEachRemaining(keys::add);
        keys.reversed().forEach(key -> reversed.set(key, document.get(key)));
        Files.writeString(file, reversed.toString());
        assertThat(FittedSchema.read(file)).isEqualTo(fitted);
    }

    @Test
    void errorsNameTheFileAndWhatIsWrong() throws IOException {
        Path file = folder.resolve("schema.json");
        FeatureSchemaTest.fitted(50, 5).write(file);
        String sound = Files.readString(file);
        check(file, sound.replace("\"version\" : 1", "\"version\" : 2"), "version 1 of fitted schemas; got 2");
        check(file, sound.replace("\"statistics\"", "\"statistic\""), "did you mean \"statistics\"?");
        check(
                file,
                sound.replace("torrefy.features", "other"),
                "\"format\": \"torrefy.features\" of a fitted schema; got \"other\"");
        check(file, sound.replace("\"rows\" : 50", "\"rows\" : 51"), "contents of the fingerprint");
        check(file, sound.replaceFirst("\"rows\" : 50", "\"rows\" : 50,\n \"rows\" : 50"), "Duplicate field 'rows'");
        check(file, sound + "{}", "expected JSON");
        check(file, sound.substring(0, sound.length() / 2), "expected JSON");
        check(file, "", "an object");
        check(file, "[]", "an object");
        Files.write(file, new byte[] {'{', (byte) 0xff, '}'});
        assertThatThrownBy(() -> FittedSchema.read(file)).hasMessageContaining("expected UTF-8");
    }

    private static void check(Path file, String text, String message) throws IOException {
        Files.writeString(file, text);
        assertThatThrownBy(() -> FittedSchema.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageStartingWith("[schema] " + file)
                .hasMessageContaining(message);
    }

    @Test
    void errorsOfASchemaAreListedTogetherWithTheNearestNames() throws IOException {
        Path file = folder.resolve("schema.json");
        Files.writeString(file, """
                {"features": [
                  {"input": "age", "as": "standardise"},
                  {"input": "city", "as": "vocabulary", "oov_bucket": 2},
                  {"input": "day", "as": "identity", "buckets": "7"},
                  {"inputs": ["city", "day"], "as": "cross"}]}
                """);
        assertThatThrownBy(() -> FeatureSchema.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining("did you mean \"standardize\"?")
                .hasMessageContaining("the unknown key \"oov_bucket\". Hint: did you mean \"oov_buckets\"?")
                .hasMessageContaining("an integer of 64 bits in \"buckets\" of \"day\"; got \"7\"")
                .hasMessageContaining("\"buckets\" of a cross; got nothing");
    }

    /// Bytes are changed, cut out, put in and swapped: always an error that names the file, or the same schema.
    @Test
    void damagedFilesAreRefused() throws IOException {
        Path file = folder.resolve("schema.json");
        var fitted = FeatureSchemaTest.fitted(12, 5);
        fitted.write(file);
        byte[] sound = Files.readAllBytes(file);
        var random = new SplittableRandom(11);
        int same = 0;
        for (int i = 0; i < 10_000; i++) {
            Files.write(file, damaged(sound, random));
            try {
                assertThat(FittedSchema.read(file)).isEqualTo(fitted);
                same++;
            } catch (MalformedDataException e) {
                assertThat(e).hasMessageStartingWith("[schema] " + file);
            }
        }
        assertThat(same).isLessThan(5000);
    }

    private static byte[] damaged(byte[] sound, SplittableRandom random) {
        int at = random.nextInt(sound.length);
        int length = Math.min(sound.length - at, 1 + random.nextInt(20));
        byte[] bytes = sound.clone();
        return switch (random.nextInt(5)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield bytes;
            }
            case 1 -> Arrays.copyOf(sound, at);
            case 2 -> {
                System.arraycopy(sound, at + length, bytes, at, sound.length - at - length);
                yield Arrays.copyOf(bytes, sound.length - length);
            }
            case 3 -> {
                byte[] longer = Arrays.copyOf(sound, sound.length + length);
                System.arraycopy(sound, at, longer, at + length, sound.length - at);
                yield longer;
            }
            default -> {
                bytes[at] = "{}[]\",:0-eE. \ntfn\\".getBytes(StandardCharsets.US_ASCII)[random.nextInt(18)];
                yield bytes;
            }
        };
    }

    /// Parts of the document are replaced and the fingerprint is made to fit, as by somebody who forges one: an
    /// error that names the file, or a schema that is again written and read.
    @Test
    void forgedFilesAreRefusedOrMeanSomething() throws IOException {
        Path file = folder.resolve("schema.json");
        FeatureSchemaTest.fitted(12, 5).write(file);
        var sound = (ObjectNode) JSON.readTree(file.toFile());
        var random = new SplittableRandom(12);
        int understood = 0;
        for (int i = 0; i < 3000; i++) {
            var forged = sound.deepCopy();
            forge(forged, random);
            var contents = forged.deepCopy();
            contents.remove("fingerprint");
            forged.put("fingerprint", SchemaFiles.fingerprint(contents));
            Files.writeString(file, forged.toString());
            FittedSchema read;
            try {
                read = FittedSchema.read(file);
            } catch (MalformedDataException e) {
                assertThat(e).hasMessageStartingWith("[schema] " + file);
                continue;
            }
            understood++;
            Path again = folder.resolve("again.json");
            read.write(again);
            assertThat(FittedSchema.read(again)).isEqualTo(read);
        }
        assertThat(understood).isBetween(1, 2999);
    }

    private static void forge(JsonNode root, SplittableRandom random) {
        JsonNode node = root;
        while (true) {
            int size = node.size();
            if (size == 0) {
                return;
            }
            int at = random.nextInt(size);
            JsonNode child = null;
            if (node instanceof ObjectNode object) {
                List<String> names = new ArrayList<>();
                object.fieldNames().forEachRemaining(names::add);
                child = object.get(names.get(at));
                if (child.size() == 0 || random.nextInt(6) == 0) {
                    switch (random.nextInt(3)) {
                        case 0 -> object.remove(names.get(at));
                        case 1 -> object.set(names.get(at) + "x", child);
                        default -> object.set(names.get(at), value(random));
                    }
                    return;
                }
            } else if (node instanceof ArrayNode array) {
                child = array.get(at);
                if (child.size() == 0 || random.nextInt(6) == 0) {
                    switch (random.nextInt(3)) {
                        case 0 -> array.remove(at);
                        case 1 -> array.add(child.deepCopy());
                        default -> array.set(at, value(random));
                    }
                    return;
                }
            }
            node = child;
        }
    }

    private static JsonNode value(SplittableRandom random) {
        var f = JSON.getNodeFactory();
        return switch (random.nextInt(9)) {
            case 0 -> f.nullNode();
            case 1 -> f.numberNode(random.nextInt(-3, 4));
            case 2 -> f.numberNode(Long.MAX_VALUE);
            case 3 -> f.numberNode(1e308);
            case 4 -> f.textNode("");
            case 5 -> f.textNode("word");
            case 6 -> f.booleanNode(true);
            case 7 -> f.arrayNode();
            default -> f.objectNode();
        };
    }
}
