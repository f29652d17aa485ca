package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How a search did on some problems, and what it cost.
///
/// @param label of the search, and its `family`
/// @param asksVerifier whether the search itself asked the verifier
/// @param correct problems that were solved
/// @param tokens generated in all, also those that were thrown away and those of scorers
/// @param cut solutions that ended for want of room or budget
/// @param outcomes solutions by the verifier's class
/// @param texts the solution of every problem, in order
@Export(value = "posttrain.search.SearchScore", since = "0.1")
public record SearchScore(
        String label,
        String family,
        boolean asksVerifier,
        int problems,
        int correct,
        long tokens,
        int cut,
        Map<String, Integer> outcomes,
        double seconds,
        List<String> texts) {
    /// Streams of a problem: those of the next begin so much later.
    private static final long STREAMS = 1L << 32;

    public SearchScore {
        outcomes = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(outcomes));
        texts = List.copyOf(texts);
    }

    /// Told how far it is.
    @FunctionalInterface
    public interface Watcher {
        /// @param over problems that are done
        /// @param tokens generated so far
        void seen(int over, long tokens);
    }

    /// The share of problems that were solved.
    public double accuracy() {
        return problems == 0 ? 0 : (double) correct / problems;
    }

    /// Tokens for one problem.
    public double tokensPerProblem() {
        return problems == 0 ? 0 : (double) tokens / problems;
    }

    private record Solved(Draft draft, long tokens) {}

    /// Runs a search on all problems, many at a time. Problem number `i` draws from the streams from `i * 2^32` on,
    /// for every search, so that the samples of a smaller search are among those of a larger one.
    ///
    /// @param maxTokens the greatest length of a solution
    public static SearchScore of(
            Searches.Named search, Policy policy, Task task, List<Problem> problems, int maxTokens, Watcher watcher) {
        long start = System.nanoTime();
        long[] spent = {0};
        List<Solved> solved = Lockstep.run(
                policy,
                problems.size(),
                (own, i) -> solve(search.search(), new Session(own, task, problems.get(i), maxTokens, i * STREAMS)),
                (over, tokens) -> watcher.seen(over, spent[0] += tokens));
        Map<String, Integer> outcomes = new LinkedHashMap<>();
        for (Verdict.Outcome outcome : Verdict.Outcome.values()) {
            outcomes.put(outcome.label(), 0);
        }
        int correct = 0;
        for (int i = 0; i < solved.size(); i++) {
            Verdict verdict = task.verify(problems.get(i), solved.get(i).draft().text());
            outcomes.merge(verdict.outcome().label(), 1, Integer::sum);
            correct += verdict.correct() ? 1 : 0;
        }
        return new SearchScore(
                search.label(),
                search.family(),
                search.search().asksVerifier(),
                problems.size(),
                correct,
                solved.stream().mapToLong(Solved::tokens).sum(),
                (int) solved.stream()
                        .filter(one -> one.draft.end() != Draft.End.STOP)
                        .count(),
                outcomes,
                (System.nanoTime() - start) * 1e-9,
                solved.stream().map(one -> one.draft.text()).toList());
    }

    private static Solved solve(Search search, Session session) {
        Draft draft = search.solve(session).draft();
        return new Solved(draft, session.tokens());
    }

    /// For JSON, without the solutions.
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("search", label);
        map.put("family", family);
        map.put("asks_verifier", asksVerifier);
        map.put("problems", problems);
        map.put("accuracy", accuracy());
        map.put("tokens", tokens);
        map.put("tokens_per_problem", tokensPerProblem());
        map.put("cut_off", cut);
        map.put("outcomes", outcomes);
        map.put("seconds", seconds);
        return map;
    }
}
