package io.torrefy.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.CurvePage;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.recipe.PipelineFile;
import io.torrefy.posttrain.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// A pipeline as it runs. For every stage:
///
/// 1. its recipe, with what earlier stages left, is checked, and it runs in a folder of its own, or goes on there;
/// 2. the model that it leaves is measured on all benchmarks;
/// 3. the pipeline's checkpoint says that it is done.
///
/// A stage that was killed goes on from its own newest checkpoint, so the pipeline ends with the same bits.
final class PipelineRun implements RunPlan.Body {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROWS = "rows.json";
    private static final String BASE = "base";

    /// A line of the pipeline's table.
    ///
    /// @param what the stage's command and where it comes from
    /// @param measures by benchmark and measure, `countdown/accuracy`; none for a stage that leaves no language
    ///     model
    private record Row(String stage, String what, Map<String, Double> measures) {}

    private final String title;
    private final PipelineFile file;
    private final Map<String, RecipeKind> kinds;
    private final List<Benchmark> benchmarks;
    private final String language;
    /// The stage whose reward model measures too, or nothing.
    private final String judge;
    private final CommonOptions common;
    private final List<Row> rows = new ArrayList<>();

    PipelineRun(
            String title,
            PipelineFile file,
            Map<String, RecipeKind> kinds,
            List<Benchmark> benchmarks,
            String language,
            String judge,
            CommonOptions common) {
        this.title = title;
        this.file = file;
        this.kinds = Map.copyOf(kinds);
        this.benchmarks = List.copyOf(benchmarks);
        this.language = language;
        this.judge = judge;
        this.common = common;
    }

    @Override
    public boolean showsProgress() {
        return false;
    }

    @Override
    public RunPlan.Outcome run(RunFolder run, Progress progress) throws IOException {
        List<PipelineFile.Stage> stages = file.stages();
        int done = 0;
        if (run.resumed().isPresent()) {
            rows.addAll(read(run.resumed().get().folder().resolve(ROWS)));
            done = Math.toIntExact(run.resumed().get().step());
        }
        run.keep(1);
        for (int i = done; i < stages.size(); i++) {
            PipelineFile.Stage stage = stages.get(i);
            say("Stage %d of %d: %s (%s)", i + 1, stages.size(), stage.name(), what(stage));
            Recipe recipe = file.recipe(stage, run.path());
            if (rows.isEmpty()) {
                rows.add(base(recipe, run.path()));
            }
            stage(stage, recipe, PipelineFile.folder(run.path(), stage));
            rows.add(row(stage, run.path()));
            if (stage.name().equals(judge)) {
                again(run.path());
            }
            log(run, i + 1);
            run.checkpoint(i + 1, folder -> Files.writeString(folder.resolve(ROWS), JSON.writeValueAsString(json())));
            report(run.path());
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("stages", stages.size());
        values.put("table", json());
        values.put("seconds", run.elapsed());
        run.result(values);
        return new RunPlan.Outcome(table(), values);
    }

    private void stage(PipelineFile.Stage stage, Recipe recipe, Path folder) throws IOException {
        if (Files.exists(folder.resolve("result.json"))) {
            return; // killed between its end and the checkpoint that says so
        }
        RunPlan plan = kind(stage).plan(recipe, common);
        plan.run(folder, true, "torrefy " + stage.run() + " " + folder.resolve("recipe.yaml"), common)
                .said()
                .forEach(line -> say("  %s", line));
    }

    private RecipeKind kind(PipelineFile.Stage stage) {
        return Objects.requireNonNull(kinds.get(stage.run()));
    }

    private static String what(PipelineFile.Stage stage) {
        return stage.run()
                + (stage.from().isEmpty()
                        ? ""
                        : " from " + String.join(", ", stage.from().values()));
    }

    // ---- measuring -------------------------------------------------------------------------------------------------

    /// The model that the first stage begins with.
    private Row base(Recipe first, Path folder) {
        String model = first.toMap().getOrDefault("model", "").replace("\"", "");
        return model.isEmpty() || !Files.exists(Path.of(model, "config.json"))
                ? new Row(BASE, "-", Map.of())
                : new Row(BASE, model, measured(Path.of(model), folder));
    }

    private Row row(PipelineFile.Stage stage, Path folder) {
        boolean speaks = kind(stage).leaves().equals(RecipeKind.Leaves.MODEL);
        return new Row(stage.name(), what(stage), speaks ? measured(file.left(folder, stage), folder) : Map.of());
    }

    /// What the judge says of the models that were there before it.
    private void again(Path folder) {
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            if (!row.measures.isEmpty()) {
                Path model = i == 0
                        ? Path.of(row.what)
                        : file.left(folder, file.stages().get(i - 1));
                rows.set(i, new Row(row.stage, row.what, measured(model, folder)));
            }
        }
    }

    private Map<String, Double> measured(Path model, Path folder) {
        Optional<Path> scorer = file.stages().stream()
                .filter(stage -> stage.name().equals(judge))
                .findFirst()
                .map(stage -> file.left(folder, stage))
                .filter(Files::exists);
        Map<String, Double> all = new LinkedHashMap<>();
        for (Benchmark benchmark : benchmarks) {
            benchmark
                    .of(model, language, scorer)
                    .forEach((name, value) -> all.put(benchmark.task().name() + "/" + name, value));
        }
        say("  %s", all);
        return all;
    }

    private void log(RunFolder run, int step) {
        Map<String, Double> measures = rows.getLast().measures;
        if (!measures.isEmpty()) {
            run.log(step, measures);
        }
    }

    private void say(String format, Object... values) {
        common.err().println(String.format(Locale.ROOT, format, values));
        common.err().flush();
    }

    // ---- the table -------------------------------------------------------------------------------------------------

    private List<Map<String, Object>> json() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("stage", row.stage);
            one.put("what", row.what);
            one.put("measures", row.measures);
            all.add(one);
        }
        return all;
    }

    private static List<Row> read(Path saved) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (JsonNode row : JSON.readTree(Files.readString(saved))) {
            Map<String, Double> measures = new LinkedHashMap<>();
            row.required("measures")
                    .properties()
                    .forEach(one -> measures.put(one.getKey(), one.getValue().asDouble()));
            rows.add(
                    new Row(row.required("stage").asText(), row.required("what").asText(), measures));
        }
        return rows;
    }

    private List<String> measures() {
        List<String> all = Benchmark.MEASURES;
        return judge.isEmpty() ? all.subList(0, all.size() - 1) : all;
    }

    private List<String> columns() {
        List<String> columns = new ArrayList<>(List.of("stage", "what"));
        for (Benchmark benchmark : benchmarks) {
            for (String measure : measures()) {
                columns.add(benchmarks.size() == 1 ? measure : benchmark.task().name() + " " + measure);
            }
        }
        return columns;
    }

    private List<List<String>> cells() {
        List<List<String>> all = new ArrayList<>();
        for (Row row : rows) {
            List<String> cells = new ArrayList<>(List.of(row.stage, row.what));
            for (Benchmark benchmark : benchmarks) {
                for (String measure : measures()) {
                    double value = row.measures.getOrDefault(benchmark.task().name() + "/" + measure, Double.NaN);
                    cells.add(Double.isNaN(value) ? "-" : Benchmark.text(measure, value));
                }
            }
            all.add(cells);
        }
        return all;
    }

    private List<String> table() {
        return TextTable.lines(columns(), cells());
    }

    /// The pipeline's page: the stages as a curve and as the paper's table. Each stage's own lies in its folder.
    @Override
    public void report(Path folder) {
        List<CurvePage.Curve> curves = new ArrayList<>();
        for (Benchmark benchmark : benchmarks) {
            for (String measure : List.of("accuracy", "readability")) {
                curve(benchmark.task().name() + "/" + measure).ifPresent(curves::add);
            }
        }
        if (curves.isEmpty()) {
            return;
        }
        new CurvePage(
                        title,
                        headline(),
                        "Each stage's report: stages/NAME/report.html. Answers to held-out problems; readability"
                                + " is the share of words in the language " + language,
                        "stage",
                        "0 is the model before the first stage.",
                        curves,
                        columns(),
                        cells())
                .write(folder.resolve("report.html"));
    }

    private Optional<CurvePage.Curve> curve(String name) {
        List<Integer> at = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i).measures.containsKey(name)) {
                at.add(i);
            }
        }
        return at.isEmpty()
                ? Optional.empty()
                : Optional.of(new CurvePage.Curve(
                        name,
                        at.stream().mapToDouble(i -> i).toArray(),
                        at.stream()
                                .mapToDouble(i -> rows.get(i).measures.getOrDefault(name, Double.NaN))
                                .toArray()));
    }

    /// Where it began and how far it came. A last stage need not be the best: it may be a smaller model's.
    private String headline() {
        String first = benchmarks.getFirst().task().name() + "/accuracy";
        List<Row> measured =
                rows.stream().filter(row -> row.measures.containsKey(first)).toList();
        Row best = measured.stream()
                .max(Comparator.comparingDouble(row -> row.measures.getOrDefault(first, 0.0)))
                .orElseThrow();
        return String.format(
                Locale.ROOT,
                "%s: %.1f %% of %s, %.1f %% of %s",
                first,
                100 * measured.getFirst().measures.getOrDefault(first, Double.NaN),
                measured.getFirst().stage,
                100 * best.measures.getOrDefault(first, Double.NaN),
                best.stage);
    }
}
