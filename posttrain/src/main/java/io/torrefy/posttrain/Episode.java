package io.torrefy.posttrain;

import java.util.Arrays;

/// What a model wrote to a problem, and what it was answered, as the tokens they were.
///
/// @param ids what follows the prompt
/// @param sampled which of them the model sampled; the others are the environment's
/// @param logProbs of those that were sampled, under what sampled them; 0 of the others
/// @param turns of the model
/// @param calls replies of the environment other than the last
/// @param failures of them that were failures
/// @param reward of the environment
/// @param truncated whether it was cut off: at the limit of tokens or turns
record Episode(
        int[] prompt,
        int[] ids,
        boolean[] sampled,
        float[] logProbs,
        int turns,
        int calls,
        int failures,
        double reward,
        boolean truncated) {
    /// Tokens that the model sampled.
    int sampledTokens() {
        int count = 0;
        for (boolean mine : sampled) {
            count += mine ? 1 : 0;
        }
        return count;
    }

    /// The log-probabilities of the tokens that were sampled.
    double[] sampledLogProbs() {
        double[] out = new double[sampledTokens()];
        int at = 0;
        for (int t = 0; t < ids.length; t++) {
            if (sampled[t]) {
                out[at++] = logProbs[t];
            }
        }
        return out;
    }

    /// An episode as it grows.
    static final class Draft {
        final int[] prompt;
        private int[] ids = {};
        private boolean[] sampled = {};
        private float[] logProbs = {};
        private int turns;
        private int calls;
        private int failures;
        private double reward;

        Draft(int[] prompt) {
            this.prompt = prompt;
        }

        /// All tokens so far.
        int[] tokens() {
            return ids.length == 0 ? prompt : Tokens.joined(prompt, ids);
        }

        int length() {
            return ids.length;
        }

        int turns() {
            return turns;
        }

        void turn(int[] tokens, float[] with) {
            add(tokens, true);
            System.arraycopy(with, 0, logProbs, ids.length - tokens.length, tokens.length);
            turns++;
        }

        void reply(int[] tokens, boolean failed) {
            add(tokens, false);
            calls++;
            failures += failed ? 1 : 0;
        }

        void reward(double more) {
            reward += more;
        }

        private void add(int[] tokens, boolean mine) {
            int before = ids.length;
            ids = Tokens.joined(ids, tokens);
            sampled = Arrays.copyOf(sampled, ids.length);
            Arrays.fill(sampled, before, ids.length, mine);
            logProbs = Arrays.copyOf(logProbs, ids.length);
        }

        Episode end(boolean truncated) {
            return new Episode(prompt, ids, sampled, logProbs, turns, calls, failures, reward, truncated);
        }
    }
}
