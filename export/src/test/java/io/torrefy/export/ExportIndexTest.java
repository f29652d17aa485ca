package io.torrefy.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.export.internal.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExportIndexTest {
    private static final ExportIndex INDEX = new ExportIndex(
            "demo",
            List.of(
                    new Exported(
                            List.of("b.f", "b.g"),
                            Kind.METHOD,
                            "demo.B",
                            "f",
                            "(I)V",
                            true,
                            "static B.f(int x)",
                            List.of(new Exported.Parameter("x", "int", "\"\\\n\t\u0001é日")),
                            "0.1",
                            Status.MAINTAINED,
                            List.of(new Exported.OldName("b.h", "0.1", "0.9", "b.f")),
                            "Does “it”.",
                            "demo/B.java:3",
                            List.of()),
                    new Exported(
                            List.of("a.A"),
                            Kind.CLASS,
                            "demo.A",
                            "",
                            "",
                            false,
                            "class demo.A",
                            List.of(),
                            "0.1",
                            Status.STABLE,
                            List.of(),
                            "",
                            "",
                            List.of("new()", "x: int"))));

    @Test
    void anIndexIsReadAsItWasWritten() {
        String json = INDEX.toJson();
        ExportIndex read = ExportIndex.parse(json, "demo.json");
        assertThat(read).isEqualTo(INDEX);
        assertThat(read.exports()).extracting(Exported::name).containsExactly("a.A", "b.f");
        assertThat(read.toJson()).isEqualTo(json);
    }

    @Test
    void aCutOrDamagedIndexIsAnErrorAndNeverAnotherIndex() {
        String json = INDEX.toJson();
        for (int length = 0; length < json.stripTrailing().length(); length++) {
            String cut = json.substring(0, length);
            assertThatThrownBy(() -> ExportIndex.parse(cut, "demo.json"))
                    .isInstanceOf(ExportException.class)
                    .hasMessageContaining("got demo.json: ");
        }
        for (String damage : List.of(
                json.replace("\"format\":1", "\"format\":2"),
                json.replace("\"kind\":\"CLASS\"", "\"kind\":\"CLASH\""),
                json.replace("\"static\":true", "\"static\":1"),
                json.replace("\"names\":[\"a.A\"]", "\"names\":[]"),
                json.replace("\"names\":[\"a.A\"]", "\"names\":[1]"),
                json.replace("\"summary\"", "\"more\":1,\"summary\""),
                json.replace("\"summary\"", "\"sunnary\""),
                json.replace("[\"b.h\",", "["),
                json + "x")) {
            assertThat(damage).isNotEqualTo(json);
            assertThatThrownBy(() -> ExportIndex.parse(damage, "demo.json")).isInstanceOf(ExportException.class);
        }
    }

    /// The examples of RFC 8259, and what it forbids.
    @Test
    void jsonIsReadByTheBook() {
        assertThat(Json.parse(" { \"a\\u00e9\\n\\/\" : [ 1 , -20 , true , false , \"\" , [ ] , { } ] } "))
                .isEqualTo(Map.of("aé\n/", List.of(1L, -20L, true, false, "", List.of(), Map.of())));
        assertThat(Json.parse("\"\\ud834\\udd1e\"")).isEqualTo("𝄞");
        for (String wrong : List.of(
                "",
                " ",
                "{",
                "[1,]",
                "{\"a\":1,}",
                "{a:1}",
                "{\"a\" 1}",
                "[1 2]",
                "01",
                "-",
                "+1",
                "1.5",
                "1e3",
                "nul",
                "null",
                "tru",
                "'a'",
                "\"a",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"\t\"",
                "[1]]",
                "{\"a\":1,\"a\":2}",
                "NaN",
                "9999999999999999999",
                "[".repeat(100_000))) {
            assertThatThrownBy(() -> Json.parse(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("line 1, column ");
        }
        assertThatThrownBy(() -> Json.parse("[\n  1,\n  x]")).hasMessageContaining("line 3, column 3: a value was");
    }
}
