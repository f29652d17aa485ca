package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Self-consistency (Wang et al. 2022): `n` whole samples vote with the answers they end in, and a sample of the answer
/// with most votes counts. An answer is what the task's verifier reads, without white space; whether it is right is not
/// asked. Samples without an answer do not vote. Of answers with as many votes the one that came first wins.
///
/// @param n samples, at least 1
/// @param temperature of the samples, above 0
/// @param weights what a sample's vote weighs ("weighted majority", Li et al. 2023); null for one each
@Export(value = "posttrain.search.SelfConsistency", since = "0.1")
public record SelfConsistency(
        int n, double temperature, @Nullable ProcessScorer weights) implements Search {
    public SelfConsistency {
        Sampled.check(n >= 1, "majority", "n of at least 1", n);
        Sampled.temperature("majority", temperature);
    }

    /// Self-consistency: the answer that most of `n` samples give.
    @Export(
            value = "posttrain.search.majority",
            since = "0.1",
            params = {"n=8", "temperature=1"})
    public static SelfConsistency majority(int n, double temperature) {
        return new SelfConsistency(n, temperature, null);
    }

    /// Self-consistency in which a sample's vote weighs what the scorer gives it.
    @Export(
            value = "posttrain.search.weighted_majority",
            since = "0.1",
            params = {"n=8", "temperature=1", "scorer"})
    public static SelfConsistency weightedMajority(int n, double temperature, ProcessScorer scorer) {
        return new SelfConsistency(n, temperature, scorer);
    }

    @Override
    public boolean asksVerifier() {
        return weights != null && weights.asksVerifier();
    }

    @Override
    public void close() {
        if (weights != null) {
            weights.close();
        }
    }

    @Override
    public Solution solve(Session session) {
        List<Draft> samples = session.extend(session.start(n), temperature, "");
        double[] scores = weights == null ? new double[0] : session.score(weights, samples);
        Map<String, Double> votes = new LinkedHashMap<>();
        Map<String, Draft> first = new LinkedHashMap<>();
        for (int i = 0; i < samples.size(); i++) {
            Verdict verdict =
                    session.task().verify(session.problem(), samples.get(i).text());
            if (verdict.outcome() != Verdict.Outcome.NO_ANSWER) {
                String answer = verdict.said().replaceAll("\\s+", "");
                votes.merge(answer, scores.length == 0 ? 1 : scores[i], Double::sum);
                first.putIfAbsent(answer, samples.get(i));
            }
        }
        Solution best = new Solution(samples.getFirst(), 0);
        boolean none = true;
        for (Map.Entry<String, Draft> answer : first.entrySet()) {
            double weight = votes.getOrDefault(answer.getKey(), 0.0);
            if (none || weight > best.score()) {
                best = new Solution(answer.getValue(), weight);
                none = false;
            }
        }
        return best;
    }
}
