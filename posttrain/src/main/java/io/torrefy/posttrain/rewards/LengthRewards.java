package io.torrefy.posttrain.rewards;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Score;
import java.util.ArrayList;
import java.util.List;

/// Rewards that shape the length of completions, in tokens, an end-of-text token counted.
@Export(value = "posttrain.rewards.LengthRewards", since = "0.1")
public final class LengthRewards {
    private LengthRewards() {}

    /// The soft overlong punishment of DAPO (Yu et al. 2025, eq. 13; TRL's `get_soft_overlong_punishment`): 0 up to
    /// `maxCompletionLength - softPunishCache` tokens, from there linear down to -1 at `maxCompletionLength`, -1
    /// above.
    ///
    /// @param softPunishCache the tokens of the slope; DAPO has 4096 of 20480, here 0 stands for that fifth
    @Export(
            value = "posttrain.rewards.soft_overlong",
            since = "0.1",
            params = {"maxCompletionLength", "softPunishCache=0"})
    public static Reward softOverlong(int maxCompletionLength, int softPunishCache) {
        int cache = softPunishCache == 0 ? Math.max(1, maxCompletionLength / 5) : softPunishCache;
        if (cache < 1 || maxCompletionLength < cache) {
            throw new IllegalArgumentException("[reward soft_overlong] expected 0 < softPunishCache <="
                    + " maxCompletionLength; got " + softPunishCache + " and " + maxCompletionLength);
        }
        int free = maxCompletionLength - cache;
        return (TokenReward) attempt -> {
            int over = attempt.tokens() - free;
            return over <= 0 ? 0 : over <= cache ? -(double) over / cache : -1;
        };
    }

    /// The cosine reward (Yeo et al. 2025, "Demystifying long chain-of-thought reasoning", eq. 1; TRL's
    /// `get_cosine_scaled_reward`, whose defaults these are): a right answer earns from `maxCorrect` at length 0
    /// down to `minCorrect` at `maxLength`, a wrong one from `minWrong` up to `maxWrong`: short is good when right,
    /// and thinking longer good when wrong.
    ///
    /// @param accuracy what says whether an answer is right: a score above 0.5 is
    @Export(
            value = "posttrain.rewards.cosine_length",
            since = "0.1",
            params = {"accuracy", "maxLength", "minWrong=-1", "maxWrong=-0.5", "minCorrect=0.5", "maxCorrect=1"})
    public static Reward cosine(
            Reward accuracy, int maxLength, double minWrong, double maxWrong, double minCorrect, double maxCorrect) {
        if (maxLength < 1) {
            throw new IllegalArgumentException(
                    "[reward cosine_length] expected a positive maxLength; got " + maxLength);
        }
        return new Judged(accuracy) {
            @Override
            List<Score> shape(List<Attempt> attempts, List<Score> right) {
                List<Score> scores = new ArrayList<>();
                for (int i = 0; i < attempts.size(); i++) {
                    double share = Math.min(1, (double) attempts.get(i).tokens() / maxLength);
                    double falling = (1 + StrictMath.cos(share * Math.PI)) / 2;
                    Score score = right.get(i);
                    double end = score.value() > 0.5 ? minCorrect : maxWrong;
                    double start = score.value() > 0.5 ? maxCorrect : minWrong;
                    scores.add(score.isFailure() ? score : Score.of(end + (start - end) * falling));
                }
                return scores;
            }
        };
    }

    /// The length reward of Kimi k1.5 (Kimi Team 2025, section 2.3.3), among the completions of a problem: with
    /// `λ = 0.5 - (length - shortest) / (longest - shortest)`, a right answer earns λ, a wrong one `min(0, λ)`; 0
    /// where all are of one length. (open-r1's `len_reward` compares within the whole batch.)
    ///
    /// @param accuracy what says whether an answer is right: a score above 0.5 is
    @Export(
            value = "posttrain.rewards.kimi_length",
            since = "0.1",
            params = {"accuracy"})
    public static Reward kimi(Reward accuracy) {
        return new Judged(accuracy) {
            @Override
            List<Score> shape(List<Attempt> attempts, List<Score> right) {
                List<Score> scores = new ArrayList<>();
                for (int from = 0; from < attempts.size(); ) {
                    String id = attempts.get(from).problem().id();
                    int to = from;
                    int shortest = Integer.MAX_VALUE;
                    int longest = 0;
                    while (to < attempts.size()
                            && attempts.get(to).problem().id().equals(id)) {
                        shortest = Math.min(shortest, attempts.get(to).tokens());
                        longest = Math.max(longest, attempts.get(to).tokens());
                        to++;
                    }
                    for (; from < to; from++) {
                        Score score = right.get(from);
                        scores.add(
                                score.isFailure()
                                        ? score
                                        : Score.of(lambda(
                                                attempts.get(from).tokens(), shortest, longest, score.value() > 0.5)));
                    }
                }
                return scores;
            }
        };
    }

    private static double lambda(int tokens, int shortest, int longest, boolean right) {
        if (longest == shortest) {
            return 0;
        }
        double lambda = 0.5 - (double) (tokens - shortest) / (longest - shortest);
        return right ? lambda : Math.min(0, lambda);
    }

    /// A reward on top of whether the answer is right.
    private abstract static class Judged implements Reward {
        private final Reward accuracy;

        Judged(Reward accuracy) {
            this.accuracy = accuracy;
        }

        /// @param right what `accuracy` says; its failures are failures of this reward too
        abstract List<Score> shape(List<Attempt> attempts, List<Score> right);

        @Override
        public List<Score> scoreAll(List<Attempt> attempts) {
            return shape(attempts, accuracy.scoreAll(attempts));
        }

        @Override
        public double score(Attempt attempt) {
            Score score = scoreAll(List.of(attempt)).getFirst();
            if (score.isFailure()) {
                throw new IllegalStateException(score.failure());
            }
            return score.value();
        }

        @Override
        public double score(Problem problem, String completion) {
            throw new UnsupportedOperationException(
                    "[reward] expected a completion's tokens; got its text. Hint: score an Attempt.");
        }
    }
}
