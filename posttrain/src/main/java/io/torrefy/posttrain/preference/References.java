package io.torrefy.posttrain.preference;

import io.torrefy.lm.CausalLm;
import java.util.Arrays;

/// What a reference model has to be.
final class References {
    private References() {}

    /// @param frozen whether it is read only before the policy changes
    static void check(String op, CausalLm policy, Reference reference, boolean frozen) {
        CausalLm model = reference.model();
        Wrong wrong = new Wrong(op);
        int vocab = policy.config().vocab();
        wrong.hint(
                model.config().vocab() == vocab,
                "a reference model of the policy's vocabulary, " + vocab + " tokens",
                model.config().vocab(),
                "its log-probabilities would be of other words; take the model that the policy began as");
        wrong.hint(
                frozen || reference.isFrozen(policy),
                "a reference model beside the policy",
                "the policy itself, which changes",
                "load it twice, or let precomputeRefLogProbs read it once, in front");
        wrong.hint(
                model.config().maxPositions() >= policy.config().maxPositions(),
                "a reference model of at least the policy's " + policy.config().maxPositions() + " positions",
                model.config().maxPositions(),
                "take the model that the policy began as");
        wrong.refuse();
    }

    static void checkFinite(String op, double[] logProbs) {
        if (!Arrays.stream(logProbs).allMatch(Double::isFinite)) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected finite log-probabilities under the reference; got "
                            + Arrays.stream(logProbs)
                                    .filter(x -> !Double.isFinite(x))
                                    .findFirst()
                                    .orElse(Double.NaN)
                            + ". Hint: the reference's weights are damaged");
        }
    }
}
