package io.torrefy.posttrain.ppo;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.StepClock;
import io.torrefy.posttrain.Task;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The policy with what samples from it, what it is held to and what updates it: what the algorithms have in common
/// around their losses.
final class Actor implements AutoCloseable {
    private final CausalLm policy;
    private final @Nullable CausalLm reference;
    private final RolloutOptions rollout;
    private final Optimization optimization;
    private final KlPenalty penalty;
    private final KlController kl;
    private final Sampler sampler;
    private final Learner learner;

    /// @throws IllegalArgumentException naming what contradicts each other
    Actor(
            String op,
            CausalLm policy,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Scorer scorer,
            RolloutOptions rollout,
            Optimization optimization,
            KlPenalty penalty) {
        this.policy = policy;
        this.reference = reference;
        this.rollout = rollout;
        this.optimization = optimization;
        this.penalty = penalty;
        this.kl = penalty.controller();
        this.sampler = new Sampler(op, policy, reference, tokenizer, task, scorer, rollout, penalty);
        sampler.checkMiniBatches(optimization);
        this.learner = optimization.learner(op, policy, optimization.learningRate());
    }

    Sampler sampler() {
        return sampler;
    }

    Learner learner() {
        return learner;
    }

    /// What the divergence is multiplied by in this step.
    double klCoefficient() {
        return kl.coefficient();
    }

    /// What was sampled, under the models as they were then.
    ///
    /// @param logProbs (tokens, completions end to end) of the policy
    /// @param kl (tokens) the estimated divergence from the reference; 0 without one
    record Experience(Sampler.Batch batch, int[] lengths, double[] logProbs, double[] kl) {
        double klPerCompletion() {
            return Metrics.sum(kl) / lengths.length;
        }
    }

    /// Samples the completions of step `step`, has them scored and looks at their log-probabilities.
    Experience sample(long step, StepClock clock) {
        Sampler.Batch batch = sampler.sample(step, clock);
        double[] logProbs = sampler.logProbs(policy, batch);
        double[] divergence = reference == null
                ? new double[logProbs.length]
                : penalty.estimator().of(logProbs, sampler.logProbs(reference, batch));
        return new Experience(batch, batch.lengths(), logProbs, divergence);
    }

    /// Goes through the completions as often as it is to be, in mini-batches of random rows.
    void passes(long step, Sampler.Batch batch, Consumer<int[]> update) {
        for (int epoch = 0; epoch < optimization.numPpoEpochs(); epoch++) {
            for (int[] rows : sampler.miniBatches(step, epoch, optimization, batch.size())) {
                update.accept(rows);
            }
        }
    }

    /// The loss of some rows of a mini-batch, divided by what the whole of it is.
    interface Loss {
        Tensor of(PackedCompletions packed, int[] part);
    }

    /// Adds the gradients of a mini-batch, as many rows at a time as fit into memory.
    ///
    /// @return its loss
    double accumulate(Sampler.Batch batch, int[] rows, Loss loss) {
        double sum = 0;
        for (int[] part : sampler.microBatches(batch.rollouts(), rows)) {
            try (Scope _ = Scope.open()) {
                Tensor value = loss.of(sampler.pack(batch.rollouts(), part), part);
                value.backward();
                sum += value.item();
            }
        }
        return sum;
    }

    /// What the policy says of them now.
    TokenLogProbs now(PackedCompletions packed) {
        return packed.logProbs(policy, rollout.temperature());
    }

    /// The metrics of rollout and divergence.
    ///
    /// @param reward of a completion, the penalty taken off, in the mean
    Map<String, Double> metrics(long step, Experience x, double reward, List<RunSample> samples) {
        Map<String, Double> m = Metrics.of(x.batch, samples);
        m.put("objective/kl", x.klPerCompletion());
        m.put("objective/kl_coef", kl.coefficient());
        m.put("objective/rlhf_reward", reward);
        m.put(RunMetrics.KL, Metrics.mean(x.kl));
        m.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        return m;
    }

    /// Lets the coefficient follow its target, if it has one.
    void follow(Experience x) {
        kl.update(x.klPerCompletion(), x.batch.size());
    }

    /// Writes the policy (a model folder), the optimiser's state and the KL coefficient.
    void save(Path folder) throws IOException {
        policy.save(folder);
        learner.save(folder);
        kl.save(folder);
    }

    void restore(Path folder) throws IOException {
        learner.restoreWithWeights(folder);
        kl.restore(folder);
    }

    @Override
    public void close() {
        sampler.close();
        learner.close();
    }
}
