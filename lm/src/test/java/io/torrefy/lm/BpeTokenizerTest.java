package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Ids and text against Hugging Face `tokenizers`: the golden fixtures, and the small tokenizers of
/// `src/test/python/tokenizer_goldens.py`.
class BpeTokenizerTest {
    private static final String HEAD =
            "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\": ";

    static Stream<Fixture> fixtures() {
        return Fixtures.open().ofKind("tokenizer").stream()
                .filter(f -> f.files().stream().anyMatch(n -> n.endsWith("tokenizer.json")));
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void agreesWithGoldenFixtures(Fixture fixture) {
        Path folder =
                Fixtures.open().folder().resolve(fixture.files().getFirst()).getParent();
        JsonNode cases = Fixtures.json(folder.resolve("cases.json"));
        var tokenizer = BpeTokenizer.load(folder);
        assertThat(cases.path("encode").size()).isPositive();
        assertThat(tokenizer.vocabSize()).isEqualTo(cases.path("vocab_size").asInt());
        cases.path("specials")
                .forEachEntry(
                        (token, id) -> assertThat(tokenizer.tokenToId(token)).hasValue(id.asInt()));
        var wrong = new Differences();
        for (JsonNode c : cases.path("encode")) {
            String text = c.path("text").asText();
            int[] ids = ids(c.path("ids"));
            wrong.check(text, ids, tokenizer.encode(text));
            wrong.check(text, strings(c.path("tokens")), tokens(tokenizer, ids));
            checkDecode(wrong, tokenizer, c, ids);
        }
        for (JsonNode prefix : cases.path("decode_prefixes")) {
            int[] ids = ids(prefix.path("ids"));
            String text = prefix.path("text").asText();
            wrong.check("prefix", text, tokenizer.decode(ids));
            wrong.check("streamed prefix", text, streamed(tokenizer, ids, false));
        }
        wrong.assertNone();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama3",
                "smollm",
                "prefixed",
                "deepseek",
                "behaviors",
                "possessive",
                "camel",
                "byte_fallback",
                "unknown"
            })
    void agreesWithTokenizers(String name) {
        JsonNode golden = Fixtures.json(resource(name).resolve("cases.json"));
        var tokenizer = BpeTokenizer.load(resource(name));
        assertThat(tokenizer.vocabSize()).isEqualTo(golden.path("vocab_size").asInt());
        assertThat(golden.path("encode").size()).isPositive();
        var wrong = new Differences();
        for (JsonNode c : golden.path("encode")) {
            String text = c.path("text").asText();
            wrong.check(text, ids(c.path("ids")), tokenizer.encode(text));
            wrong.check("with specials " + text, ids(c.path("with_specials")), tokenizer.encodeWithSpecials(text));
            wrong.check("ordinary " + text, ids(c.path("ordinary")), tokenizer.encodeOrdinary(text));
            checkDecode(wrong, tokenizer, c, ids(c.path("ids")));
        }
        for (JsonNode c : golden.path("decode")) {
            checkDecode(wrong, tokenizer, c, ids(c.path("ids")));
        }
        wrong.assertNone();
    }

    @Test
    void holdsBackIncompleteCharacters() {
        var tokenizer = BpeTokenizer.load(resource("smollm"));
        int[] ids = tokenizer.encode("🌊");
        assertThat(ids).hasSizeGreaterThan(1);
        var stream = tokenizer.stream(false);
        for (int i = 0; i < ids.length - 1; i++) {
            assertThat(stream.accept(ids[i])).isEmpty();
        }
        assertThat(stream.accept(ids[ids.length - 1])).isEqualTo("🌊");
        assertThat(stream.finish()).isEmpty();
        assertThat(stream.accept(ids[0])).isEmpty();
        assertThat(stream.finish()).isEqualTo("\uFFFD");
    }

    @Test
    void longWordsMergeAsShortOnesDo() {
        // The merges of a run of one letter are decided by rank and position alone, so lengths on both sides of the
        // switch from scan to heap must follow one rule; tokenizers gives 100 x's in the goldens.
        var tokenizer =
                BpeTokenizer.parse("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"aa\": 1, \"aaaa\": 2},"
                        + " \"merges\": [\"a a\", \"aa aa\"]}}");
        for (int n : new int[] {1, 2, 3, 4, 7, 46, 47, 48, 49, 50, 51, 97, 1023}) {
            int[] ids = tokenizer.encode("a".repeat(n));
            assertThat(Arrays.stream(ids).filter(i -> i == 2).count()).isEqualTo(n / 4);
            assertThat(Arrays.stream(ids).filter(i -> i == 1).count()).isEqualTo(n / 2 % 2);
            assertThat(Arrays.stream(ids).filter(i -> i == 0).count()).isEqualTo(n % 2);
        }
    }

    @Test
    void readsSpecialIdsFromTheFilesBeside(@TempDir Path folder) throws IOException {
        Files.copy(resource("llama3").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"<|end|>\"}, \"pad_token\": null,"
                        + "\"added_tokens_decoder\": {\"0\": {\"content\": \"<s>\", \"special\": true},"
                        + " \"400\": {\"content\": \"<extra>\", \"special\": true}}}");
        Files.writeString(
                folder.resolve("generation_config.json"), "{\"eos_token_id\": [400, 1], \"pad_token_id\": 7}");
        var tokenizer = BpeTokenizer.load(folder.resolve("tokenizer.json"));
        assertThat(tokenizer.bosId()).hasValue(0);
        assertThat(tokenizer.eosId()).hasValue(1);
        assertThat(tokenizer.padId()).hasValue(7);
        assertThat(tokenizer.stopIds()).containsExactly(1, 400);
        assertThat(tokenizer.encode("<extra>")).containsExactly(400);
        assertThat(tokenizer.isSpecial(400)).isTrue();
        assertThat(tokenizer.isSpecial(5)).isFalse();
    }

    @Test
    void namesTokensBeyondTheModel() {
        var tokenizer = BpeTokenizer.load(resource("llama3"));
        tokenizer.checkFits(400);
        tokenizer.checkFits(512);
        assertThatThrownBy(() -> tokenizer.checkFits(398))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("vocab_size 398")
                .hasMessageContaining("399 = '" + tokenizer.idToToken(399).orElseThrow() + "'")
                .hasMessageContaining("2 token(s)");
    }

    @Test
    void teachesWhatIsWrong(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> BpeTokenizer.load(folder)).hasMessageContaining("there is no such file");
        assertProblem("{\"a\": 0, \"b\": 1}", "looks like a vocab.json");
        assertProblem("{\"model_type\": \"llama\"}", "model's config.json");
        assertProblem("{\"model\": {\"type\": \"Unigram\", \"vocab\": []}}", "Unigram (supported: BPE)");
        assertProblem("{\"model\"", "expected JSON");
        assertProblem(HEAD + "[\"a c\"]}}", "'c' is not in the vocab");
        assertProblem(HEAD + "[\"abc\"]}}", "merge 0 that is no pair");
        assertProblem(HEAD + "[], \"unk_token\": \"<unk>\"}}", "unk_token '<unk>'");
        assertProblem(
                HEAD
                        + "[]}, \"normalizer\": {\"type\": \"Precompiled\"}, \"pre_tokenizer\": {\"type\": \"Metaspace\"}}",
                "Precompiled",
                "Metaspace");
        assertProblem(
                HEAD
                        + "[]}, \"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(\"}, \"behavior\": \"Isolated\"}}",
                "regular expression");
        var tokenizer = BpeTokenizer.load(resource("llama3"));
        assertThatThrownBy(() -> tokenizer.decode(new int[] {1, -100})).hasMessageContaining("-100");
        assertThat(tokenizer.decode(new int[] {400, 100_000})).isEmpty();
    }

    private static void assertProblem(String json, String... parts) {
        assertThatThrownBy(() -> BpeTokenizer.parse(json))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContainingAll(parts);
    }

    private static void checkDecode(Differences wrong, Tokenizer tokenizer, JsonNode c, int[] ids) {
        String skipped = c.path("decoded_skip_special").asText();
        wrong.check("decoded", c.path("decoded").asText(), tokenizer.decode(ids));
        wrong.check("decoded without specials", skipped, tokenizer.decode(ids, true));
        wrong.check("streamed", skipped, streamed(tokenizer, ids, true));
    }

    /// All that differs, so that one look at a failure shows its pattern.
    private static final class Differences {
        private final List<String> found = new ArrayList<>();

        void check(String what, Object expected, Object got) {
            if (!Objects.deepEquals(expected, got)) {
                found.add(what + ": expected " + shown(expected) + "; got " + shown(got));
            }
        }

        void assertNone() {
            assertThat(found).isEmpty();
        }

        private static String shown(Object value) {
            return value instanceof int[] ids ? Arrays.toString(ids) : "'" + value + "'";
        }
    }

    private static List<String> tokens(Tokenizer tokenizer, int[] ids) {
        return Arrays.stream(ids)
                .mapToObj(id -> tokenizer.idToToken(id).orElse(""))
                .toList();
    }

    private static String streamed(Tokenizer tokenizer, int[] ids, boolean skipSpecial) {
        var stream = tokenizer.stream(skipSpecial);
        var text = new StringBuilder();
        for (int id : ids) {
            text.append(stream.accept(id));
        }
        return text.append(stream.finish()).toString();
    }

    private static int[] ids(JsonNode list) {
        int[] ids = new int[list.size()];
        Arrays.setAll(ids, i -> list.path(i).asInt());
        return ids;
    }

    private static List<String> strings(JsonNode list) {
        return list.valueStream().map(JsonNode::asText).toList();
    }

    static Path resource(String name) {
        try {
            return Path.of(Objects.requireNonNull(
                                    BpeTokenizerTest.class.getResource("tokenizer/" + name + "/cases.json"))
                            .toURI())
                    .getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
