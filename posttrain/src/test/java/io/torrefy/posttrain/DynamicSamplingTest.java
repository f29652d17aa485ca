package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.nn.GradientClipping;
import io.torrefy.posttrain.RolloutPlan.FilterGroups;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Groups that teach nothing, and completions that were cut off.
class DynamicSamplingTest {
    private static final Grpo.Options OPTIONS = TinyBase.options(20, 1e-2, 1, 300, 0);
    private static final int GROUP = OPTIONS.numGenerations();

    /// Half of the problems are beyond any model.
    private static final BiPredicate<Problem, String> HALF_HOPELESS =
            (problem, text) -> !hopeless(problem.prompt()) && TinyBase.even(text);

    private static boolean hopeless(String prompt) {
        return (prompt.hashCode() & 1) == 0;
    }

    private static RolloutBatch sample(Task task, RolloutPlan plan, long step) {
        try (CausalLm policy = TinyBase.model(3);
                Generator generator = Generator.of(policy, TinyBase.tokenizer(), OPTIONS.problems() * GROUP)) {
            Rewards rewards =
                    Rewards.of("accuracy", task.accuracy()).plus("length", (_, text) -> text.length() * 1e-3, 1);
            return new GroupSampler(
                            generator,
                            TinyBase.tokenizer(),
                            policy.config().maxPositions(),
                            task,
                            rewards,
                            OPTIONS,
                            plan)
                    .sample(step, step);
        }
    }

    private static Set<Boolean> answers(List<Rollout> group) {
        Set<Boolean> different = new HashSet<>();
        group.forEach(rollout -> different.add(rollout.sample().correct()));
        return different;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7})
    void everyGroupOfAStepHasRightAndWrongAnswers(long step) {
        Task task = TinyBase.task(HALF_HOPELESS);
        RolloutPlan plan = RolloutPlan.DEFAULT.withFilterGroups(FilterGroups.ACC, 50);
        RolloutBatch batch = sample(task, plan, step);
        assertThat(batch.rollouts()).hasSize(OPTIONS.problems() * GROUP);
        Set<String> prompts = new HashSet<>();
        for (int from = 0; from < batch.rollouts().size(); from += GROUP) {
            List<Rollout> group = batch.rollouts().subList(from, from + GROUP);
            assertThat(answers(group)).hasSize(2);
            assertThat(group)
                    .allMatch(r -> Arrays.equals(r.prompt(), group.getFirst().prompt()));
            prompts.add(group.getFirst().sample().prompt());
        }
        assertThat(prompts)
                .as("different problems")
                .hasSize(OPTIONS.problems())
                .noneMatch(DynamicSamplingTest::hopeless);
        // What is thrown away is in the figures of the step.
        double tries = batch.metrics().get(RunMetrics.NUM_GEN_BATCHES);
        double filtered = batch.metrics().get(RunMetrics.FILTERED_GROUPS);
        assertThat(filtered).isBetween(tries - 1, tries * OPTIONS.problems());
        long keptTokens = batch.rollouts().stream()
                .mapToLong(r -> r.episode().sampledTokens())
                .sum();
        assertThat(batch.tokens()).isGreaterThanOrEqualTo(keptTokens + (long) filtered * GROUP);
    }

    /// A group of equal answers differs by a shaped reward, and is then no group of equal rewards.
    @Test
    void filteringByRewardKeepsWhatFilteringByAccuracyThrowsAway() {
        Task never = TinyBase.task((_, _) -> false);
        RolloutBatch byReward = sample(never, RolloutPlan.DEFAULT.withFilterGroups(FilterGroups.SEQ_REWARD, 3), 0);
        assertThat(byReward.rollouts()).hasSize(OPTIONS.problems() * GROUP);
        assertThat(byReward.metrics()).containsEntry(RunMetrics.NUM_GEN_BATCHES, 1.0);
        RolloutBatch byAccuracy = sample(never, RolloutPlan.DEFAULT.withFilterGroups(FilterGroups.ACC, 3), 0);
        assertThat(byAccuracy.rollouts()).isEmpty();
        assertThat(byAccuracy.metrics())
                .containsEntry(RunMetrics.NUM_GEN_BATCHES, 3.0)
                .containsEntry(RunMetrics.FILTERED_GROUPS, 3.0 * OPTIONS.problems());
    }

    /// The first try is the step as it is without dynamic sampling, to the bit.
    @Test
    void whereEveryGroupTeachesNothingChanges() {
        Task task = TinyBase.task((_, text) -> TinyBase.even(text));
        RolloutPlan plan = RolloutPlan.DEFAULT.withFilterGroups(FilterGroups.SEQ_REWARD, 3);
        RolloutBatch with = sample(task, plan, 2);
        RolloutBatch without = sample(task, RolloutPlan.DEFAULT, 2);
        assertThat(ids(with)).isEqualTo(ids(without));
        assertThat(with.rewards()).isEqualTo(without.rewards());
    }

    private static List<List<Integer>> ids(RolloutBatch batch) {
        return batch.rollouts().stream()
                .map(r -> Arrays.stream(r.ids()).boxed().toList())
                .toList();
    }

    @Test
    void itDoesNotDependOnThreads() {
        int before = Threads.count();
        try {
            Task task = TinyBase.task(HALF_HOPELESS);
            RolloutPlan plan = RolloutPlan.DEFAULT.withFilterGroups(FilterGroups.ACC, 50);
            Threads.use(1);
            RolloutBatch one = sample(task, plan, 3);
            Threads.use(3);
            assertThat(ids(sample(task, plan, 3))).isEqualTo(ids(one));
        } finally {
            Threads.use(before);
        }
    }

    @Test
    void aStepThatFindsNothingChangesNothingAndSaysSo() {
        Task never = TinyBase.task((_, _) -> false);
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, never, OPTIONS, RolloutPlan.DEFAULT.withFilterGroups(FilterGroups.ACC, 2))) {
            Map<String, float[]> before = TinyBase.weights(policy);
            Grpo.Step step = grpo.step(0);
            assertSame(TinyBase.weights(policy), before);
            assertThat(step.samples()).isEmpty();
            assertThat(step.tokens()).isPositive();
            assertThat(grpo.warnings()).hasSize(1);
            assertThat(grpo.warnings().getFirst()).contains("0 of 2 groups at step 1 in 2 draws", "Hint");
            assertThat(step.metrics())
                    .containsEntry(RunMetrics.LOSS, 0.0)
                    .containsEntry(RunMetrics.GRAD_NORM, 0.0)
                    .containsEntry(RunMetrics.ACCURACY, 0.0)
                    .containsEntry(RunMetrics.NUM_GEN_BATCHES, 2.0);
        }
    }

    private static Grpo grpo(CausalLm policy, Task task, Grpo.Options options, RolloutPlan plan) {
        Rewards rewards = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);
        return Grpo.of(policy, null, null, TinyBase.tokenizer(), task, rewards, options, plan);
    }

    private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
    }

    // ---- completions that were cut off -----------------------------------------------------------------------------

    private static Grpo.Options ofType(GrpoLoss.LossType type, int maxCompletionLength) {
        return new Grpo.Options(
                20,
                2,
                4,
                maxCompletionLength,
                1,
                1e-2,
                0,
                true,
                1,
                Advantages.Scale.GROUP,
                GrpoLoss.Options.defaults().withLossType(type).withMaxCompletionLength(maxCompletionLength),
                1,
                300,
                5);
    }

    /// A truncated completion is a row of the loss whose mask is all 0, as in TRL, whose losses with such a row the
    /// fixture `grpo_masked_row` has; here it is a row of length 0, and the gradient is put together by hand.
    @ParameterizedTest
    @EnumSource(names = {"GRPO", "DR_GRPO", "DAPO", "LUSPO"})
    void maskedCompletionsAreRowsWithoutTokens(GrpoLoss.LossType type) {
        // Long enough for a random model to end by itself now and then.
        Grpo.Options options = ofType(type, 200);
        Task task = TinyBase.task((_, text) -> TinyBase.even(text));
        RolloutPlan plan = RolloutPlan.DEFAULT.withMaskTruncatedCompletions(true);
        try (CausalLm policy = TinyBase.model(3);
                CausalLm same = TinyBase.model(3);
                Generator generator = Generator.of(same, TinyBase.tokenizer(), 8);
                Grpo grpo = grpo(policy, task, options, plan)) {
            Rewards rewards = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);
            List<Rollout> rollouts = new GroupSampler(
                            generator, TinyBase.tokenizer(), 256, task, rewards, options, RolloutPlan.DEFAULT)
                    .sample(0, 0)
                    .rollouts();
            double masked =
                    rollouts.stream().filter(r -> r.episode().truncated()).count();
            assertThat(masked).as("some are cut off, some are not").isBetween(1.0, 7.0);
            Map<String, double[]> expected = gradients(same, options, rollouts);
            assertThat(grpo.step(0).metrics()).containsEntry(RunMetrics.MASKED_TRUNCATED, masked);
            Map<String, Tensor> state = grpo.optimizer().state();
            double norm = Math.sqrt(expected.values().stream()
                    .flatMapToDouble(Arrays::stream)
                    .map(g -> g * g)
                    .sum());
            assertThat(norm).isPositive();
            double coefficient = GradientClipping.coefficient(norm, options.maxGradNorm());
            expected.forEach((name, gradient) -> {
                // AdamW's first moment after a step: (1 - 0.9) of the clipped gradient.
                double[] moment = state.get("m." + name).toDoubles();
                for (int i = 0; i < gradient.length; i++) {
                    assertThat(moment[i])
                            .as("%s[%d]", name, i)
                            .isCloseTo(0.1 * coefficient * gradient[i], within(1e-6));
                }
            });
        }
    }

    private static Map<String, double[]> gradients(CausalLm model, Grpo.Options options, List<Rollout> rollouts) {
        double[] rewards = rollouts.stream().mapToDouble(Rollout::reward).toArray();
        double[] advantages = Advantages.group(rewards, options.numGenerations(), options.scale());
        List<Rollout> whole =
                rollouts.stream().filter(r -> !r.episode().truncated()).toList();
        int[] lengths = rollouts.stream()
                .mapToInt(r -> r.episode().truncated() ? 0 : r.ids().length)
                .toArray();
        try (Scope _ = Scope.open()) {
            Tensor logProbs = PackedCompletions.of(
                            whole.stream().map(Rollout::prompt).toList(),
                            whole.stream().map(Rollout::ids).toList())
                    .logProbs(model, options.temperature())
                    .logProbs();
            GrpoLoss.of(options.loss())
                    .loss(logProbs, logProbs.detach(), null, advantages, lengths, GrpoLoss.Normaliser.of(lengths))
                    .loss()
                    .backward();
        }
        Map<String, double[]> all = new TreeMap<>();
        model.namedParameters()
                .forEach((name, p) -> p.grad().ifPresent(gradient -> all.put(name, gradient.toDoubles())));
        return all;
    }

    /// TRL's test of the same: all truncated, the loss is 0.
    @Test
    void whereAllAreCutOffTheLossIsZero() {
        Task task = TinyBase.task((_, text) -> TinyBase.even(text));
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(
                        policy,
                        task,
                        ofType(GrpoLoss.LossType.DAPO, 1),
                        RolloutPlan.DEFAULT.withMaskTruncatedCompletions(true))) {
            Map<String, float[]> before = TinyBase.weights(policy);
            Map<String, Double> metrics = grpo.step(0).metrics();
            assertThat(metrics)
                    .containsEntry(RunMetrics.TRUNCATED, 1.0)
                    .containsEntry(RunMetrics.MASKED_TRUNCATED, 8.0)
                    .containsEntry(RunMetrics.LOSS, 0.0);
            assertSame(TinyBase.weights(policy), before);
        }
    }
}
