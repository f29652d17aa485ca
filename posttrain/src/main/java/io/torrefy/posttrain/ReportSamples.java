package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The part of a report that shows what the model wrote: `before` and `after` samples of the same prompts side by
/// side, in the order of the file; where there are no such pairs, the last samples of training.
final class ReportSamples {
    private static final int MOST = 6;

    private final List<RunSample> samples;

    ReportSamples(RunData data) {
        this.samples = data.samples();
    }

    String html() {
        var pairs = new ArrayList<String>();
        for (var before : ofPhase("before")) {
            ofPhase("after").stream()
                    .filter(after -> after.prompt().equals(before.prompt()))
                    .findFirst()
                    .ifPresent(after -> pairs.add(pair(before, after)));
        }
        if (!pairs.isEmpty()) {
            return section("Before and after", pairs.stream().limit(MOST).toList());
        }
        var last = samples.subList(Math.max(0, samples.size() - MOST), samples.size()).stream()
                .map(sample -> card(sample.prompt(), sample.target(), completion("Sampled", sample)))
                .toList();
        return last.isEmpty() ? "" : section("Samples", last);
    }

    private List<RunSample> ofPhase(String phase) {
        return samples.stream().filter(sample -> sample.phase().equals(phase)).toList();
    }

    private static String section(String title, List<String> cards) {
        return "<section>\n<h2>" + title + "</h2>\n" + String.join("", cards) + "</section>\n";
    }

    private static String pair(RunSample before, RunSample after) {
        return card(before.prompt(), before.target(), completion("Before", before) + completion("After", after));
    }

    private static String card(String prompt, String target, String completions) {
        var answer = target.isEmpty() ? "" : "<p class=\"target\">Expected: <b>" + Html.escape(target) + "</b></p>";
        return "<article class=\"card sample\">\n<pre class=\"prompt\">" + Html.escape(prompt.strip()) + "</pre>\n"
                + answer + "<div class=\"pair\">\n" + completions + "</div>\n</article>\n";
    }

    private static String completion(String when, RunSample sample) {
        var verdict = sample.correct()
                ? "<b class=\"right\">✓ correct</b>"
                : "<b class=\"wrong\">✗ " + (sample.finish().equals("length") ? "cut off" : "wrong") + "</b>";
        return "<div class=\"completion\">\n<h3>" + when + " <small>step " + sample.step() + " · " + sample.tokens()
                + " tokens</small>" + verdict + "</h3>\n<pre>"
                + tagged(sample.completion().strip()) + "</pre>\n"
                + rewards(sample.rewards(), sample.reward()) + "</div>\n";
    }

    private static String rewards(Map<String, Double> parts, double total) {
        var chips = parts.entrySet().stream()
                .map(part -> chip(part.getKey(), part.getValue(), part.getValue() > 0 ? "plus" : "none"))
                .collect(Collectors.joining());
        return "<p class=\"rewards\">" + chips + chip("reward", total, "total") + "</p>\n";
    }

    private static String chip(String name, double value, String css) {
        return "<span class=\"" + css + "\">" + Html.escape(name) + " <b>" + Figures.number(value) + "</b></span>";
    }

    /// The completion as text, its markup tags set apart.
    private static String tagged(String completion) {
        var text = Optional.of(completion)
                .filter(c -> !c.isEmpty())
                .map(Html::escape)
                .orElse("(empty)");
        return text.replaceAll("&lt;(/?(?:think|answer))&gt;", "<i>&lt;$1&gt;</i>");
    }
}
