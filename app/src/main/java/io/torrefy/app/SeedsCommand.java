package io.torrefy.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.CurvePage;
import io.torrefy.posttrain.RunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy seeds`.
@Command(
        name = "seeds",
        description = {
            "Puts one pipeline's runs, or one comparison of searches, from several seeds on one page: the mean of every"
                    + " number, with the least and the greatest.",
            "Folders are those of torrefy pipeline or of torrefy eval --search."
        })
final class SeedsCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// What is drawn, where it was measured.
    private static final List<String> DRAWN = List.of("accuracy", "readability");

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "A run's folder each.")
    private List<Path> folders = List.of();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "The page. Default: seeds.html beside the first folder.")
    private Optional<Path> out = Optional.empty();

    @Mixin
    private CommonOptions common = new CommonOptions();

    /// A run: of each line, by its name, the measures.
    private record Run(boolean search, Map<String, Map<String, Double>> lines) {}

    @Override
    public Integer call() throws IOException {
        common.apply();
        List<Run> runs = new ArrayList<>();
        for (Path folder : folders) {
            runs.add(read(folder));
        }
        Run first = runs.getFirst();
        for (int i = 1; i < runs.size(); i++) {
            if (!runs.get(i).lines.keySet().equals(first.lines.keySet())) {
                throw new RunException("[seeds] expected runs of one pipeline or of the same searches; got "
                        + first.lines.keySet() + " in " + folders.getFirst() + " and "
                        + runs.get(i).lines.keySet() + " in " + folders.get(i));
            }
        }
        List<String> measures = first.lines.values().stream()
                .flatMap(line -> line.keySet().stream())
                .distinct()
                .toList();
        List<String> columns = new ArrayList<>(measures);
        columns.addFirst(first.search ? "search" : "stage");
        List<List<String>> rows = new ArrayList<>();
        Map<String, Object> json = new LinkedHashMap<>();
        for (String line : first.lines.keySet()) {
            List<String> cells = new ArrayList<>(List.of(line));
            Map<String, double[]> numbers = new LinkedHashMap<>();
            for (String measure : measures) {
                Optional<double[]> spread = spread(runs, line, measure);
                spread.ifPresent(three -> numbers.put(measure, three));
                cells.add(spread.map(three -> text(measure, three)).orElse("-"));
            }
            json.put(line, numbers);
            rows.add(cells);
        }
        TextTable.lines(columns, rows).forEach(common.out()::println);
        Path page = out.orElseGet(() -> folders.getFirst().toAbsolutePath().resolveSibling("seeds.html"));
        page(first, runs, columns, rows).write(page);
        common.out().println("Report: " + page);
        common.result(Map.of("runs", folders.size(), "lines", json, "report", page.toString()));
        return 0;
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    private Run read(Path folder) throws IOException {
        Path search = folder.resolve("search.json");
        Path pipeline = folder.resolve("result.json");
        Path file = Files.exists(search) ? search : pipeline;
        if (!Files.exists(file)) {
            throw new RunException("[seeds] expected a finished pipeline's result.json or search.json in " + folder
                    + "; there is neither. Hint: torrefy pipeline FILE --resume ends one that was stopped.");
        }
        boolean searched = file.equals(search);
        try {
            JsonNode all = JSON.readTree(Files.readString(file));
            Map<String, Map<String, Double>> lines = new LinkedHashMap<>();
            for (JsonNode line : all.required(searched ? "searches" : "table")) {
                JsonNode numbers = searched ? line : line.required("measures");
                Map<String, Double> measures = new LinkedHashMap<>();
                numbers.properties().forEach(one -> {
                    boolean drawn = !searched
                            || List.of("accuracy", "tokens_per_problem").contains(one.getKey());
                    if (one.getValue().isNumber() && drawn) {
                        measures.put(one.getKey(), one.getValue().asDouble());
                    }
                });
                if (!measures.isEmpty()) {
                    lines.put(line.required(searched ? "search" : "stage").asText(), measures);
                }
            }
            return new Run(searched, lines);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new RunException("[seeds] expected what torrefy pipeline or torrefy eval --search wrote; got " + file
                    + ": " + e.getMessage());
        }
    }

    /// Mean, least and greatest.
    private static Optional<double[]> spread(List<Run> runs, String line, String measure) {
        double[] values = runs.stream()
                .map(run -> run.lines.getOrDefault(line, Map.of()).get(measure))
                .filter(value -> value != null)
                .mapToDouble(value -> value)
                .toArray();
        if (values.length == 0) {
            return Optional.empty();
        }
        double sum = 0;
        double least = values[0];
        double most = values[0];
        for (double value : values) {
            sum += value;
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        return Optional.of(new double[] {sum / values.length, least, most});
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    private static String text(String measure, double[] spread) {
        String name = measure.substring(measure.indexOf('/') + 1);
        return number(name, spread[0]) + " (" + number(name, spread[1]).replace(" %", "") + "-"
                + number(name, spread[2]).replace(" %", "") + ")";
    }

    private static String number(String measure, double value) {
        return measure.equals("tokens_per_problem")
                ? String.format(Locale.ROOT, "%.1f", value)
                : Benchmark.text(measure, value);
    }

    private CurvePage page(Run first, List<Run> runs, List<String> columns, List<List<String>> rows) {
        List<CurvePage.Curve> curves = new ArrayList<>();
        if (first.search) {
            Map<String, List<double[]>> families = new LinkedHashMap<>();
            for (String line : first.lines.keySet()) {
                families.computeIfAbsent(line.replaceAll("(-\\d+)?(:.*)?$", ""), _ -> new ArrayList<>())
                        .add(new double[] {
                            spread(runs, line, "tokens_per_problem").orElseThrow()[0],
                            spread(runs, line, "accuracy").orElseThrow()[0]
                        });
            }
            families.forEach((family, points) -> {
                points.sort((a, b) -> Double.compare(a[0], b[0]));
                curves.add(curve(family, points));
            });
        } else {
            for (String measure : columns) {
                if (DRAWN.contains(measure.substring(measure.indexOf('/') + 1))) {
                    List<double[]> points = new ArrayList<>();
                    int at = 0;
                    for (String line : first.lines.keySet()) {
                        int x = at++;
                        spread(runs, line, measure).ifPresent(three -> points.add(new double[] {x, three[0]}));
                    }
                    curves.add(curve(measure, points));
                }
            }
        }
        return new CurvePage(
                first.search ? "Searches" : "Pipelines",
                (first.search ? "Searches" : "The stages") + " from " + runs.size()
                        + (runs.size() == 1 ? " seed" : " seeds"),
                "Means, with the least and the greatest · "
                        + String.join(", ", folders.stream().map(Path::toString).toList()),
                first.search ? "tokens per problem" : "line of the table",
                first.search ? "Accuracy against all tokens generated." : "0 is the table's first line.",
                curves,
                columns,
                rows);
    }

    private static CurvePage.Curve curve(String name, List<double[]> points) {
        return new CurvePage.Curve(
                name,
                points.stream().mapToDouble(p -> p[0]).toArray(),
                points.stream().mapToDouble(p -> p[1]).toArray());
    }
}
