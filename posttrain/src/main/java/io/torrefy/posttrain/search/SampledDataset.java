package io.torrefy.posttrain.search;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.RewardBreakdown;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Datasets that a model's own samples make: JSON Lines in the order of the problems, there whole or not at all.
final class SampledDataset {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// Problems that are sampled together; what they write is on the disk before the next ones begin.
    private static final int TOGETHER = 64;

    private SampledDataset() {}

    /// What came of it.
    ///
    /// @param useful problems with a line
    /// @param tokens generated in all
    record Yield(int problems, int lines, int useful, long tokens) {}

    /// A text with what it was worth.
    record Scored(String text, double score) {}

    private record Made(List<Map<String, Object>> lines, long tokens) {}

    /// @param lines what a problem's session gives
    static Yield write(
            Path file,
            Policy policy,
            Task task,
            List<Problem> problems,
            int maxTokens,
            Function<Session, List<Map<String, Object>>> lines,
            SearchScore.Watcher watcher)
            throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Yield sum = new Yield(0, 0, 0, 0);
        try (Writer out = Files.newBufferedWriter(part)) {
            for (int from = 0; from < problems.size(); from += TOGETHER) {
                int first = from;
                List<Problem> some = problems.subList(from, Math.min(problems.size(), from + TOGETHER));
                List<Made> made = Lockstep.run(
                        policy,
                        some.size(),
                        (own, i) -> {
                            Session session = new Session(own, task, some.get(i), maxTokens, (first + i) * (1L << 32));
                            return new Made(lines.apply(session), session.tokens());
                        },
                        (_, _) -> {});
                for (Made one : made) {
                    for (Map<String, Object> line : one.lines) {
                        out.write(JSON.writeValueAsString(line));
                        out.write('\n');
                    }
                    sum = new Yield(
                            sum.problems + 1,
                            sum.lines + one.lines.size(),
                            sum.useful + (one.lines.isEmpty() ? 0 : 1),
                            sum.tokens + one.tokens);
                }
                watcher.seen(sum.problems, sum.tokens);
            }
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return sum;
    }

    /// The distinct ones of `n` whole samples, the best first, of equal ones the earlier. One that was cut off is
    /// none: a model that learns from it learns not to end. Nor is one that a reward fails on, where it may.
    static List<Scored> distinct(Session session, int n, double temperature, Rewards rewards) {
        Set<String> seen = new HashSet<>();
        List<Attempt> attempts = new ArrayList<>();
        for (Draft draft : session.extend(session.start(n), temperature, "")) {
            if (draft.end() == Draft.End.STOP && seen.add(draft.text())) {
                attempts.add(new Attempt(session.problem(), draft.text(), draft.ids(), false));
            }
        }
        List<RewardBreakdown> rewarded =
                session.compute(() -> rewards.scoreAll(attempts)).breakdowns();
        List<Scored> scored = new ArrayList<>();
        for (int i = 0; i < attempts.size(); i++) {
            if (Double.isFinite(rewarded.get(i).total())) {
                scored.add(
                        new Scored(attempts.get(i).completion(), rewarded.get(i).total()));
            }
        }
        double[] scores = scored.stream().mapToDouble(Scored::score).toArray();
        return Sampled.ranked(scores).stream().map(scored::get).toList();
    }
}
