package io.torrefy.bench;

import static io.torrefy.bench.Made.result;
import static io.torrefy.bench.Made.row;
import static io.torrefy.bench.Made.speeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static String written(Consumer<Report> what) {
        var text = new StringWriter();
        what.accept(new Report(new PrintWriter(text)));
        return text.toString();
    }

    private static Run on(String commit, boolean dirty) {
        return new Run("t", commit, dirty, "Fast CPU", 2, "25.0.3+9", "Linux 6", 7, false, List.of(), List.of());
    }

    @Test
    void theHeaderNamesTheMachine() {
        assertThat(written(report -> report.header(on("0123456789abcdef", true))))
                .startsWith("Fast CPU, 2 cores; JDK 25.0.3+9; Linux 6; commit 0123456789 with changes\nwork ");
        assertThat(written(report -> report.header(on("0123456789abcdef", false))))
                .startsWith("Fast CPU, 2 cores; JDK 25.0.3+9; Linux 6; commit 0123456789\n");
        assertThat(written(report -> report.header(on(null, false)))).contains("; no commit\n");
    }

    @Test
    void aRowHasALineForEachAndTheTargetAtTheBestPeer() {
        Row row = row("gemm").atLeast(1.9);
        String[] lines = written(report -> report.row(
                        result(row, 2, speeds(1e11, 2e11, 3e11), speeds(1e11, 1e11, 1e11), speeds(2e10, 4e10, 6e10))))
                .split("\n");
        assertThat(lines).hasSize(3);
        assertThat(lines[0]).matches("Work gemm +2  torrefy +2\\.00 ms \\(1\\.90-2\\.10\\) 200 GF/s");
        assertThat(lines[1]).matches(" +BLAS +2\\.00 ms .* 100 GF/s +2\\.00 \\(1\\.50-2\\.50\\) +>= 1\\.90 ok");
        assertThat(lines[2]).matches(" +torch +2\\.00 ms .* 40 GF/s +5\\.00 \\(5\\.00-5\\.00\\)");
        assertThat(lines[1].indexOf("BLAS")).isEqualTo(lines[0].indexOf("torrefy"));
        String missed = written(report -> report.row(result(row, 2, speeds(1), speeds(1), null)));
        assertThat(missed).contains(">= 1.90 MISSED");
    }

    @Test
    void whoIsMissingSaysWhy() {
        String[] lines = written(report -> report.row(result(row("r").atLeast(1), 1, speeds(2e6), null, null)))
                .split("\n");
        assertThat(lines[0]).endsWith("0 GF/s");
        assertThat(lines[1]).containsPattern("BLAS +- needs --python PYTHON$");
        assertThat(lines[2]).containsPattern("torch +- needs --python PYTHON$");
    }

    @Test
    void memoryIsInMegabytesAndLessIsBetter() {
        Row row = row("m").memoryAtMost(0.7);
        String[] lines = written(report -> report.row(Made.memory(row, 2, 600_000_000, 1_000_000_000, 900_000_000)))
                .split("\n");
        assertThat(lines[0]).containsPattern("torrefy +600 MB$");
        assertThat(lines[1]).matches(" +BLAS +1000 MB +0\\.60 \\(0\\.60-0\\.60\\)");
        assertThat(lines[2]).matches(" +torch +900 MB +0\\.67 \\(0\\.67-0\\.67\\) +<= 0\\.70 ok");
    }

    @Test
    void suitesSayOfHowManyRowsTheyAre() {
        String[] lines = written(report -> report.suites(List.of(
                        new Suite("sgemm", 1, 27, 27, 0.98, 0.97, true),
                        new Suite("sgemm", 2, 27, 27, 0.96, 0.97, false),
                        new Suite("sgemm", 2, 3, 27, 0.98, 0.97, null),
                        new Suite("sgemm", 2, 0, 27, null, 0.97, null),
                        new Suite("loss", 2, 4, 4, 2.5, null, null))))
                .split("\n");
        assertThat(lines[0]).matches("Geometric mean of 27 rows of sgemm +1  best peers +0\\.98 +>= 0\\.97 ok");
        assertThat(lines[1]).matches(".* 2  best peers +0\\.96 +>= 0\\.97 MISSED");
        assertThat(lines[2]).matches("Geometric mean of 3 of 27 rows of sgemm .* 0\\.98 +>= 0\\.97 \\?");
        assertThat(lines[3]).matches("Geometric mean of 0 of 27 rows .* - none of them ran +>= 0\\.97 \\?");
        assertThat(lines[4]).matches("Geometric mean of 4 rows of loss +2  best peers +2\\.50");
    }

    @Test
    void whatGotSlowerIsSaidWithBothNumbers() {
        var ratio = new Regression.Change(
                "gemm", 2, 3, false, "BLAS", "", new Stats(0.94, 0.95, 0.96), new Stats(0.8, 0.81, 0.82));
        var speed = new Regression.Change("rms", 1, 1, false, null, "bytes", Stats.of(12e9), Stats.of(6e9));
        var memory = new Regression.Change("m", 2, 5, true, null, "tokens", Stats.of(6e8), Stats.of(9e8));
        assertThat(written(report -> report.verdict(new Regression.Verdict(List.of(ratio, speed, memory), 9, 9))))
                .isEqualTo("""
                        slower than the last 3 runs: gemm, 2 threads: 0.95 (0.94-0.96) x BLAS then, 0.81 (0.80-0.82) x BLAS now
                        slower than the last run: rms, 1 thread: 12.0 GB/s then, 6.0 GB/s now
                        more memory than the last 5 runs: m, 2 threads: 600 MB then, 900 MB now
                        """);
        assertThat(written(report -> report.verdict(new Regression.Verdict(List.of(), 3, 4))))
                .isEqualTo("no row got slower (3 of 4 have a history on this processor)\n");
    }

    @Test
    void numbersHaveAPointInEveryLanguage() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertThat(written(report -> report.row(result(row("r").atLeast(1), 1, speeds(3), speeds(2)))))
                    .contains("1.50 (1.50-1.50)")
                    .doesNotContain(",");
        } finally {
            Locale.setDefault(before);
        }
    }
}
