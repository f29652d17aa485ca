package io.torrefy.posttrain;

import static io.torrefy.posttrain.MetricHistory.WINDOW;
import static io.torrefy.posttrain.MetricHistory.all;
import static io.torrefy.posttrain.MetricHistory.mean;
import static io.torrefy.posttrain.MetricHistory.median;
import static io.torrefy.posttrain.MetricHistory.rise;

import io.torrefy.posttrain.Trouble.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The checks of [Trouble], each with its threshold. Where a threshold has a source it is named; the others are this
/// project's, with their reasons. Each is a pure function of the history.
final class TroubleSigns {
    private TroubleSigns() {}

    /// What [Trouble] says of it.
    record Sign(String seen, String meaning, String advice) {}

    /// The sign of one kind, if it shows in the history so far.
    static Optional<Sign> check(Kind kind, MetricHistory h) {
        return switch (kind) {
            case NOT_FINITE -> notFinite(h);
            case EXPLODING_GRADIENT -> explodingGradient(h);
            case ENTROPY_COLLAPSE -> entropyCollapse(h);
            case EQUAL_GROUPS -> equalGroups(h);
            case KL_EXPLOSION -> klExplosion(h);
            case CLIPPING -> clipping(h);
            case LENGTH_RUNAWAY -> lengthRunaway(h);
            case REWARD_HACKING -> rewardHacking(h);
            case REWARD_FAILURES -> rewardFailures(h);
            case LOSS_STUCK -> lossStuck(h);
            case CHANCE -> chance(h);
            case MARGINS_EXPLODE -> marginsExplode(h);
            case CHOSEN_FALLS -> chosenFalls(h);
        };
    }

    private static Optional<Sign> sign(String seen, String meaning, String advice) {
        return Optional.of(new Sign(seen, meaning, advice));
    }

    private static String number(double value) {
        return Figures.number(value);
    }

    private static String percent(double value) {
        return Figures.percent(value);
    }

    // ---- any training ----------------------------------------------------------------------------------------------

    /// At once: nothing good comes after.
    private static Optional<Sign> notFinite(MetricHistory h) {
        for (String name :
                List.of(RunMetrics.LOSS, RunMetrics.GRAD_NORM, RunMetrics.REWARD, RunMetrics.KL, RunMetrics.ENTROPY)) {
            if (h.has(name) && !Double.isFinite(h.last(name))) {
                return sign(
                        name + " is " + h.last(name),
                        "What is learnt from it is no number either",
                        name.equals(RunMetrics.REWARD)
                                ? "a look at the rewards that failed; mend them and resume from the last checkpoint"
                                : "a lower learning rate or a smaller maxGradNorm, from the last checkpoint on");
            }
        }
        return Optional.empty();
    }

    /// Ten times the usual is beyond where a gradient would be clipped (Pascanu et al. 2013, "On the difficulty of
    /// training recurrent neural networks", section 3.2: half to ten times the average norm); three steps in a row,
    /// because single steps of that size come and go.
    private static final double GRADIENT_TIMES = 10;

    private static Optional<Sign> explodingGradient(MetricHistory h) {
        double[] now = h.recent(RunMetrics.GRAD_NORM, 3);
        double[] before = h.before(RunMetrics.GRAD_NORM, 3, 50);
        double usual = median(before);
        return before.length >= WINDOW && usual > 0 && all(now, norm -> norm > GRADIENT_TIMES * usual)
                ? sign(
                        "The gradient's norm was " + number(mean(now)) + " over 3 steps, " + number(usual)
                                + " in the median before",
                        "Clipped, it is a step in a direction that a few tokens decide",
                        "a lower learning rate, a longer warm-up, or a look at the samples of these steps")
                : Optional.empty();
    }

    // ---- reinforcement learning ------------------------------------------------------------------------------------

    /// A policy's reward is bought with its entropy, and there is none to be had where that is gone (Cui et al.
    /// 2025, "The entropy mechanism of reinforcement learning for reasoning language models": 94 % of it were gone
    /// where nothing was gained any more): less than a tenth of what it began with. Or the entropy of a *whole
    /// completion*, which is a token's times the length, is below ln 2 and halved at least: with less than a bit to
    /// choose by, a group has fewer than two answers.
    private static final double ENTROPY_LEFT = 0.1;

    private static final double BIT = Math.log(2);

    private static Optional<Sign> entropyCollapse(MetricHistory h) {
        if (!h.has(RunMetrics.REWARD) || h.count(RunMetrics.ENTROPY) < 2 * WINDOW) {
            return Optional.empty();
        }
        double first = mean(h.first(RunMetrics.ENTROPY, WINDOW));
        double now = mean(h.recent(RunMetrics.ENTROPY, WINDOW));
        double whole = now * mean(h.recent(RunMetrics.RESPONSE_LENGTH, WINDOW));
        String meaning =
                "Completions of a problem become one: nothing new is tried, and groups of equal rewards follow";
        String advice =
                "a higher temperature, a larger epsilonHigh (clip-higher), a divergence to the reference (beta), or a lower"
                        + " learning rate";
        if (now < ENTROPY_LEFT * first) {
            return sign(
                    "Tokens have " + number(now) + " nats of " + number(first) + " at the beginning", meaning, advice);
        }
        return whole < BIT && now < first / 2
                ? sign("A whole completion has " + number(whole) + " nats, less than one bit", meaning, advice)
                : Optional.empty();
    }

    /// Where nine groups in ten teach nothing, a step's gradient is a tenth of the batch's that was paid for; DAPO
    /// (Yu et al. 2025, section 3.2) samples anew for this reason. Three steps without any are no chance either.
    private static final double EQUAL_SHARE = 0.9;

    private static Optional<Sign> equalGroups(MetricHistory h) {
        boolean grouped = h.has(RunMetrics.ZERO_VARIANCE);
        String name = grouped ? RunMetrics.ZERO_VARIANCE : RunMetrics.REWARD_STD;
        double[] last = h.recent(name, 3);
        boolean none = last.length == 3 && all(last, x -> grouped ? x == 1 : x == 0);
        double share = mean(h.recent(name, WINDOW));
        if (!none && !(grouped && h.count(name) >= WINDOW && share >= EQUAL_SHARE)) {
            return Optional.empty();
        }
        double accuracy = mean(h.recent(RunMetrics.ACCURACY, none ? 3 : WINDOW));
        boolean solved = accuracy > 0.5;
        return sign(
                none
                        ? "All rewards " + (grouped ? "of each group" : "of a step") + " were equal for 3 steps"
                        : percent(share) + " of the groups of the last " + WINDOW + " steps had equal rewards",
                "Equal rewards have no advantage: these completions teach nothing"
                        + (Double.isNaN(accuracy)
                                ? ""
                                : solved
                                        ? "; here because the problems are solved"
                                        : "; nothing is solved to learn from"),
                solved
                        ? "harder problems, or an end of the run"
                        : "easier problems first, more completions a problem, a higher temperature, or a reward for parts"
                                + " of the way");
    }

    /// A nat a token is ten times verl's default target of its adaptive penalty, 0.1 a token: the policy finds each
    /// of its tokens e times likelier than the reference does. Or ten times the usual, three steps in a row, and
    /// beyond that target.
    private static final double KL_FAR = 1;

    private static final double KL_TARGET = 0.1;
    private static final double KL_TIMES = 10;

    private static Optional<Sign> klExplosion(MetricHistory h) {
        double[] now = h.recent(RunMetrics.KL, 3);
        double[] before = h.before(RunMetrics.KL, 3, 50);
        double usual = median(before);
        // KTO's z0 has the name too, and is of whole answers.
        boolean ofTokens = h.has(RunMetrics.REWARD);
        boolean far = now.length == 3 && all(now, kl -> kl > KL_FAR);
        boolean leapt = before.length >= WINDOW && usual > 0 && all(now, kl -> kl > KL_TARGET && kl > KL_TIMES * usual);
        return ofTokens && (far || leapt)
                ? sign(
                        "The divergence from the reference is " + number(mean(now)) + " nats a token"
                                + (leapt ? ", " + number(usual) + " in the median before" : ""),
                        "The policy leaves what the reference knew of language, and a learnt reward is not to be trusted"
                                + " there",
                        "a larger beta or KL coefficient, an adaptive one, or a lower learning rate")
                : Optional.empty();
    }

    /// A clipped token has no gradient. Our reason: three in ten are a third of the rollout thrown away, and the
    /// updates are far from the policy that sampled.
    private static final double CLIPPED_SHARE = 0.3;

    private static Optional<Sign> clipping(MetricHistory h) {
        double[] now = h.recent(RunMetrics.CLIP_FRACTION, WINDOW);
        return now.length == WINDOW && mean(now) > CLIPPED_SHARE
                ? sign(
                        percent(mean(now)) + " of the tokens were clipped over the last " + WINDOW + " steps",
                        "They teach nothing, and the policy is far from the one that sampled",
                        "a lower learning rate, fewer passes over a rollout, or larger mini-batches")
                : Optional.empty();
    }

    /// Half of the completions cut off, and a quarter more than at the beginning: a policy that was set up with too
    /// little room says nothing new by it. Or half as long again as twenty steps before, beyond chance, and no more
    /// accurate: wrong answers grow under a loss that is divided by their length (Liu et al. 2025, "Understanding
    /// R1-Zero-like training", section 3.1).
    private static final double CUT_OFF = 0.5;

    private static final double MORE_CUT_OFF = 0.25;
    private static final double LENGTH_TIMES = 1.5;

    private static Optional<Sign> lengthRunaway(MetricHistory h) {
        if (h.count(RunMetrics.RESPONSE_LENGTH) < 2 * WINDOW) {
            return Optional.empty();
        }
        String advice =
                "a penalty for overlong completions, the token-mean loss or DR_GRPO's, or a higher maxCompletionLength where"
                        + " the answers are on their way";
        double cut = mean(h.recent(RunMetrics.TRUNCATED, WINDOW));
        double cutFirst = mean(h.first(RunMetrics.TRUNCATED, WINDOW));
        if (cut >= CUT_OFF && cut >= cutFirst + MORE_CUT_OFF) {
            return sign(
                    percent(cut) + " of the completions are cut off at the limit, " + percent(cutFirst)
                            + " at the beginning",
                    "What is cut off has no answer, and is punished whatever it was about to say",
                    advice);
        }
        double[] lengths = h.recent(RunMetrics.RESPONSE_LENGTH, WINDOW);
        double[] shorter = h.before(RunMetrics.RESPONSE_LENGTH, 2 * WINDOW, WINDOW);
        String gain = h.has(RunMetrics.ACCURACY) ? RunMetrics.ACCURACY : RunMetrics.REWARD;
        double[] now = h.recent(gain, WINDOW);
        double[] then = h.before(gain, 2 * WINDOW, WINDOW);
        return shorter.length == WINDOW
                        && mean(lengths) > LENGTH_TIMES * mean(shorter)
                        && rise(shorter, lengths) > 0
                        && mean(now) <= mean(then)
                ? sign(
                        "Completions have " + number(mean(lengths)) + " tokens, " + number(mean(shorter))
                                + " twenty steps before, and " + gain + " went from " + number(mean(then)) + " to "
                                + number(mean(now)),
                        "They grow without doing better",
                        advice)
                : Optional.empty();
    }

    /// A learnt or partial reward is no longer a sign of what it stands for once it is aimed at (Gao et al. 2022,
    /// "Scaling laws for reward model overoptimization"). Both against twenty steps before and beyond chance; 0.05
    /// of accuracy and a twentieth of the part's range are worth being told.
    private static final double ACCURACY_LOST = 0.05;

    private static final double PART_GAINED = 0.05;

    private static Optional<Sign> rewardHacking(MetricHistory h) {
        double[] accuracy = h.recent(RunMetrics.ACCURACY, WINDOW);
        double[] accuracyBefore = h.before(RunMetrics.ACCURACY, 2 * WINDOW, WINDOW);
        if (accuracyBefore.length < WINDOW || rise(accuracyBefore, accuracy) > -ACCURACY_LOST) {
            return Optional.empty();
        }
        List<String> parts = new ArrayList<>(h.names(RunMetrics.REWARD_PARTS));
        parts.removeIf(
                name -> name.endsWith(RunMetrics.REWARD_FAILED) || h.count(name) != h.count(RunMetrics.ACCURACY));
        parts.add(RunMetrics.REWARD);
        for (String part : parts) {
            double[] now = h.recent(part, WINDOW);
            double[] before = h.before(part, 2 * WINDOW, WINDOW);
            double rise = before.length < WINDOW ? 0 : rise(before, now);
            if (rise > 0 && rise >= PART_GAINED * Math.max(Math.abs(mean(before)), Math.abs(mean(now)))) {
                return sign(
                        part + " rose from " + number(mean(before)) + " to " + number(mean(now))
                                + " in twenty steps while accuracy fell from " + percent(mean(accuracyBefore)) + " to "
                                + percent(mean(accuracy)),
                        "The policy has found that this pays without solving anything",
                        "a smaller weight for it, paying it to right answers only, or a stricter rule; read the samples");
            }
        }
        return Optional.empty();
    }

    /// The first: each is a completion that teaches nothing.
    private static Optional<Sign> rewardFailures(MetricHistory h) {
        return h.names(RunMetrics.REWARD_PARTS).stream()
                .filter(name -> name.endsWith(RunMetrics.REWARD_FAILED) && h.last(name) > 0)
                .findFirst()
                .flatMap(name -> sign(
                        String.format(Locale.ROOT, "%s of a step was %.0f", name, h.last(name)),
                        "A completion without a score takes no part in its group and teaches nothing",
                        "a look at what the run's messages say of it; mend the reward if it goes on"));
    }

    // ---- supervised training and pairs -----------------------------------------------------------------------------

    /// Whether the loss is one that falls when all is well: of supervised training or of pairs. A policy gradient's
    /// is around 0 whatever it learns.
    private static boolean lossFalls(MetricHistory h) {
        return h.has(RunMetrics.LOSS) && !h.has(RunMetrics.REWARD);
    }

    /// Fifty steps are a fair trial; a hundredth less than at the beginning is nothing, a tenth more is a rise,
    /// both beyond chance.
    private static final int TRIAL = 50;

    private static final double LOSS_FALL = 0.01;
    private static final double LOSS_RISE = 0.1;

    private static Optional<Sign> lossStuck(MetricHistory h) {
        if (!lossFalls(h) || h.count(RunMetrics.LOSS) < TRIAL) {
            return Optional.empty();
        }
        double[] first = h.first(RunMetrics.LOSS, WINDOW);
        double[] now = h.recent(RunMetrics.LOSS, WINDOW);
        double change = (mean(now) - mean(first)) / Math.abs(mean(first));
        double beyondChance = rise(first, now);
        String seen = "The loss was " + number(mean(first)) + " over the first " + WINDOW + " steps and is "
                + number(mean(now));
        if (beyondChance > 0 && change > LOSS_RISE) {
            return sign(
                    seen,
                    "It rises: the steps are too large, or the later data is another",
                    "a lower learning rate, a longer warm-up, or shuffled data");
        }
        return beyondChance >= 0 && Math.abs(change) < LOSS_FALL
                ? sign(
                        seen,
                        "Nothing is learnt",
                        "a higher learning rate, a look at which tokens are trained (masks) and whether the data can be"
                                + " learnt at all")
                : Optional.empty();
    }

    /// A coin's ½ and what 20 steps of 8 pairs add to it by chance (one standard error is 0.04).
    private static final double COIN = 0.55;

    private static Optional<Sign> chance(MetricHistory h) {
        String name = h.has("rewards/accuracies") ? "rewards/accuracies" : RunMetrics.ACCURACY;
        boolean pairs = h.has("rewards/accuracies") || h.has("margin");
        double[] now = h.recent(name, 2 * WINDOW);
        return pairs && h.count(name) >= TRIAL && mean(now) < COIN
                ? sign(
                        percent(mean(now)) + " of the pairs were told apart over the last " + 2 * WINDOW + " steps",
                        "A coin has 50 %",
                        "a higher learning rate; pairs that differ in what is to be learnt; or a look at whether chosen and"
                                + " rejected were mixed up")
                : Optional.empty();
    }

    /// σ(-10) = 0.00005: such pairs have no gradient left. The loss of DPO has no minimum where a preference is
    /// certain, so its margins grow without bound and the reference is forgotten (Azar et al. 2023, "A general
    /// theoretical paradigm to understand learning from human preferences", section 4.2).
    private static final double MARGIN = 10;

    private static Optional<Sign> marginsExplode(MetricHistory h) {
        String name = h.has("rewards/margins") ? "rewards/margins" : "margin";
        double[] now = h.recent(name, WINDOW);
        return now.length == WINDOW && mean(now) > MARGIN
                ? sign(
                        "The mean margin was " + number(mean(now)) + " over the last " + WINDOW + " steps",
                        "Pairs are told apart with all certainty that a loss can want; what goes on is overfitting",
                        "an end of the run, fewer passes over the data, a larger beta, label smoothing, or the IPO loss")
                : Optional.empty();
    }

    /// A reward of -1 is β times a log ratio: with β = 0.1 an answer that is e¹⁰ times less likely than it was.
    /// Where there is no reference, a tenth of the log-probability, beyond chance. Pairs are told apart by making
    /// both unlikely (Razin et al. 2024, "Unintentional unalignment: likelihood displacement in direct preference
    /// optimization").
    private static final double CHOSEN_REWARD = -1;

    private static final double CHOSEN_LOST = 0.1;

    private static Optional<Sign> chosenFalls(MetricHistory h) {
        boolean reference = !h.has("nll_loss"); // what ORPO and CPO log, which have none
        String name = reference ? "rewards/chosen" : "logps/chosen";
        if (h.count("rewards/chosen") < 2 * WINDOW || h.count(name) < 2 * WINDOW) {
            return Optional.empty();
        }
        double[] first = h.first(name, WINDOW);
        double[] now = h.recent(name, WINDOW);
        double fall = -rise(first, now);
        boolean low = reference ? mean(now) < CHOSEN_REWARD : fall > CHOSEN_LOST * Math.abs(mean(first));
        return fall > 0 && low
                ? sign(
                        name + " fell from " + number(mean(first)) + " to " + number(mean(now)),
                        "The answers that were preferred become less likely too; what becomes likelier is in no pair",
                        "a term of supervised loss (rpo_alpha, sft weight, ORPO), a larger beta, a lower learning rate, or"
                                + " pairs that differ more")
                : Optional.empty();
    }
}
