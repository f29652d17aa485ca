package io.torrefy.posttrain.search;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Rejection sampling for training (STaR, Zelikman et al. 2022; RFT, Yuan et al. 2023; the second SFT stage of
/// DeepSeek-R1): sample each problem `n` times, keep the distinct completions whose reward reaches the threshold, the
/// best first, and write them as a prompt-completion dataset.
///
/// The file is JSON Lines, one `{"prompt": …, "completion": …, "score": …, "problem": …}` a line, in the order of the
/// problems; it is there whole or not at all. Completions that were cut off are never kept: a model that learns from
/// them learns not to end.
///
/// @param n samples of a problem, at least 1
/// @param temperature of the samples, above 0
/// @param threshold the least reward of what is kept
/// @param keep completions of a problem at most, at least 1
/// @param maxTokens the greatest length of a completion
@Export(value = "posttrain.search.RejectionSampling", since = "0.1")
public record RejectionSampling(int n, double temperature, double threshold, int keep, int maxTokens) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// Problems that are sampled together; what they write is on the disk before the next ones begin.
    private static final int TOGETHER = 64;

    public RejectionSampling {
        Sampled.check(n >= 1, "rejection", "n of at least 1", n);
        Sampled.temperature("rejection", temperature);
        Sampled.check(Double.isFinite(threshold), "rejection", "a finite threshold", threshold);
        Sampled.check(keep >= 1, "rejection", "to keep at least 1", keep);
        Sampled.check(maxTokens >= 1, "rejection", "maxTokens of at least 1", maxTokens);
    }

    /// What came of it.
    ///
    /// @param samples completions that were drawn
    /// @param kept lines of the file
    /// @param solved problems with a line
    /// @param tokens generated in all
    public record Yield(int problems, int samples, int kept, int solved, long tokens) {
        /// @param each completions of a line
        private Yield plus(List<Kept> chosen, int drawn, int each) {
            int lines = chosen.stream().mapToInt(one -> one.lines.size()).sum() / each;
            int hits = (int) chosen.stream().filter(one -> !one.lines.isEmpty()).count();
            long more = chosen.stream().mapToLong(Kept::tokens).sum();
            return new Yield(
                    problems + chosen.size(),
                    samples + chosen.size() * drawn,
                    kept + lines,
                    solved + hits,
                    tokens + more);
        }
    }

    private record Line(String completion, double score) {}

    private record Kept(Problem problem, List<Line> lines, long tokens) {}

    /// Samples and writes.
    ///
    /// @param watcher told after each batch how many problems are done
    /// @throws IOException if the file cannot be written
    public Yield write(
            Path file, Policy policy, Task task, Rewards rewards, List<Problem> problems, SearchScore.Watcher watcher)
            throws IOException {
        return write(file, policy, task, rewards, problems, watcher, false);
    }

    /// Samples as [#write] does and writes preference pairs instead: of each problem the best completion, whose reward
    /// reaches the threshold, as `chosen`, and the worst as `rejected`, unless they score the same. A completion that was
    /// cut off is neither.
    ///
    /// @throws IOException if the file cannot be written
    public Yield writePairs(
            Path file, Policy policy, Task task, Rewards rewards, List<Problem> problems, SearchScore.Watcher watcher)
            throws IOException {
        return write(file, policy, task, rewards, problems, watcher, true);
    }

    private Yield write(
            Path file,
            Policy policy,
            Task task,
            Rewards rewards,
            List<Problem> problems,
            SearchScore.Watcher watcher,
            boolean pairs)
            throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Yield sum = new Yield(0, 0, 0, 0, 0);
        try (Writer out = Files.newBufferedWriter(part)) {
            for (int from = 0; from < problems.size(); from += TOGETHER) {
                int first = from;
                List<Problem> some = problems.subList(from, Math.min(problems.size(), from + TOGETHER));
                List<Kept> kept = Lockstep.run(
                        policy,
                        some.size(),
                        (own, i) -> sample(
                                new Session(own, task, some.get(i), maxTokens, (first + i) * (1L << 32)), rewards, pairs),
                        (_, _) -> {});
                for (Kept one : kept) {
                    if (pairs) {
                        writePair(out, one);
                    } else {
                        write(out, one);
                    }
                }
                sum = sum.plus(kept, n, pairs ? 2 : 1);
                watcher.seen(sum.problems, sum.tokens);
            }
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return sum;
    }

    private Kept sample(Session session, Rewards rewards, boolean pairs) {
        Set<String> seen = new HashSet<>();
        List<Line> lines = new ArrayList<>();
        for (Draft draft : session.extend(session.start(n), temperature, "")) {
            if (draft.end() == Draft.End.STOP && seen.add(draft.text())) {
                double score = rewards.score(session.problem(), draft.text()).total();
                if (pairs || score >= threshold) {
                    lines.add(new Line(draft.text(), score));
                }
            }
        }
        double[] scores = lines.stream().mapToDouble(Line::score).toArray();
        List<Line> best = Sampled.ranked(scores).stream().map(lines::get).toList();
        return new Kept(
                session.problem(),
                pairs ? pair(best) : best.subList(0, Math.min(keep, best.size())),
                session.tokens());
    }

    /// The best and the worst, or nothing.
    private List<Line> pair(List<Line> ranked) {
        return ranked.isEmpty()
                        || ranked.getFirst().score < threshold
                        || ranked.getFirst().score <= ranked.getLast().score
                ? List.of()
                : List.of(ranked.getFirst(), ranked.getLast());
    }

    private static void writePair(Writer out, Kept kept) throws IOException {
        if (kept.lines.isEmpty()) {
            return;
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("prompt", kept.problem.prompt());
        json.put("chosen", kept.lines.getFirst().completion);
        json.put("rejected", kept.lines.getLast().completion);
        json.put("score_chosen", kept.lines.getFirst().score);
        json.put("score_rejected", kept.lines.getLast().score);
        json.put("problem", kept.problem.id());
        out.write(JSON.writeValueAsString(json));
        out.write('\n');
    }

    private static void write(Writer out, Kept kept) throws IOException {
        for (Line line : kept.lines) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("prompt", kept.problem.prompt());
            json.put("completion", line.completion);
            json.put("score", line.score);
            json.put("problem", kept.problem.id());
            out.write(JSON.writeValueAsString(json));
            out.write('\n');
        }
    }
}
