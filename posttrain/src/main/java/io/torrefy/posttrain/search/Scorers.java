package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Reward;
import java.util.List;

/// Scorers that need no class of their own.
@Export(value = "posttrain.search.Scorers", since = "0.1")
public final class Scorers {
    private Scorers() {}

    /// The policy's own confidence: exp of the mean log-probability of a token, so that length does not matter. 1
    /// for an empty draft.
    @Export(value = "posttrain.search.scorers.log_prob", since = "0.1")
    public static ProcessScorer logProb() {
        return (_, drafts) -> drafts.stream()
                .mapToDouble(draft -> Math.exp(Math.min(0, draft.logProb() / Math.max(1, draft.ids().length))))
                .toArray();
    }

    /// The task's verifier: 1 for a right answer, else 0, and 0 for what is not over. Best-of-N with it is pass@N.
    @Export(value = "posttrain.search.scorers.accuracy", since = "0.1")
    public static ProcessScorer accuracy() {
        return new ProcessScorer() {
            @Override
            public double[] score(Session session, List<Draft> drafts) {
                Reward reward = session.task().accuracy();
                return drafts.stream()
                        .mapToDouble(draft -> draft.open() ? 0 : reward.score(session.problem(), draft.text()))
                        .toArray();
            }

            @Override
            public boolean asksVerifier() {
                return true;
            }
        };
    }

    /// A reward of whole texts from 0 to 1 as a scorer: 0 for what is not over.
    public static ProcessScorer of(Reward reward) {
        return (session, drafts) -> drafts.stream()
                .mapToDouble(draft -> draft.open() ? 0 : reward.score(session.problem(), draft.text()))
                .toArray();
    }
}
