package io.torrefy.posttrain.rewards;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;

/// A reward that needs a completion's tokens: its length, its ids, whether it was cut off.
@FunctionalInterface
@SuppressWarnings("FunctionalInterfaceMethodChanged") // a text alone has no tokens, and says so
@Export(value = "posttrain.rewards.TokenReward", since = "0.1")
public interface TokenReward extends Reward {
    @Override
    double score(Attempt attempt);

    /// @throws UnsupportedOperationException always: a text has no length in tokens
    @Override
    default double score(Problem problem, String completion) {
        throw new UnsupportedOperationException(
                "[reward] expected a completion's tokens; got its text. Hint: score an Attempt.");
    }
}
