package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private static final String EVIL =
            "</pre></script><script>alert('x')</script><img src=\"http://x.example/\"> &amp; \u0000";
    private static final String HARMLESS = "&lt;/pre&gt;&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
            + "&lt;img src=&quot;http://x.example/&quot;&gt; &amp;amp; \ufffd";

    @TempDir
    Path folder;

    @Test
    void saysWhatCameOfARun() throws IOException {
        run(40, true);
        var html = Files.readString(Report.write(folder));
        assertThat(html)
                .contains("<h1>Held-out accuracy rose from 20.0% to 82.5%</h1>")
                .contains("40 steps in ")
                .contains("<dt>points gained</dt><dd>+62.5</dd>")
                .contains("Accuracy over steps. held-out problems, greedy: from 20.0% to 80.0%")
                .contains("Reward over steps. total: from 0.100 to 4.00, lowest 0.100, highest 4.00")
                .contains("<th class=\"c1\" scope=\"row\">rollout</th><td>75.0%</td><td>1.50 s per step</td>")
                .contains("<th class=\"c2\" scope=\"row\">update</th><td>20.0%</td>")
                .contains("<th class=\"c0\" scope=\"row\">other</th><td>5.0%</td>")
                .contains("<th scope=\"row\">optimizer.name</th><td>adamw</td>")
                .contains("<th scope=\"row\">cores</th>")
                .contains("✗ wrong", "✓ correct", "accuracy <b>1.00</b>")
                .doesNotContain("not finished");
    }

    @Test
    void needsNothingButItself() throws Exception {
        run(3, true);
        var html = Report.html(folder);
        assertThat(html).doesNotContainPattern("(?i)<link|@import|url\\(|\\bsrc=|https?://");
        var script = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL).matcher(html);
        assertThat(script.find()).isTrue();
        var digest = MessageDigest.getInstance("SHA-256").digest(script.group(1).getBytes(StandardCharsets.UTF_8));
        assertThat(html)
                .contains("default-src 'none'")
                .contains("script-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
        assertThat(script.find()).as("a second script").isFalse();
    }

    @Test
    void showsWhatAModelWroteAsText() {
        try (var run = RunFolder.open(folder, false)) {
            run.config(Map.of(EVIL, EVIL), Set.of());
            run.describe(Map.of("name", EVIL, "seed", EVIL));
            run.log(1, Map.of("reward", 1.0, "rewards/" + EVIL, 1.0, "time/" + EVIL, 1.0));
            for (var phase : List.of("before", "after")) {
                run.sample(new RunSample(1, phase, EVIL, EVIL, EVIL, false, 0, Map.of(EVIL, 0.0), 1, "stop"));
            }
        }
        var html = Report.html(folder);
        assertThat(html)
                .doesNotContain("<script>alert")
                .doesNotContain("<img")
                .contains("<h1>Reward went from 1.00 to 1.00");
        // twice in the configuration, then name and seed, the prompt, and much more
        assertThat(html.split(Pattern.quote(HARMLESS), -1)).hasSizeGreaterThan(10);
    }

    @Test
    void thinkingIsSetApart() {
        try (var run = RunFolder.open(folder, false)) {
            run.log(1, Map.of("reward", 1.0));
            run.sample(new RunSample(
                    1, "train", "2+2?", "<think>4</think><b>", "4", true, 1, Map.of("accuracy", 1.0), 9, "stop"));
        }
        assertThat(Report.html(folder)).contains("<pre><i>&lt;think&gt;</i>4<i>&lt;/think&gt;</i>&lt;b&gt;</pre>");
    }

    @Test
    void canBeMadeOfARunThatGoesOn() throws IOException {
        run(5, false);
        Files.writeString(folder.resolve("metrics.jsonl"), "{\"step\":6,\"rew", StandardOpenOption.APPEND);
        assertThat(Report.html(folder)).contains("not finished").contains("5 of 100 steps");
        Files.writeString(folder.resolve("metrics.jsonl"), "\n", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> Report.html(folder)).hasMessageContaining("metrics.jsonl:7: expected one JSON value");
    }

    @Test
    void survivesRunsWithLittleOrOddInThem() {
        try (var run = RunFolder.open(folder, false)) {
            assertThat(Report.html(folder)).contains("Nothing to show yet");
            run.log(1, Map.of("reward", Double.NaN));
            assertThat(Report.html(folder)).contains("Reward went from NaN to NaN");
            run.log(2, Map.of("reward", Double.NEGATIVE_INFINITY, "kl", 0.0, "grad_norm", 1e30, "eval/accuracy", 0.5));
            run.log(3, Map.of("reward", -2.5));
            assertThat(Report.html(folder)).contains("to -2.50").doesNotContain("d=\"MNaN");
        }
        assertThat(Report.html(folder)).doesNotContainPattern("\"(left|bottom):(NaN|Inf)");
    }

    @Test
    void aFolderWithoutARunIsRefused() {
        assertThatThrownBy(() -> Report.write(folder))
                .isInstanceOf(RunException.class)
                .hasMessageContaining(folder + " has no metrics.jsonl");
    }

    @Test
    void ticksAreRoundNumbers() {
        assertThat(Chart.Axis.rounded(0, 0.0844, 4).ticks()).containsExactly(0.0, 0.05, 0.1);
        assertThat(Chart.Axis.rounded(0, 1, 4).ticks()).containsExactly(0.0, 0.5, 1.0);
        assertThat(Chart.Axis.rounded(-3, 7, 4).ticks()).containsExactly(-5.0, 0.0, 5.0, 10.0);
        assertThat(Chart.Axis.rounded(0, 0, 4).ticks()).containsExactly(0.0, 0.5, 1.0);
        assertThat(Chart.Axis.exact(1, 200, 6).ticks()).containsExactly(50.0, 100.0, 150.0, 200.0);
        assertThat(Chart.Axis.exact(0, 1, 6).ticks()).containsExactly(0.0, 1.0);
        assertThat(Chart.Unit.NUMBER.tick(0.05, 0.05)).isEqualTo("0.05");
        assertThat(Chart.Unit.PERCENT.tick(0.5, 0.5)).isEqualTo("50%");
        assertThat(Chart.Unit.PERCENT.tick(0.005, 0.005)).isEqualTo("0.5%");
    }

    @Test
    void smoothingKeepsLinesAndMeans() {
        var line = new double[101];
        Arrays.setAll(line, i -> 3 * i - 7);
        assertThat(Chart.smooth(line)).containsExactly(line, within(1e-9));
        var noisy = new double[101];
        Arrays.setAll(noisy, i -> i % 2);
        assertThat(Chart.smooth(noisy)[50]).isCloseTo(6 / 11.0, within(1e-12));
        noisy[50] = Double.NaN;
        assertThat(Chart.smooth(noisy)[50]).isCloseTo(0.6, within(1e-12));
        var thin = Chart.thin(new RunData.Series(new double[1201], line(1201)));
        assertThat(thin.values()).hasSize(600);
        assertThat(thin.values()[0]).isEqualTo(0.5);
        assertThat(thin.values()[599]).isEqualTo(1199);
    }

    @Test
    void durationsInWords() {
        assertThat(Report.words(Duration.ofSeconds(42))).isEqualTo("42 s");
        assertThat(Report.words(Duration.ofSeconds(372))).isEqualTo("6 min 12 s");
        assertThat(Report.words(Duration.ofMinutes(61))).isEqualTo("1 h 1 min");
    }

    @Test
    void theMachineIsDescribed() throws IOException {
        var machine = MachineInfo.of("AVX2, 8 floats");
        assertThat(machine.cores()).isPositive();
        assertThat(machine.jdk()).startsWith(System.getProperty("java.version").split("\\+", -1)[0]);
        assertThat(machine.toMap()).containsEntry("vector", "AVX2, 8 floats").containsKeys("cpu", "memory_gib");
        var cpuinfo = folder.resolve("cpuinfo");
        Files.writeString(cpuinfo, "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: other\n");
        assertThat(MachineInfo.field(cpuinfo, "model name")).contains("Some CPU @ 2.00GHz");
        assertThat(MachineInfo.field(cpuinfo, "flags")).isEmpty();
        assertThat(MachineInfo.field(folder.resolve("none"), "flags")).isEmpty();
    }

    private static double[] line(int n) {
        var values = new double[n];
        Arrays.setAll(values, i -> i);
        return values;
    }

    private void run(int steps, boolean finished) {
        try (var run = RunFolder.open(folder, false)) {
            run.config(Map.of("steps", finished ? steps : 100, "optimizer", Map.of("name", "adamw")), Set.of());
            run.describe(
                    Map.of("name", "r1-zero", "machine", MachineInfo.of("AVX2").toMap()));
            run.log(0, Map.of(RunMetrics.EVAL_ACCURACY, 0.2));
            for (int step = 1; step <= steps; step++) {
                var metrics = new LinkedHashMap<String, Double>();
                metrics.put(RunMetrics.REWARD, step * 0.1);
                metrics.put(RunMetrics.ACCURACY, 0.5);
                metrics.put(RunMetrics.KL, step * 0.001);
                metrics.put("time/rollout", 1.5);
                metrics.put("time/update", 0.4);
                metrics.put(RunMetrics.STEP_TIME, 2.0);
                run.log(step, metrics);
            }
            if (finished) {
                run.log(steps, Map.of(RunMetrics.EVAL_ACCURACY, 0.8));
                run.sample(sample(0, "before", false));
                run.sample(sample(steps, "after", true));
                run.result(Map.of("accuracy_before", 0.2, "accuracy_after", 0.825));
            }
        }
    }

    private static RunSample sample(long step, String phase, boolean correct) {
        double reward = correct ? 1 : 0;
        return new RunSample(step, phase, "3 + 4?", "7", "7", correct, reward, Map.of("accuracy", reward), 1, "stop");
    }
}
