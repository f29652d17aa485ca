package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Labels for a process reward model without people (Math-Shepherd, Wang et al. 2024, arXiv 2312.08935, section 3.3):
/// sample solutions step by step, finish each one from behind each step `rollouts` times, and call a step right if one
/// of its rollouts ends well (the hard estimation, eq. 3). A step that ends the solution has the solution's own
/// outcome.
///
/// The file is JSON Lines in TRL's stepwise format, `{"prompt": …, "completions": […], "labels": […], "values": […],
/// "problem": …}`; `values` are the shares of rollouts that ended well (the soft estimation, eq. 4). Steps are without
/// the separator that ends them. A solution that ends its last step with the separator has no empty step behind it.
///
/// @param n solutions of a problem, at least 1; equal ones are written once
/// @param rollouts of each step, at least 1
/// @param temperature of solutions and rollouts, above 0
/// @param maxTokens the greatest length of a solution
/// @param separator what a step ends at
@Export(value = "posttrain.search.StepLabels", since = "0.1")
public record StepLabels(int n, int rollouts, double temperature, int maxTokens, String separator) {
    public StepLabels {
        Sampled.check(n >= 1, "step_labels", "n of at least 1", n);
        Sampled.check(rollouts >= 1, "step_labels", "rollouts of at least 1", rollouts);
        Sampled.temperature("step_labels", temperature);
        Sampled.check(maxTokens >= 1, "step_labels", "maxTokens of at least 1", maxTokens);
        Sampled.check(!separator.isEmpty(), "step_labels", "a separator such as newline", "none");
    }

    /// What came of it.
    ///
    /// @param solutions lines of the file
    /// @param tokens generated in all, rollouts included
    public record Yield(int problems, int solutions, long tokens) {}

    /// Samples and writes.
    ///
    /// @param watcher told after each batch how many problems are done
    /// @throws IOException if the file cannot be written
    public Yield write(Path file, Policy policy, Task task, List<Problem> problems, SearchScore.Watcher watcher)
            throws IOException {
        SampledDataset.Yield sum =
                SampledDataset.write(file, policy, task, problems, maxTokens, this::labelled, watcher);
        return new Yield(sum.problems(), sum.lines(), sum.tokens());
    }

    private List<Map<String, Object>> labelled(Session session) {
        Map<String, List<Draft>> solutions = new LinkedHashMap<>();
        for (List<Draft> prefixes : solutions(session)) {
            solutions.putIfAbsent(prefixes.getLast().text(), prefixes);
        }
        List<Draft> all = solutions.values().stream().flatMap(List::stream).toList();
        double[] values = session.score(new RolloutScorer(rollouts, temperature), all);
        List<Map<String, Object>> lines = new ArrayList<>();
        int at = 0;
        for (List<Draft> prefixes : solutions.values()) {
            lines.add(line(session, prefixes, Arrays.copyOfRange(values, at, at += prefixes.size())));
        }
        return lines;
    }

    /// The beginnings of each solution: up to the end of each of its steps.
    private List<List<Draft>> solutions(Session session) {
        List<Draft> drafts = session.start(n);
        List<List<Draft>> prefixes = new ArrayList<>();
        drafts.forEach(_ -> prefixes.add(new ArrayList<>()));
        while (drafts.stream().anyMatch(Draft::open)) {
            List<Draft> longer = session.extend(drafts, temperature, separator);
            for (int i = 0; i < n; i++) {
                if (longer.get(i).steps() > drafts.get(i).steps()) {
                    add(prefixes.get(i), longer.get(i));
                }
            }
            drafts = longer;
        }
        return prefixes;
    }

    /// An end token alone is no step: it ends the one before it.
    private static void add(List<Draft> prefixes, Draft draft) {
        if (!prefixes.isEmpty() && prefixes.getLast().text().equals(draft.text())) {
            prefixes.removeLast();
        }
        prefixes.add(draft);
    }

    private Map<String, Object> line(Session session, List<Draft> prefixes, double[] values) {
        List<String> steps = new ArrayList<>();
        String before = "";
        for (Draft prefix : prefixes) {
            String step = prefix.text().substring(before.length());
            steps.add(step.endsWith(separator) ? step.substring(0, step.length() - separator.length()) : step);
            before = prefix.text();
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("prompt", session.problem().prompt());
        line.put("completions", steps);
        line.put("labels", Arrays.stream(values).mapToObj(value -> value > 0).toList());
        line.put("values", values);
        line.put("problem", session.problem().id());
        return line;
    }
}
