package io.torrefy.app;

import io.torrefy.posttrain.CurvePage;
import io.torrefy.posttrain.PicturePage;
import io.torrefy.rl.plot.CurvePlot;
import io.torrefy.rl.plot.Picture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `torrefy rl compare`.
@Command(
        name = "compare",
        description =
                "Runs several algorithms in one environment, each from several seeds, and draws their learning curves together:"
                        + " the mean of the seeds, and one standard deviation to both sides.")
final class RlCompareCommand implements Callable<Integer> {
    @Mixin
    private RlOptions options = new RlOptions();

    @Option(
            names = "--algorithms",
            paramLabel = "NAME",
            split = ",",
            required = true,
            description = "Two or more, of one kind, with commas between.")
    private List<String> algorithms = List.of();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Runs of each, from --seed on. Default: ${DEFAULT-VALUE}.")
    private int seeds = 5;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(seeds >= 1, "--seeds", "at least 1", seeds);
        RlTask task = options.task(common);
        List<RlAlgorithm> chosen = new ArrayList<>();
        for (String name : algorithms) {
            chosen.add(options.algorithm(common, "--algorithms", name));
        }
        common.check(chosen.size() >= 2, "--algorithms", "two or more", algorithms);
        common.check(
                chosen.stream().distinct().count() == chosen.size(), "--algorithms", "each of them once", algorithms);
        boolean table = chosen.getFirst().kind() == RlAlgorithm.Kind.TABULAR;
        common.check(
                chosen.stream()
                        .allMatch(algorithm -> algorithm.kind() != RlAlgorithm.Kind.PLANNING
                                && (algorithm.kind() == RlAlgorithm.Kind.TABULAR) == table),
                "--algorithms",
                "algorithms that learn from samples, all with tables or all with networks",
                algorithms);
        List<CurvePlot.Line> lines = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        List<Map<String, Object>> results = new ArrayList<>();
        boolean networks = !table;
        for (RlAlgorithm algorithm : chosen) {
            List<RlResult> runs = runs(algorithm, task);
            lines.add(RlPictures.line(algorithm.name(), runs));
            double[] last = runs.stream()
                    .mapToDouble(run -> RlResult.lastMean(run.returns(), table ? 100 : 1))
                    .toArray();
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("algorithm", algorithm.name());
            result.put("mean_return_last_100", last);
            results.add(result);
            String said = String.format(Locale.ROOT, "%.2f ± %.2f", mean(last), deviation(last));
            rows.add(List.of(algorithm.name(), said));
            common.out().printf(Locale.ROOT, "%-28s %s (last 100 episodes, %d seeds)%n", algorithm.name(), said, seeds);
        }
        Path folder = options.folder();
        Picture picture = RlPictures.returns(task.env(), lines, networks).picture();
        picture.writeSvg(folder.resolve("curve.svg"));
        picture.writePng(folder.resolve("curve.png"), 2);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("environment", task.env());
        line.put("gamma", task.gamma());
        line.put("seeds", seeds);
        line.put("results", results);
        line.put("run", folder.toString());
        CurvePage.write(folder.resolve("result.json"), Json.line(line) + "\n");
        Path page = folder.resolve("report.html");
        new PicturePage(
                        "Reinforcement learning",
                        String.join(", ", algorithms) + " in " + task.env(),
                        "gamma " + task.gamma() + " · seeds " + task.seed() + " to " + (task.seed() + seeds - 1),
                        Map.of("Learning curves", picture.svg()),
                        rows)
                .write(page);
        common.out().println("Report: " + page);
        common.result(line);
        return 0;
    }

    private List<RlResult> runs(RlAlgorithm algorithm, RlTask task) {
        List<RlResult> runs = new ArrayList<>();
        for (int i = 0; i < seeds; i++) {
            RlProgress progress = new RlProgress(common.err(), algorithm.name() + " seed " + (task.seed() + i));
            try {
                runs.add(algorithm.runner().run(task.withSeed(task.seed() + i), progress::show));
            } catch (IllegalArgumentException e) {
                throw common.bad(String.valueOf(e.getMessage()));
            }
            progress.done();
        }
        return runs;
    }

    private static double mean(double[] values) {
        return RlResult.lastMean(values, values.length);
    }

    private static double deviation(double[] values) {
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / Math.max(1, values.length - 1));
    }
}
