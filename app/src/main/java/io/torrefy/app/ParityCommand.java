package io.torrefy.app;

import io.torrefy.lm.Parity;
import io.torrefy.nn.SafetensorsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy parity`.
@Command(
        name = "parity",
        description = {
            "Compares models with what a reference implementation dumped for them: logits, loss, hidden states, greedy"
                    + " ids and gradients.",
            "Exit code 1 if a difference is beyond its tolerance."
        })
final class ParityCommand implements Callable<Integer> {
    @Parameters(
            arity = "1..*",
            paramLabel = "DIR",
            description = "Model folder with config.json, model.safetensors, io.safetensors and io.json; the format is"
                    + " that of fixtures/README.md.")
    private List<Path> folders = List.of();

    @Option(names = "--all", description = "Show every tensor, not only the worst of the gradients.")
    private boolean all;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        common.apply();
        boolean passed = true;
        List<Map<String, Object>> models = new ArrayList<>();
        for (Path folder : folders) {
            try {
                Parity.Result result = Parity.check(folder);
                show(result);
                passed &= result.passed();
                models.add(json(result));
            } catch (IllegalArgumentException | SafetensorsException e) {
                // A folder that cannot be loaded is no reason to leave out those after it.
                passed = false;
                String problem = String.valueOf(e.getMessage());
                common.err().println("torrefy: " + problem);
                models.add(Map.of("folder", folder.toString(), "passed", false, "error", problem));
            }
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("passed", passed);
        json.put("models", models);
        common.result(json);
        return passed ? 0 : 1;
    }

    private void show(Parity.Result result) {
        common.out().println(result.folder() + ": " + result.model());
        common.out().println(row("tensor", "values", "largest difference", "of tolerance", "rtol", "atol"));
        for (Parity.Line line : all ? result.lines() : worstOfGroups(result.lines())) {
            common.out()
                    .println(row(
                                    line.what(),
                                    Integer.toString(line.values()),
                                    number(line.difference()),
                                    number(line.used()),
                                    number(line.tolerance().rtol()),
                                    number(line.tolerance().atol()))
                            + (line.passed() ? "" : "  FAILED"));
        }
        if (!result.skipped().isEmpty()) {
            common.out().println("  not compared: " + String.join(", ", result.skipped()));
        }
        long failed = result.lines().stream().filter(line -> !line.passed()).count();
        common.out()
                .println(
                        failed == 0
                                ? "  all " + result.lines().size() + " within tolerance"
                                : "  " + failed + " of " + result.lines().size() + " beyond tolerance");
        common.out().flush();
    }

    /// Gradients, norms and probes of parameters are many: the worst stands for its kind, and what failed is always
    /// shown.
    private static List<Parity.Line> worstOfGroups(List<Parity.Line> lines) {
        Map<String, List<Parity.Line>> groups = new LinkedHashMap<>();
        for (Parity.Line line : lines) {
            String prefix = line.what().substring(0, line.what().indexOf('.') + 1);
            boolean many = List.of("grad.", "norm.", "probe.").contains(prefix);
            groups.computeIfAbsent(many ? prefix : line.what(), _ -> new ArrayList<>())
                    .add(line);
        }
        List<Parity.Line> shown = new ArrayList<>();
        groups.values().forEach(group -> {
            Parity.Line worst = group.stream()
                    .max(Comparator.comparingDouble(Parity.Line::used))
                    .orElseThrow();
            group.stream().filter(line -> line.equals(worst) || !line.passed()).forEach(shown::add);
        });
        return shown;
    }

    private static String row(String what, String values, String difference, String used, String rtol, String atol) {
        return String.format(
                Locale.ROOT, "  %-52s %8s  %18s  %12s  %8s  %8s", what, values, difference, used, rtol, atol);
    }

    private static String number(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, value < 0.001 ? "%.1e" : "%.2g", value);
    }

    private static Map<String, Object> json(Parity.Result result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("folder", result.folder().toString());
        json.put("passed", result.passed());
        json.put("compared", result.lines().size());
        json.put("skipped", result.skipped());
        Parity.Line worst = result.lines().stream()
                .max(Comparator.comparingDouble(Parity.Line::used))
                .orElseThrow();
        json.put("worst", worst.what());
        json.put("worst_of_tolerance", worst.used());
        Map<String, Double> differences = new LinkedHashMap<>();
        worstOfGroups(result.lines()).forEach(line -> differences.put(line.what(), line.difference()));
        json.put("largest_differences", differences);
        json.put(
                "failed",
                result.lines().stream()
                        .filter(line -> !line.passed())
                        .map(Parity.Line::what)
                        .toList());
        return json;
    }
}
