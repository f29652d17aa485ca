package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.List;

/// A rule that scores one completion. Rules are pure: the same arguments give the same finite score, on any thread.
///
/// A reward that looks at tokens overrides [#score(Attempt)]; one that judges many completions at a time (a model, an
/// endpoint, one that compares within a group) overrides [#scoreAll].
@FunctionalInterface
@Export(value = "posttrain.Reward", since = "0.1")
public interface Reward {
    /// @param completion the generated text, prompt and end-of-text token excluded
    double score(Problem problem, String completion);

    /// The score of a completion whose tokens are known.
    default double score(Attempt attempt) {
        return score(attempt.problem(), attempt.completion());
    }

    /// The scores of a step's completions, in their order. The completions of a problem follow each other. One that
    /// cannot be scored is a failure, never a 0.
    default List<Score> scoreAll(List<Attempt> attempts) {
        List<Score> scores = new ArrayList<>(attempts.size());
        for (Attempt attempt : attempts) {
            Score score;
            try {
                score = Score.of(score(attempt));
            } catch (RuntimeException e) {
                score = Score.failed(e);
            }
            scores.add(score);
        }
        return scores;
    }
}
