package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final AtomicLong now = new AtomicLong(1_000_000);

    @Test
    void plainLinesSayWhatThereIs() {
        try (var progress = start(Terminal.plain(), 0, 4)) {
            progress.phase("rollout");
            progress.evaluation(Split.HELD_OUT, 0.214);
            for (int step = 1; step <= 4; step++) {
                now.addAndGet(500);
                progress.step(step, metrics(step));
            }
        }
        assertThat(text().lines().toList())
                .hasSize(5)
                .startsWith(
                        "step 0: held-out accuracy 21.4%",
                        "step 1/4  reward 0.100  accuracy 10.0%  held-out 21.4%  length 50.0  kl 0.0100  tokens/s 4,210"
                                + "  2.00 steps/s  0:02 to go")
                .endsWith("step 4/4  reward 0.400  accuracy 40.0%  held-out 21.4%  length 50.0  kl 0.0400"
                        + "  tokens/s 4,210  2.00 steps/s");
    }

    @Test
    void longRunsGetAFewPlainLines() {
        try (var progress = start(Terminal.plain(), 0, 1000)) {
            for (int step = 1; step <= 1000; step++) {
                now.addAndGet(3000);
                progress.step(step, metrics(0));
            }
        }
        assertThat(text().lines())
                .hasSize(41)
                .allSatisfy(line -> assertThat(line).contains("3.00 s/step"));
    }

    @Test
    void theRateOfAResumedRunCountsItsOwnSteps() {
        try (var progress = start(Terminal.plain(), 98, 100)) {
            now.addAndGet(10_000);
            progress.step(99, Map.of());
        }
        assertThat(text()).isEqualTo("");
        try (var progress = start(Terminal.plain(), 30, 40)) {
            now.addAndGet(10_000);
            progress.step(31, Map.of());
        }
        assertThat(text()).isEqualTo("step 31/40  10.00 s/step  1:30 to go\n");
    }

    @Test
    void theLiveDisplayStaysInItsPlace() {
        var screen = new Screen(60);
        try (var progress = start(new Terminal(true, true, true, Optional.of(60)), 0, 50)) {
            progress.message("model 1.8 M parameters");
            progress.evaluation(Split.HELD_OUT, 0.2);
            for (int step = 1; step <= 50; step++) {
                now.addAndGet(700);
                progress.step(step, metrics(step));
                if (step == 25) {
                    progress.message("checkpoint of step 25");
                    progress.phase("rollout");
                    progress.evaluation(Split.HELD_OUT, 0.6);
                }
            }
        }
        screen.show(text());
        assertThat(screen.lines())
                .hasSize(5)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(60));
        assertThat(screen.lines().subList(0, 2)).containsExactly("model 1.8 M parameters", "checkpoint of step 25");
        assertThat(screen.lines().get(2)).startsWith(" step 50/50").contains("100%   1.43 steps/s   0:35 gone");
        assertThat(screen.lines().get(3)).contains("reward 5.00 ").contains("held-out 20.0% → 60.0%");
        assertThat(screen.lines().get(4)).isEqualTo(" length 50.0   kl 0.500   tokens/s 4,210");
    }

    @Test
    void noColourMeansNone() {
        var environment = Map.of("NO_COLOR", "1", "COLUMNS", "80", "TERM", "xterm");
        var terminal = Terminal.detect(true, environment, StandardCharsets.UTF_8);
        assertThat(terminal).isEqualTo(new Terminal(true, false, true, Optional.of(80)));
        try (var progress = start(terminal, 0, 2)) {
            progress.step(1, metrics(1));
        }
        assertThat(text()).doesNotContainPattern("\u001b\\[[0-9;]*m");
        assertThat(Terminal.detect(true, Map.of("TERM", "dumb"), StandardCharsets.US_ASCII))
                .isEqualTo(new Terminal(false, false, false, Optional.empty()));
        assertThat(Terminal.detect(false, Map.of("COLUMNS", "x"), StandardCharsets.UTF_8)
                        .live())
                .isFalse();
    }

    @Test
    void sparkLinesGoFromTheSmallestToTheGreatest() {
        assertThat(Sparkline.of(new double[] {0, 1, 2, 3, 4, 5, 6, 7}, 20, true))
                .isEqualTo("▁▂▃▄▅▆▇█");
        assertThat(Sparkline.of(new double[] {7, 0, 3.5}, 20, true)).isEqualTo("█▁▅");
        assertThat(Sparkline.of(new double[] {0, 0, 0, 8, 8, 8}, 2, true)).isEqualTo("▁█");
        assertThat(Sparkline.of(new double[] {3, 3, 3}, 9, true)).isEqualTo("▄▄▄");
        assertThat(Sparkline.of(new double[] {0, Double.NaN, 1, Double.POSITIVE_INFINITY}, 9, true))
                .isEqualTo("▁ █ ");
        assertThat(Sparkline.of(new double[] {0, 1}, 9, false)).isEqualTo("_@");
        assertThat(Sparkline.of(new double[0], 9, true)).isEmpty();
        assertThat(Sparkline.of(new double[] {1}, 0, true)).isEmpty();
        assertThat(Sparkline.of(new double[] {1}, -3, true)).isEmpty();
    }

    @Test
    void figuresKeepThreeDigits() {
        assertThat(List.of(0.0, 0.5, 0.0123, 1.5, 54.21, 512.4, 12345.0, 3e-7, 2.5e7, -0.25))
                .extracting(Figures::number)
                .containsExactly(
                        "0.000", "0.500", "0.0123", "1.50", "54.2", "512", "12,345", "3.00e-07", "2.50e+07", "-0.250");
        assertThat(Figures.number(Double.NaN)).isEqualTo("NaN");
        assertThat(Figures.number(Double.NEGATIVE_INFINITY)).isEqualTo("-inf");
        assertThat(Figures.clock(Duration.ofSeconds(187))).isEqualTo("3:07");
        assertThat(Figures.clock(Duration.ofSeconds(3607))).isEqualTo("1:00:07");
    }

    private Progress start(Terminal terminal, long done, long steps) {
        return Progress.start(out, terminal, () -> Instant.ofEpochMilli(now.get()), done, steps);
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static Map<String, Double> metrics(int step) {
        var metrics = new LinkedHashMap<String, Double>();
        metrics.put(RunMetrics.REWARD, step * 0.1);
        metrics.put(RunMetrics.ACCURACY, step * 0.1);
        metrics.put(RunMetrics.RESPONSE_LENGTH, 50.0);
        metrics.put(RunMetrics.KL, step * 0.01);
        metrics.put(RunMetrics.TOKENS_PER_SECOND, 4210.0);
        return metrics;
    }

    /// As much of a terminal as the display uses; what is written beyond the last column is lost.
    private static final class Screen {
        private final int columns;
        private final List<StringBuilder> rows = new ArrayList<>();
        private int row;
        private int column;

        Screen(int columns) {
            this.columns = columns;
        }

        void show(String text) {
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                switch (c) {
                    case '\n' -> {
                        row++;
                        column = 0;
                    }
                    case '\r' -> column = 0;
                    case '\u001b' -> {
                        int end = i + 2;
                        while (!Character.isLetter(text.charAt(end))) {
                            end++;
                        }
                        control(text.charAt(end), text.substring(i + 2, end));
                        i = end;
                    }
                    default -> {
                        if (column < columns) {
                            var line = line();
                            line.setLength(Math.max(line.length(), column + 1));
                            line.setCharAt(column, c);
                        }
                        column++;
                    }
                }
            }
        }

        private void control(char command, String argument) {
            switch (command) {
                case 'A' -> row -= Integer.parseInt(argument);
                case 'K' -> line().setLength(Math.min(column, line().length()));
                case 'J' -> {
                    line().setLength(Math.min(column, line().length()));
                    rows.subList(row + 1, rows.size()).clear();
                }
                case 'm', 'h', 'l' -> assertThat(argument).isIn("0", "1", "2", "38;5;173", "38;5;71", "?7");
                default -> throw new AssertionError("control sequence " + argument + command);
            }
            assertThat(row).isNotNegative();
        }

        private StringBuilder line() {
            while (rows.size() <= row) {
                rows.add(new StringBuilder());
            }
            return rows.get(row);
        }

        List<String> lines() {
            return rows.stream()
                    .map(StringBuilder::toString)
                    .filter(line -> !line.isEmpty())
                    .toList();
        }
    }
}
