package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeedsCommandTest {
    private final CommandRun command = new CommandRun();

    @TempDir
    Path folder;

    private Path write(String run, String file, String text) throws IOException {
        Path into = Files.createDirectories(folder.resolve(run));
        Files.writeString(into.resolve(file), text);
        return into;
    }

    private static String pipeline(double accuracy, double length) {
        return """
                {"table": [
                  {"stage": "base", "what": "m", "measures": {"countdown/accuracy": 0.25, "countdown/length": 40}},
                  {"stage": "samples", "what": "sample", "measures": {}},
                  {"stage": "sft", "what": "sft", "measures": {"countdown/accuracy": %s, "countdown/length": %s}}]}
                """.formatted(accuracy, length);
    }

    @Test
    void pipelinesAreAveragedStageByStage() throws IOException {
        Path a = write("seed-1", "result.json", pipeline(0.5, 30));
        Path b = write("seed-2", "result.json", pipeline(0.75, 60));
        assertThat(command.execute("seeds", a.toString(), b.toString(), "--json"))
                .as(command.err())
                .isZero();
        assertThat(command.out())
                .contains("62.5 % (50.0-75.0)", "45.0 (30.0-60.0)", "25.0 % (25.0-25.0)")
                .doesNotContain("samples");
        JsonNode spread = TinyModel.json(command).at("/lines/sft/countdown~1accuracy");
        assertThat(spread).extracting(JsonNode::asDouble).containsExactly(0.625, 0.5, 0.75);
        assertThat(folder.resolve("seeds.html")).content().contains("sft", "62.5 % (50.0-75.0)");
    }

    @Test
    void searchesAreAveragedByName() throws IOException {
        String search = "{\"searches\": [{\"search\": \"majority-8\", \"family\": \"majority\", \"problems\": 10,"
                + " \"accuracy\": %s, \"tokens_per_problem\": 100, \"tokens\": 1000}]}";
        Path a = write("s1", "search.json", search.formatted("0.2"));
        Path b = write("s2", "search.json", search.formatted("0.4"));
        Path page = folder.resolve("page.html");
        assertThat(command.execute("seeds", a.toString(), b.toString(), "--out=" + page))
                .as(command.err())
                .isZero();
        assertThat(command.out()).contains("30.0 % (20.0-40.0)", "100.0 (100.0-100.0)");
        assertThat(page).content().contains("majority-8", "from 2 seeds");
    }

    @Test
    void saysWhatCannotBeCompared() throws IOException {
        Path a = write("seed-1", "result.json", pipeline(0.5, 30));
        Path b = write("seed-2", "search.json", "{\"searches\": []}");
        assertThat(command.execute("seeds", a.toString(), b.toString())).isOne();
        assertThat(command.err()).contains("expected runs of one pipeline or of the same searches", "seed-2");

        var missing = new CommandRun();
        assertThat(missing.execute("seeds", folder.resolve("none").toString())).isOne();
        assertThat(missing.err()).contains("result.json or search.json", "--resume");

        var broken = new CommandRun();
        Path c = write("seed-3", "result.json", "{\"loss\": 1}");
        assertThat(broken.execute("seeds", c.toString())).isOne();
        assertThat(broken.err()).contains("expected what torrefy pipeline or torrefy eval --search wrote", "seed-3");
    }
}
