package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.lm.Completion;
import java.util.List;
import java.util.function.Supplier;

/// What a search asks of a model: continuations, and the most likely next tokens. [GeneratorPolicy] is a model; tests
/// write their own. What comes of one question does not depend on the others of its call, so that many searches may
/// ask together.
@Export(value = "posttrain.search.Policy", since = "0.1")
public interface Policy {
    /// A continuation that is asked for.
    ///
    /// @param prefix the prompt and what was written so far, at least one token
    /// @param maxNewTokens at least 1
    /// @param temperature 0 takes the most likely token each time
    /// @param separator a text at which to end, if it comes; empty for none
    /// @param stream the random stream to draw from
    record Ask(int[] prefix, int maxNewTokens, double temperature, String separator, long stream) {}

    /// A place in a text.
    ///
    /// @param prompt at least one token
    /// @param written the tokens after it
    record Place(int[] prompt, int[] written) {}

    /// The most likely next tokens, the most likely first, of equal ones the lower id.
    ///
    /// @param logProbs natural logarithms, at temperature 1
    record Next(int[] ids, double[] logProbs) {}

    /// One continuation for each question, in order, up to the end token, the separator or the limit.
    List<Completion> sample(List<Ask> asks);

    /// The `k` most likely next tokens, or all where there are fewer, at each place, in order.
    List<Next> next(List<Place> places, int k);

    /// The ids of a problem's prompt.
    int[] prompt(String text);

    /// The text of what was written, without special tokens.
    String text(int[] ids);

    /// The token that ends a text.
    int end();

    /// Tokens that a text may have, prompt included.
    int maxPositions();

    /// Does work that computes with tensors, such as a scorer's model, on the thread that the policy's model runs
    /// on.
    default <T> T compute(Supplier<T> work) {
        return work.get();
    }
}
