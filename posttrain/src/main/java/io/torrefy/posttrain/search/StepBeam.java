package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Beam search over steps, guided by a process scorer (Snell et al. 2024, 5.1): sample `n` first steps, keep the
/// `n / width` that score best, continue each in `width` ways, and so on until all that are kept are over. The draft
/// that scores best counts.
///
/// A step ends at the separator or with the draft. Drafts of equal text are kept once. A draft that is over keeps its
/// place and its score, and a score of 1 ends the search.
///
/// @param n drafts a round, a multiple of `width`
/// @param width continuations of each draft that is kept
/// @param temperature of the steps, above 0
/// @param separator what a step ends at, a newline by default
@Export(value = "posttrain.search.StepBeam", since = "0.1")
public record StepBeam(int n, int width, double temperature, String separator, ProcessScorer scorer) implements Search {
    public StepBeam {
        Sampled.check(width >= 1, "step_beam", "width of at least 1", width);
        Sampled.check(
                n >= width && n % width == 0,
                "step_beam",
                "n, the drafts of a round, to be a multiple of width " + width,
                n);
        Sampled.check(!separator.isEmpty(), "step_beam", "a separator such as newline", "none");
        Sampled.temperature("step_beam", temperature);
    }

    /// Beam search over sampled steps: of `n` a round the scorer keeps `n / width`.
    @Export(
            value = "posttrain.search.step_beam",
            since = "0.1",
            params = {"n=8", "width=4", "temperature=1", "separator=newline", "scorer"})
    public static StepBeam of(int n, int width, double temperature, String separator, ProcessScorer scorer) {
        return new StepBeam(n, width, temperature, Searches.separator(separator), scorer);
    }

    @Override
    public boolean asksVerifier() {
        return scorer.asksVerifier();
    }

    @Override
    public void close() {
        scorer.close();
    }

    @Override
    public Solution solve(Session session) {
        List<Solution> kept = List.of();
        List<Draft> round = session.start(n);
        while (true) {
            kept = best(session, kept, session.extend(round, temperature, separator));
            Solution first = kept.getFirst();
            boolean certain = !first.draft().open() && first.score() >= 1;
            round = new ArrayList<>();
            for (Solution solution : kept) {
                for (int i = 0; i < width && solution.draft().open(); i++) {
                    round.add(solution.draft());
                }
            }
            if (certain || round.isEmpty() || session.left() < round.size()) {
                return first;
            }
        }
    }

    /// The `n / width` best of what was over before and of what is new.
    private List<Solution> best(Session session, List<Solution> before, List<Draft> made) {
        Map<String, Solution> different = new LinkedHashMap<>();
        before.stream()
                .filter(solution -> !solution.draft().open())
                .forEach(solution -> different.put(key(solution.draft()), solution));
        List<Draft> fresh = new ArrayList<>();
        for (Draft draft : made) {
            if (!different.containsKey(key(draft))) {
                different.put(key(draft), new Solution(draft, 0));
                fresh.add(draft);
            }
        }
        double[] scores = session.score(scorer, fresh);
        for (int i = 0; i < scores.length; i++) {
            different.put(key(fresh.get(i)), new Solution(fresh.get(i), scores[i]));
        }
        List<Solution> all = new ArrayList<>(different.values());
        double[] every = all.stream().mapToDouble(Solution::score).toArray();
        return Sampled.ranked(every).stream().limit(n / width).map(all::get).toList();
    }

    private static String key(Draft draft) {
        return draft.end() + draft.text();
    }
}
