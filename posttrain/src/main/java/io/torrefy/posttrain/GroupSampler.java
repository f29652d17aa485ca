package io.torrefy.posttrain;

import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// The rollout of a step, its first two points in [Grpo]'s list: a group of episodes for each problem, scored. With
/// dynamic sampling (DAPO, Yu et al. 2025, section 3.2):
///
/// 1. sample groups for as many new problems as the share of groups kept so far asks for, at most a whole step's;
/// 2. throw away those that teach nothing, by [RolloutPlan.FilterGroups];
/// 3. until the step has its groups, or [RolloutPlan#maxNumGenBatches] times (verl then stops the run; here the step
///    is made with what there is).
///
/// What is drawn for step `k` depends on (seed, k) and the weights alone: the problems of a second try come from the
/// order of another seed, so that nothing but the step's number has to outlive a kill.
final class GroupSampler {
    /// Streams of random numbers from a try to the next, more than those of a try.
    private static final long TRY = 1L << 50;

    private static final String ENVIRONMENT = "environment";

    private final Episodes episodes;
    private final Tokenizer tokenizer;
    private final Task task;
    private final Rewards rewards;
    private final Grpo.Options options;
    private final RolloutPlan plan;

    GroupSampler(
            Generator generator,
            Tokenizer tokenizer,
            int positions,
            Task task,
            Rewards rewards,
            Grpo.Options options,
            RolloutPlan plan) {
        this.episodes = new Episodes(generator, tokenizer, positions, plan);
        this.tokenizer = tokenizer;
        this.task = task;
        this.rewards = rewards;
        this.options = options;
        this.plan = plan;
    }

    /// The batch of step number `step`, from 0.
    ///
    /// @param version steps done by the generator's weights
    /// @throws RunException if the weights cannot be sampled from
    RolloutBatch sample(long step, long version) {
        Tally tally = new Tally();
        List<Rollout> kept = new ArrayList<>();
        int wanted = options.problems() * options.numGenerations();
        boolean filters = plan.filterGroups() != RolloutPlan.FilterGroups.NONE;
        while (kept.size() < wanted && tally.tries < (filters ? plan.maxNumGenBatches() : 1)) {
            int missing = (wanted - kept.size()) / options.numGenerations();
            List<Rollout> sampled = groups(step, tally.tries, tally.problemsFor(missing), tally);
            for (int from = 0; from < sampled.size(); from += options.numGenerations()) {
                List<Rollout> group = sampled.subList(from, from + options.numGenerations());
                if (filters && !teaches(group)) {
                    tally.filtered++;
                } else {
                    tally.kept++;
                    kept.addAll(kept.size() < wanted ? group : List.of());
                }
            }
            tally.all.addAll(sampled);
            tally.tries++;
        }
        if (kept.size() < wanted) {
            tally.warnings.add("[grpo] dynamic sampling found " + kept.size() / options.numGenerations() + " of "
                    + options.problems() + " groups at step " + (step + 1) + " in " + tally.tries
                    + " draws of problems. Hint: problems that are neither solved nor hopeless, a larger group, or"
                    + " another filter_groups.");
        }
        return new RolloutBatch(step, version, kept, tally.tokens(), tally.metrics(), tally.warnings);
    }

    private boolean teaches(List<Rollout> group) {
        ToDoubleFunction<Rollout> by = plan.filterGroups() == RolloutPlan.FilterGroups.ACC
                ? rollout -> rollout.sample().correct() ? 1 : 0
                : Rollout::reward;
        double[] values = group.stream().mapToDouble(by).toArray();
        return !Advantages.zeroVariance(values, values.length)[0];
    }

    /// Groups of `count` problems that no other try of the step has.
    private List<Rollout> groups(long step, int attempt, int count, Tally tally) {
        long began = System.nanoTime();
        long seed = attempt == 0 ? options.seed() : new SplitMix(options.seed(), attempt).next();
        List<Problem> problems = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Problem problem = task.training(seed, step * options.problems() + i);
            for (int g = 0; g < options.numGenerations(); g++) {
                problems.add(problem);
            }
        }
        long stream = step * options.problems() * options.numGenerations() + attempt * TRY;
        List<Episode> sampled = episodes(step, problems, stream);
        long scoring = System.nanoTime();
        List<Rollout> rollouts = score(step, problems, sampled, tally);
        tally.rolloutSeconds += (scoring - began) * 1e-9;
        tally.rewardSeconds += (System.nanoTime() - scoring) * 1e-9;
        return rollouts;
    }

    /// Weights that are no numbers cannot be sampled from.
    private List<Episode> episodes(long step, List<Problem> problems, long stream) {
        Sampling sampling = Sampling.of(options.maxCompletionLength(), options.temperature(), options.seed())
                .withStopIds(Set.of(Tokens.end(tokenizer)));
        try {
            return episodes.run(problems, sampling, stream);
        } catch (IllegalStateException e) {
            throw new RunException("[grpo] the rollout failed at step " + (step + 1) + ": " + e.getMessage());
        }
    }

    private List<Rollout> score(long step, List<Problem> problems, List<Episode> sampled, Tally tally) {
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < sampled.size(); i++) {
            attempts.add(Evaluation.attempt(problems.get(i), sampled.get(i), tokenizer));
        }
        RewardBatch scored = rewards.scoreAll(attempts);
        scored.failed().forEach((name, count) -> tally.failed.merge(name, count, Integer::sum));
        tally.warnings.addAll(scored.messages());
        List<Rollout> rollouts = new ArrayList<>();
        for (int i = 0; i < sampled.size(); i++) {
            RewardBreakdown reward = withEnvironment(scored.breakdowns().get(i), sampled.get(i));
            RunSample judged = Evaluation.sample(step + 1, "train", attempts.get(i), reward, task);
            rollouts.add(new Rollout(sampled.get(i), reward.total(), judged));
        }
        return rollouts;
    }

    private RewardBreakdown withEnvironment(RewardBreakdown reward, Episode episode) {
        if (plan.environment() == null) {
            return reward;
        }
        List<RewardBreakdown.Part> parts = new ArrayList<>(reward.parts());
        parts.add(new RewardBreakdown.Part(ENVIRONMENT, 1, episode.reward()));
        return RewardBreakdown.of(parts);
    }

    /// What was sampled for a step.
    private final class Tally {
        final List<Rollout> all = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();
        final Map<String, Integer> failed = new LinkedHashMap<>();
        int tries;
        int kept;
        int filtered;
        double rolloutSeconds;
        double rewardSeconds;

        /// How many problems a try takes to find groups that are missing, by the share that was kept; 1 more of
        /// both so that none kept is no division by zero.
        int problemsFor(int missing) {
            int sampled = kept + filtered;
            return (int) Math.min(options.problems(), Math.ceilDiv((long) missing * (sampled + 1), kept + 1));
        }

        long tokens() {
            return all.stream().mapToLong(r -> r.episode().sampledTokens()).sum();
        }

        Map<String, Double> metrics() {
            Map<String, Double> m = new LinkedHashMap<>();
            double n = all.size();
            double[] reward = all.stream().mapToDouble(Rollout::reward).toArray();
            m.put(
                    RunMetrics.REWARD,
                    Arrays.stream(reward).filter(Double::isFinite).average().orElse(Double.NaN));
            m.put(RunMetrics.REWARD_STD, groupDeviation(reward));
            List<String> names = new ArrayList<>(rewards.names());
            if (plan.environment() != null) {
                names.add(ENVIRONMENT);
            }
            for (String name : names) {
                m.put(
                        RunMetrics.REWARD_PARTS + name,
                        meanOfScored(all.stream()
                                .mapToDouble(r -> r.sample().rewards().getOrDefault(name, Double.NaN))
                                .toArray()));
            }
            m.put(
                    RunMetrics.ACCURACY,
                    all.stream().filter(r -> r.sample().correct()).count() / n);
            m.put(RunMetrics.RESPONSE_LENGTH, tokens() / n);
            m.put(
                    RunMetrics.TRUNCATED,
                    all.stream().filter(r -> r.episode().truncated()).count() / n);
            m.put(RunMetrics.ENTROPY, surprise());
            m.put(RunMetrics.ZERO_VARIANCE, Advantages.zeroVarianceFraction(reward, options.numGenerations()));
            if (plan.filterGroups() != RolloutPlan.FilterGroups.NONE) {
                m.put(RunMetrics.NUM_GEN_BATCHES, (double) tries);
                m.put(RunMetrics.FILTERED_GROUPS, (double) filtered);
            }
            if (plan.environment() != null) {
                double calls = all.stream().mapToInt(r -> r.episode().calls()).sum();
                double failures =
                        all.stream().mapToInt(r -> r.episode().failures()).sum();
                m.put(
                        RunMetrics.TURNS,
                        all.stream().mapToInt(r -> r.episode().turns()).sum() / n);
                m.put(RunMetrics.TOOL_CALLS, calls / n);
                m.put(RunMetrics.TOOL_FAILURES, calls == 0 ? 0 : failures / calls);
            }
            failed.forEach((name, count) -> {
                if (count > 0) {
                    m.put(RunMetrics.REWARD_PARTS + name + RunMetrics.REWARD_FAILED, (double) count);
                }
            });
            m.put(RunMetrics.TIME + "rollout", rolloutSeconds);
            m.put(RunMetrics.TIME + "reward", rewardSeconds);
            return m;
        }

        /// The mean surprise of what was sampled estimates the entropy without a pass of its own.
        private double surprise() {
            double sum = 0;
            for (Rollout r : all) {
                for (double logProb : r.episode().sampledLogProbs()) {
                    sum -= logProb;
                }
            }
            return sum / tokens();
        }
    }

    /// Of the completions that have a score; NaN where none has.
    private static double meanOfScored(double[] scores) {
        double[] scored = Arrays.stream(scores).filter(Double::isFinite).toArray();
        return Arrays.stream(scored).sum() / scored.length;
    }

    private double groupDeviation(double[] reward) {
        int g = options.numGenerations();
        double sum = 0;
        for (int i = 0; i < reward.length; i += g) {
            double[] scored =
                    Arrays.stream(reward, i, i + g).filter(Double::isFinite).toArray();
            double mean = Arrays.stream(scored).average().orElse(0);
            double squares =
                    Arrays.stream(scored).map(r -> (r - mean) * (r - mean)).sum();
            sum += Math.sqrt(squares / Math.max(1, scored.length - 1));
        }
        return sum / (reward.length / g);
    }
}
