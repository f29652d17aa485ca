package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Reward;
import java.util.ArrayList;
import java.util.List;

/// A Monte Carlo estimate of a draft's value: finish it `n` times and take the mean reward, the soft estimation of
/// Math-Shepherd (Wang et al. 2024, eq. 4). A draft that is over has its own reward. The tokens of rollouts are counted
/// like all others.
///
/// @param n rollouts of each open draft, at least 1
/// @param temperature of the rollouts, above 0
@Export(value = "posttrain.search.RolloutScorer", since = "0.1")
public record RolloutScorer(int n, double temperature) implements ProcessScorer {
    public RolloutScorer {
        Sampled.check(n >= 1, "rollouts", "n of at least 1", n);
        Sampled.temperature("rollouts", temperature);
    }

    /// The mean reward of `n` rollouts, as Math-Shepherd estimates a step's value.
    @Export(
            value = "posttrain.search.scorers.rollouts",
            since = "0.1",
            params = {"n=4", "temperature=1"})
    public static RolloutScorer of(int n, double temperature) {
        return new RolloutScorer(n, temperature);
    }

    @Override
    public boolean asksVerifier() {
        return true;
    }

    @Override
    public double[] score(Session session, List<Draft> drafts) {
        List<Draft> starts = new ArrayList<>();
        for (Draft draft : drafts) {
            for (int i = 0; i < (draft.open() ? n : 1); i++) {
                starts.add(draft);
            }
        }
        Reward reward = session.task().accuracy();
        double[] scores = new double[drafts.size()];
        List<Draft> whole = session.extend(starts, temperature, "");
        int at = 0;
        for (int d = 0; d < scores.length; d++) {
            int rollouts = drafts.get(d).open() ? n : 1;
            for (int i = 0; i < rollouts; i++) {
                scores[d] += reward.score(session.problem(), whole.get(at++).text()) / rollouts;
            }
        }
        return scores;
    }
}
