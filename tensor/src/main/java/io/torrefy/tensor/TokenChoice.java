package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.export.Status;
import io.torrefy.tensor.internal.StepProgram;

/// How a token is chosen from a row of logits. Filters apply in the order top-k, top-p, min-p.
///
/// @param temperature divides the logits; 0 takes the greatest, of equal ones the first
/// @param topK keep the k most likely; 0 for all
/// @param topP keep the smallest set of most likely ones whose probability reaches p; 1 for all
/// @param minP keep those of at least p times the greatest probability; 0 for all
/// @param seed of the draws: each is a function of (seed, stream, position)
@Export(value = "tensor.TokenChoice", since = "0.1", status = Status.EXPERIMENTAL)
public record TokenChoice(double temperature, int topK, double topP, double minP, long seed) {
    /// The most likely token each time.
    public static final TokenChoice GREEDY = new TokenChoice(0, 0, 1, 0, 0);

    /// Whether any token may be left out.
    public boolean filters() {
        return topK != 0 || topP != 1 || minP != 0;
    }

    /// The tokens chosen from rows of logits.
    ///
    /// @param logProbs of each under the logits at the temperature (1 when greedy); filters are not reflected
    public record Chosen(int[] ids, float[] logProbs) {}

    /// Chooses a token of each row of logits (n, vocabulary), F32.
    ///
    /// @param streams the random stream of each row
    /// @param draws the position in it
    public Chosen choose(Tensor logits, long[] streams, int[] draws) {
        int n = streams.length;
        boolean fits = logits.live("choose").dtype == DType.F32
                && logits.rank() == 2
                && logits.size(0) == n
                && logits.size(1) > 0
                && draws.length == n;
        if (!fits) {
            throw new IllegalArgumentException("[choose] expected F32 logits (" + n
                    + ", vocabulary) and as many draws; got " + logits.describe() + " and " + draws.length + " draws");
        }
        try (Scope _ = Scope.open()) {
            Tensor x = logits.contiguous();
            var io = new StepProgram.Rows(new int[0], new int[0], new int[0], streams, draws, new int[n], new float[n]);
            x.backend().chooseTokens(n, x.size(1), x.address(), this, io);
            return new Chosen(io.chosen(), io.logProbs());
        }
    }
}
