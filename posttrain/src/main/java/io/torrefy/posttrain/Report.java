package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.export.Export;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// `report.html`: what came of a run, on one page that needs nothing but itself. Made from the files of the run folder
/// alone, so it can be made again at any time, of a run that goes on or was killed too. The page's policy forbids
/// it any network and any script but its own; everything a model wrote is shown as text.
@Export(value = "posttrain.Report", since = "0.1")
public final class Report {
    static final List<String> COLORS = List.of("c1", "c2", "c3", "c4", "c5", "c6");

    /// Metrics with a chart of their own.
    private static final Set<String> CHARTED = Set.of(
            RunMetrics.ACCURACY,
            RunMetrics.LOSS,
            RunMetrics.GRAD_NORM,
            RunMetrics.LEARNING_RATE,
            RunMetrics.ENTROPY,
            RunMetrics.KL);

    private final RunData data;

    private Report(RunData data) {
        this.data = data;
    }

    /// Writes `report.html` into `runFolder` and returns its path.
    ///
    /// @throws RunException where the folder holds no run, or cannot be written
    public static Path write(Path runFolder) {
        var file = runFolder.resolve("report.html");
        try {
            AtomicFiles.write(file, html(runFolder).getBytes(StandardCharsets.UTF_8));
            return file;
        } catch (IOException e) {
            throw RunException.of("write " + file, e);
        }
    }

    /// The page itself.
    public static String html(Path runFolder) {
        try {
            return new Report(RunData.read(runFolder)).page();
        } catch (IOException e) {
            throw RunException.of("read the run in " + runFolder, e);
        }
    }

    private String page() throws IOException {
        return page(
                name() + ": " + headline(),
                header()
                        + tiles()
                        + troubles()
                        + accuracy()
                        + curves()
                        + stepTime()
                        + new ReportSamples(data).html()
                        + tables()
                        + footer());
    }

    /// A page of this look around what its body holds.
    static String page(String title, String main) throws IOException {
        var script = resource("report.js");
        var policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-"
                + sha256(script) + "'";
        return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta http-equiv=\"Content-Security-Policy\" content=\"" + policy + "\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<meta name=\"color-scheme\" content=\"light dark\">\n"
                + "<title>" + Html.escape(title) + "</title>\n"
                + "<style>\n" + resource("report.css") + "</style>\n</head>\n<body>\n<main>\n"
                + main
                + "</main>\n<script>" + script + "</script>\n</body>\n</html>\n";
    }

    /// A page of this look for a result that is no run.
    ///
    /// @param body HTML
    static String page(String name, String headline, String lead, String body) {
        try {
            return page(
                    name + ": " + headline,
                    "<header>\n<p class=\"eyebrow\">" + bean() + "<span>" + Html.escape(name) + "</span></p>\n<h1>"
                            + Html.escape(headline) + "</h1>\n<p class=\"lead\">" + Html.escape(lead)
                            + "</p>\n</header>\n" + body + "<footer>Torrefy</footer>\n");
        } catch (IOException e) {
            throw RunException.of("read the page's style", e);
        }
    }

    /// A table in numbers; the first cell of a row is its head.
    ///
    /// @param columns the table's head; none for a table without
    static String table(List<String> columns, List<List<String>> rows) {
        return "<section class=\"tables\">\n<div><h2>In numbers</h2>\n<table class=\"card\">\n"
                + (columns.isEmpty() ? "" : row(columns))
                + rows.stream().map(Report::row).collect(Collectors.joining()) + "</table></div>\n</section>\n";
    }

    private static String row(List<String> cells) {
        return cells.stream()
                .skip(1)
                .map(cell -> "<td>" + Html.escape(cell) + "</td>")
                .collect(Collectors.joining(
                        "", "<tr><th scope=\"row\">" + Html.escape(cells.getFirst()) + "</th>", "</tr>\n"));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Report.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String sha256(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("[report] expected a Java runtime with SHA-256", e);
        }
    }

    private String name() {
        return data.run().path("name").asText(data.name());
    }

    private String headline() {
        var before = data.accuracyBefore();
        var after = data.accuracyAfter();
        if (before.isPresent() && after.isPresent()) {
            double gain = after.get() - before.get();
            var verb = Math.abs(gain) < 5e-4 ? "stayed" : gain > 0 ? "rose" : "fell";
            return "Held-out accuracy " + verb + " from " + Figures.percent(before.get()) + " to "
                    + Figures.percent(after.get());
        }
        return data.find(RunMetrics.REWARD)
                .map(reward -> went("Reward", reward))
                .or(() -> data.find(RunMetrics.EVAL_LOSS).map(loss -> went("Held-out loss", loss)))
                .or(() -> data.find(RunMetrics.LOSS).map(loss -> went("Loss", loss)))
                .orElse("Nothing to show yet");
    }

    private static String went(String what, RunData.Series series) {
        return what + " went from " + Figures.number(series.first()) + " to " + Figures.number(series.last());
    }

    private String header() {
        return "<header>\n<p class=\"eyebrow\">" + bean() + "<span>" + Html.escape(name()) + "</span>"
                + (data.result().isMissingNode() ? "<em>not finished</em>" : "") + "</p>\n<h1>"
                + Html.escape(headline()) + "</h1>\n<p class=\"lead\">" + Html.escape(lead()) + "</p>\n</header>\n";
    }

    /// A bean.
    static String bean() {
        return "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><ellipse cx=\"12\" cy=\"12\" rx=\"7.2\" ry=\"10\""
                + " transform=\"rotate(32 12 12)\"/><path d=\"M16.6 4.2c-1 3.6-4.2 4.6-5 8.2-.6 2.6-2.4 5-4.4 7.2\"/>"
                + "</svg>";
    }

    private String lead() {
        var parts = new ArrayList<String>();
        long steps = data.lastStep();
        var planned = RunData.number(data.config(), "steps").filter(all -> all > steps);
        parts.add(String.format(Locale.ROOT, "%,d", steps)
                + planned.map(all -> String.format(Locale.ROOT, " of %,.0f", all))
                        .orElse("") + " steps in "
                + words(Duration.ofSeconds(Math.round(data.elapsed()))));
        var machine = data.run().path("machine");
        if (machine.path("cpu").isTextual()) {
            parts.add(machine.path("cores").asInt() + (machine.path("cores").asInt() == 1 ? " core" : " cores") + " of "
                    + machine.path("cpu").asText());
        }
        if (!data.run().path("seed").isMissingNode()) {
            parts.add("seed " + data.run().path("seed").asText());
        }
        int resumes = data.run().path("resumes").asInt();
        if (resumes > 0) {
            parts.add("resumed " + (resumes == 1 ? "once" : resumes + " times"));
        }
        return String.join(" · ", parts);
    }

    static String words(Duration time) {
        return time.toHours() > 0
                ? time.toHours() + " h " + time.toMinutesPart() + " min"
                : time.toMinutes() > 0
                        ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
                        : time.toSeconds() + " s";
    }

    private String tiles() {
        var tiles = new LinkedHashMap<String, String>();
        data.accuracyBefore().ifPresent(before -> tiles.put("accuracy before", Figures.percent(before)));
        data.accuracyAfter().ifPresent(after -> tiles.put("accuracy after", Figures.percent(after)));
        data.accuracyBefore()
                .ifPresent(before -> data.accuracyAfter()
                        .ifPresent(after -> tiles.put(
                                "points gained", String.format(Locale.ROOT, "%+.1f", 100 * (after - before)))));
        data.find(RunMetrics.REWARD).ifPresent(reward -> tiles.put("last reward", Figures.number(reward.last())));
        RunData.number(data.result(), "tokens_per_second")
                .or(() -> data.find(RunMetrics.TOKENS_PER_SECOND).map(RunData.Series::last))
                .ifPresent(rate -> tiles.put("tokens per second", String.format(Locale.ROOT, "%,.0f", rate)));
        tiles.put("time", Figures.clock(Duration.ofSeconds(Math.round(data.elapsed()))));
        return tiles.entrySet().stream()
                .map(tile -> "<div><dt>" + tile.getKey() + "</dt><dd>" + Html.escape(tile.getValue()) + "</dd></div>")
                .collect(Collectors.joining("", "<dl class=\"tiles\">", "</dl>\n"));
    }

    /// What went wrong, in words; nothing where nothing did.
    private String troubles() {
        return data.troubles().isEmpty()
                ? ""
                : data.troubles().stream()
                        .map(trouble -> "<li><b>" + Html.escape(trouble.title()) + "</b> from step " + trouble.step()
                                + " on: "
                                + Html.escape(
                                        trouble.seen() + ". " + trouble.meaning() + ". Try: " + trouble.advice() + ".")
                                + "</li>")
                        .collect(Collectors.joining(
                                "",
                                "<section class=\"trouble\">\n<h2>Signs of trouble</h2>\n<ul>",
                                "</ul>\n</section>\n"));
    }

    private String accuracy() {
        var lines = new ArrayList<Chart.Line>();
        data.find(RunMetrics.EVAL_ACCURACY)
                .ifPresent(evals ->
                        lines.add(new Chart.Line("held-out problems, greedy", "c2", evals, Chart.Shape.POINTS)));
        data.find(RunMetrics.VALIDATION_ACCURACY)
                .ifPresent(evals ->
                        lines.add(new Chart.Line("validation problems, greedy", "c3", evals, Chart.Shape.POINTS)));
        boolean solves = !lines.isEmpty() || data.find(RunMetrics.REWARD).isPresent();
        data.find(RunMetrics.HELD_OUT + RunMetrics.ACCURACY)
                .ifPresent(evals -> lines.add(new Chart.Line("held out", "c2", evals, Chart.Shape.POINTS)));
        data.find(RunMetrics.ACCURACY)
                .ifPresent(train -> lines.add(new Chart.Line(
                        solves ? "training problems, sampled" : "training", "c1", train, Chart.Shape.SMOOTHED)));
        return lines.isEmpty()
                ? ""
                : Chart.ofFractions(
                                "Accuracy",
                                (solves ? "Problems solved, as the verifier judges." : "Judged as the labels say.")
                                        + " Faint: each step; bold: mean of nearby steps.",
                                lines)
                        .html("hero");
    }

    private String curves() {
        var charts = new StringBuilder();
        var rewards = new ArrayList<Chart.Line>();
        data.find(RunMetrics.REWARD)
                .ifPresent(all -> rewards.add(new Chart.Line("total", "c1", all, Chart.Shape.SMOOTHED)));
        var colors = COLORS.iterator();
        colors.next();
        data.series().entrySet().stream()
                .filter(one -> !rewards.isEmpty() && one.getKey().startsWith(RunMetrics.REWARD_PARTS))
                .limit(COLORS.size() - 2L)
                .forEach(one -> rewards.add(new Chart.Line(
                        one.getKey().substring(RunMetrics.REWARD_PARTS.length()),
                        colors.next(),
                        one.getValue(),
                        Chart.Shape.SMOOTHED)));
        data.find(RunMetrics.VALIDATION_REWARD)
                .ifPresent(evals ->
                        rewards.add(new Chart.Line("validation problems, greedy", "c6", evals, Chart.Shape.POINTS)));
        if (!rewards.isEmpty()) {
            charts.append(Chart.of("Reward", "Mean per completion.", Chart.Unit.NUMBER, rewards)
                    .html(""));
        }
        curve(charts, RunMetrics.RESPONSE_LENGTH, "Response length", "Tokens per completion.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.KL, "KL divergence", "From the reference model, nats per token.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.ENTROPY, "Entropy", "Of the policy, nats per token.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.CLIP_FRACTION, "Clip fraction", "Tokens whose ratio is clipped.", Chart.Unit.PERCENT);
        curve(charts, RunMetrics.GRAD_NORM, "Gradient norm", "Before clipping.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.ZERO_VARIANCE, "Groups without a signal", "All rewards equal.", Chart.Unit.PERCENT);
        curve(charts, RunMetrics.FILTERED_GROUPS, "Groups thrown away", "By dynamic sampling.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.NUM_GEN_BATCHES, "Draws of problems", "For a step.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.MASKED_TRUNCATED, "Left out of the loss", "Cut off.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.TURNS, "Turns", "Of the model in an episode.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.TOOL_CALLS, "Tool calls", "Per episode.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.TOOL_FAILURES, "Failed tool calls", "Of all calls.", Chart.Unit.PERCENT);
        curve(charts, RunMetrics.STALENESS, "Staleness", "Steps behind, of what sampled.", Chart.Unit.NUMBER);
        curve(
                charts,
                RunMetrics.LOGP_DIFFERENCE,
                "Sampling gap",
                "Log-probability at sampling and at the update, mean distance in nats.",
                Chart.Unit.NUMBER);
        curve(charts, RunMetrics.TRUNCATED, "Cut off", "Completions at the length limit.", Chart.Unit.PERCENT);
        losses(charts);
        curve(charts, RunMetrics.LEARNING_RATE, "Learning rate", "Of the optimiser.", Chart.Unit.NUMBER);
        curve(charts, RunMetrics.TOKENS_PER_SECOND, "Speed", "Generated tokens per second.", Chart.Unit.NUMBER);
        if (rewards.isEmpty()) {
            // A run without rollouts: what else it measured, by its own names.
            others(charts);
        }
        return charts.isEmpty()
                ? ""
                : "<section>\n<h2>Curves</h2>\n<div class=\"grid\">\n" + charts + "</div>\n</section>\n";
    }

    private void losses(StringBuilder charts) {
        var lines = new ArrayList<Chart.Line>();
        data.find(RunMetrics.LOSS)
                .ifPresent(loss -> lines.add(new Chart.Line("training", "c1", loss, Chart.Shape.SMOOTHED)));
        data.find(RunMetrics.EVAL_LOSS)
                .ifPresent(loss -> lines.add(new Chart.Line("held out", "c2", loss, Chart.Shape.POINTS)));
        if (!lines.isEmpty()) {
            charts.append(
                    Chart.of("Loss", "Mean per step.", Chart.Unit.NUMBER, lines).html(""));
        }
    }

    private void others(StringBuilder charts) {
        data.series().forEach((name, series) -> {
            var held = data.find(RunMetrics.HELD_OUT + name);
            if (!CHARTED.contains(name) && !name.startsWith(RunMetrics.HELD_OUT) && !name.startsWith(RunMetrics.TIME)) {
                var lines = new ArrayList<>(List.of(new Chart.Line("training", "c1", series, Chart.Shape.SMOOTHED)));
                held.ifPresent(points -> lines.add(new Chart.Line("held out", "c2", points, Chart.Shape.POINTS)));
                charts.append(Chart.of(name, "Mean per step.", Chart.Unit.NUMBER, lines)
                        .html(""));
            }
        });
    }

    private void curve(StringBuilder charts, String metric, String title, String hint, Chart.Unit unit) {
        var shape = metric.equals(RunMetrics.LEARNING_RATE) ? Chart.Shape.EXACT : Chart.Shape.SMOOTHED;
        data.find(metric)
                .map(series -> Chart.of(title, hint, unit, List.of(new Chart.Line(title, "c1", series, shape))))
                .ifPresent(chart -> charts.append(chart.html("")));
    }

    private String stepTime() {
        var seconds = new LinkedHashMap<String, Double>();
        data.series().forEach((name, series) -> {
            if (name.startsWith(RunMetrics.TIME) && !name.equals(RunMetrics.STEP_TIME)) {
                seconds.put(name.substring(RunMetrics.TIME.length()), sum(series));
            }
        });
        if (seconds.isEmpty()) {
            return "";
        }
        double known =
                seconds.values().stream().mapToDouble(Double::doubleValue).sum();
        double whole = data.find(RunMetrics.STEP_TIME).map(Report::sum).orElse(known);
        if (whole - known > 0.005 * whole) {
            seconds.put("other", whole - known);
        }
        return "<section>\n<h2>Where a step's time goes</h2>\n<div class=\"card\">" + timeBar(seconds)
                + "</div>\n</section>\n";
    }

    private String timeBar(Map<String, Double> seconds) {
        double all = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
        long steps = Math.max(1, data.lastStep());
        var bar = new StringBuilder("<div class=\"stack\" aria-hidden=\"true\">");
        var rows = new StringBuilder();
        int i = 0;
        for (var part : seconds.entrySet()) {
            double share = all == 0 ? 0 : part.getValue() / all;
            var color = part.getKey().equals("other") ? "c0" : COLORS.get(i++ % COLORS.size());
            bar.append("<i class=\"" + color + "\" style=\"width:" + Html.percent(share) + "\"></i>");
            rows.append("<tr><th class=\"" + color + "\" scope=\"row\">" + Html.escape(part.getKey()) + "</th><td>"
                    + Figures.percent(share) + "</td><td>" + Figures.number(part.getValue() / steps)
                    + " s per step</td></tr>");
        }
        return bar + "</div>\n<table class=\"split\">" + rows + "</table>";
    }

    private static double sum(RunData.Series series) {
        double sum = 0;
        for (double value : series.values()) {
            sum += Double.isFinite(value) ? value : 0;
        }
        return sum;
    }

    private String tables() {
        var run = new LinkedHashMap<String, JsonNode>(RunJson.leaves(data.run()));
        var machine = new LinkedHashMap<String, JsonNode>();
        run.keySet().stream()
                .filter(key -> key.startsWith("machine."))
                .toList()
                .forEach(key -> Optional.ofNullable(run.remove(key))
                        .ifPresent(value -> machine.put(key.substring("machine.".length()), value)));
        return "<section class=\"tables\">\n" + table("Configuration", RunJson.leaves(data.config())) + "<div>\n"
                + table("Run", run) + table("Machine", machine) + "</div>\n</section>\n";
    }

    private static String table(String title, Map<String, JsonNode> rows) {
        rows.remove("");
        return rows.isEmpty()
                ? ""
                : rows.entrySet().stream()
                        .map(row -> "<tr><th scope=\"row\">" + Html.escape(row.getKey()) + "</th><td>"
                                + Html.escape(text(row.getValue())) + "</td></tr>")
                        .collect(Collectors.joining(
                                "\n", "<div><h2>" + title + "</h2>\n<table class=\"card\">\n", "\n</table></div>\n"));
    }

    private static String text(JsonNode value) {
        return value.isContainerNode() ? value.toString() : value.asText();
    }

    private String footer() {
        var version = data.run().path("version").asText("");
        return "<footer>Torrefy" + Html.escape(version.isEmpty() ? "" : " " + version) + " · "
                + Html.escape(data.name()) + "</footer>\n";
    }
}
