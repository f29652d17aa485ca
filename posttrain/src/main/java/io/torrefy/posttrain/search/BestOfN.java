package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import java.util.List;

/// Best-of-N: `n` whole samples, of which the scorer's favourite counts, of equal ones the first (Stiennon et al. 2020;
/// Cobbe et al. 2021 with a verifier).
///
/// @param n samples, at least 1
/// @param temperature of the samples, above 0 where there are several
@Export(value = "posttrain.search.BestOfN", since = "0.1")
public record BestOfN(int n, double temperature, ProcessScorer scorer) implements Search {
    public BestOfN {
        Sampled.check(n >= 1, "best_of", "n of at least 1", n);
        Sampled.temperature("best_of", temperature);
    }

    /// Best-of-N: of `n` whole samples the scorer's favourite.
    @Export(
            value = "posttrain.search.best_of",
            since = "0.1",
            params = {"n=8", "temperature=1", "scorer"})
    public static BestOfN of(int n, double temperature, ProcessScorer scorer) {
        return new BestOfN(n, temperature, scorer);
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
        List<Draft> samples = session.extend(session.start(n), temperature, "");
        double[] scores = session.score(scorer, samples);
        int best = Sampled.best(scores);
        return new Solution(samples.get(best), scores[best]);
    }
}
