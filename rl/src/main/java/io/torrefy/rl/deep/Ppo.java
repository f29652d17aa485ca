package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Adam;
import io.torrefy.nn.Optimizer;
import io.torrefy.nn.Sequential;
import io.torrefy.rl.Env;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;

/// Proximal policy optimisation (Schulman et al. 2017) for discrete actions, as CleanRL's `ppo.py` has it. The numbers
/// are those of the 13 core details of "The 37 implementation details of proximal policy optimization" (Huang et al.
/// 2022). One thing is better than there: where a limit on time cut an episode, the value of its last state is
/// bootstrapped from.
///
/// ```
/// repeat
///   act for T steps in N environments                                  (1)
///   A by GAE, returns = A + V                                          (5)
///   for each epoch, for each mini-batch of the shuffled steps          (6)
///     A' = A normalised                                                (7)
///     r  = pi(a|s) / pi_old(a|s)
///     L  = mean max(-A' r, -A' clip(r, 1 - c, 1 + c))                  (8)
///          + 1/2 c_v mean max((V - ret)^2, (clip(V, V_old ± c) - ret)^2)   (9)
///          - c_e mean entropy                                          (10)
///     Adam on grad L, its norm clipped                                 (3, 11)
/// ```
///
/// @param <O> observations
@Export(value = "rl.deep.Ppo", since = "0.1")
public final class Ppo<O> extends Agent<O, Integer> {
    private final Settings s;
    private final Sequential actor;
    private final Sequential critic;
    private final Optimizer adam;
    private final Rollout rollout;

    /// Settings, by default CleanRL's.
    @Export(value = "rl.deep.PpoSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        int rolloutSteps = 128;
        double lambda = 0.95;
        int minibatches = 4;
        int epochs = 4;
        double clipRange = 0.2;
        boolean clipValue = true;
        double entropyCoefficient = 0.01;
        double valueCoefficient = 0.5;
        double maxGradNorm = 0.5;
        long annealSteps = 500_000;

        private Settings() {
            super("ppo", 4, 2.5e-4, 64, 64);
        }

        /// Steps in each environment between updates, T; 128 by default.
        public Settings rolloutSteps(int value) {
            rolloutSteps = Checks.atLeast(name, "rolloutSteps", 1, value);
            return this;
        }

        /// GAE's, in [0, 1]; 0.95 by default.
        public Settings lambda(double value) {
            lambda = Checks.unit(name, "lambda", value);
            return this;
        }

        /// Parts of a rollout that are learned from one by one; 4 by default.
        public Settings minibatches(int value) {
            minibatches = Checks.atLeast(name, "minibatches", 1, value);
            return this;
        }

        /// How often a rollout is gone through; 4 by default.
        public Settings epochs(int value) {
            epochs = Checks.atLeast(name, "epochs", 1, value);
            return this;
        }

        /// How far the ratio of probabilities counts, c; 0.2 by default.
        public Settings clipRange(double value) {
            clipRange = Checks.positive(name, "clipRange", value);
            return this;
        }

        /// Whether the critic's change is clipped to the same range, as by default.
        public Settings clipValue(boolean value) {
            clipValue = value;
            return this;
        }

        /// c_e; 0.01 by default.
        public Settings entropyCoefficient(double value) {
            entropyCoefficient = Checks.notNegative(name, "entropyCoefficient", value);
            return this;
        }

        /// c_v; 0.5 by default.
        public Settings valueCoefficient(double value) {
            valueCoefficient = Checks.notNegative(name, "valueCoefficient", value);
            return this;
        }

        /// 0.5 by default.
        public Settings maxGradNorm(double value) {
            maxGradNorm = Checks.positive(name, "maxGradNorm", value);
            return this;
        }

        /// Steps over which the learning rate falls to 0; 500 000 by default, and 0 to keep it.
        public Settings annealSteps(long value) {
            annealSteps = value;
            return this;
        }

        @Override
        void show(Map<String, Object> to) {
            to.put("rolloutSteps", rolloutSteps);
            to.put("lambda", lambda);
            to.put("minibatches", minibatches);
            to.put("epochs", epochs);
            to.put("clipRange", clipRange);
            to.put("clipValue", clipValue);
            to.put("entropyCoefficient", entropyCoefficient);
            to.put("valueCoefficient", valueCoefficient);
            to.put("maxGradNorm", maxGradNorm);
            to.put("annealSteps", annealSteps);
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes one environment each time
    public static <O> Ppo<O> of(Supplier<? extends Env<O, Integer>> env, Settings settings) {
        return new Ppo<>(env, env.get(), settings.copy());
    }

    private Ppo(Supplier<? extends Env<O, Integer>> env, Env<O, Integer> first, Settings s) {
        super("ppo", env, first, ActionForm.discrete("ppo", first), s);
        this.s = s;
        int actions = ActionForm.discreteSpace("ppo", first).n();
        // 2, 13: two networks, orthogonal; a small gain makes the first policy nearly uniform.
        actor = network("actor", Networks.orthogonal(actors.size, s.hidden, actions, Activation.TANH, 0.01, initial));
        critic = network("critic", Networks.orthogonal(actors.size, s.hidden, 1, Activation.TANH, 1, initial));
        SequencedMap<String, Tensor> both = Networks.parameters(actor, critic);
        // 3: CleanRL's epsilon.
        adam = optimizer("adam", Adam.of(both, s.learningRate).withEps(1e-5));
        rollout = new Rollout(s.rolloutSteps, actors);
        Checks.atLeast("ppo", "steps a rollout for each mini-batch", 2, rollout.count() / s.minibatches);
    }

    @Override
    void iterate() {
        // 4: the learning rate falls in a straight line.
        if (s.annealSteps > 0) {
            adam.learningRate(s.learningRate * Math.max(0, 1 - (double) steps / s.annealSteps));
        }
        // 1: environments side by side.
        rollout.collect(this, actor);
        // 5
        float[] oldValues = rollout.values(critic, rollout.observations);
        Gae gae = Gae.of(
                rollout.rewards,
                oldValues,
                rollout.values(critic, rollout.led),
                rollout.terminated,
                rollout.done,
                rollout.environments,
                s.gamma,
                s.lambda);
        // 6
        int[] order = Rollout.order(rollout.count());
        int batch = rollout.count() / s.minibatches;
        for (int epoch = 0; epoch < s.epochs; epoch++) {
            random().shuffle(order);
            for (int from = 0; from + batch <= order.length; from += batch) {
                try (Scope _ = Scope.open()) {
                    update(order, from, from + batch, gae, oldValues);
                }
            }
        }
    }

    private void update(int[] order, int from, int to, Gae gae, float[] oldValues) {
        Tensor x = rollout.observations(order, from, to);
        Tensor logProbs = actor.forward(x).logSoftmax(-1);
        Tensor logProb = logProbs.gather(-1, rollout.actions(order, from, to)).squeeze(-1);
        Tensor logRatio = logProb.sub(Tensor.of(Rollout.of(rollout.logProbs, order, from, to)));
        Tensor ratio = logRatio.exp();
        // 7
        Tensor advantages = Tensor.of(Gae.normalized(Rollout.of(gae.advantages(), order, from, to)));
        // 8
        Tensor policyLoss = policyLoss(ratio, advantages, s.clipRange);
        // 9
        Tensor value = critic.forward(x).squeeze(-1);
        Tensor returns = Tensor.of(Rollout.of(gae.returns(), order, from, to));
        Tensor old = Tensor.of(Rollout.of(oldValues, order, from, to));
        Tensor valueLoss = valueLoss(value, old, returns, s.clipValue ? s.clipRange : Double.POSITIVE_INFINITY);
        // 10
        Tensor entropy = logProbs.exp().mul(logProbs).sum(-1).neg().mean();
        policyLoss
                .sub(entropy.mul(s.entropyCoefficient))
                .add(valueLoss.mul(s.valueCoefficient))
                .backward();
        // 11
        adam.stepClipped(s.maxGradNorm);
        if (from == 0) {
            report(policyLoss, valueLoss, entropy, logRatio);
        }
    }

    static Tensor policyLoss(Tensor ratio, Tensor advantages, double clip) {
        Tensor minusA = advantages.neg();
        return minusA.mul(ratio)
                .maximum(minusA.mul(ratio.clamp(1 - clip, 1 + clip)))
                .mean();
    }

    static Tensor valueLoss(Tensor value, Tensor old, Tensor returns, double clip) {
        Tensor error = value.sub(returns).square();
        if (clip < Double.POSITIVE_INFINITY) {
            Tensor near = old.add(value.sub(old).clamp(-clip, clip));
            error = error.maximum(near.sub(returns).square());
        }
        return error.mean().mul(0.5);
    }

    /// 12: what to look at when it does not learn, of the last epoch's first mini-batch.
    private void report(Tensor policyLoss, Tensor valueLoss, Tensor entropy, Tensor logRatio) {
        double kl = 0;
        int cut = 0;
        double[] logs = logRatio.toDoubles();
        for (double log : logs) {
            double r = Math.exp(log);
            kl += r - 1 - log;
            cut += Math.abs(r - 1) > s.clipRange ? 1 : 0;
        }
        loss("policy_loss", policyLoss.item());
        loss("value_loss", valueLoss.item());
        loss("entropy", entropy.item());
        loss("approx_kl", kl / logs.length);
        loss("clipfrac", (double) cut / logs.length);
    }

    /// pi(a|s) of every action, which sum to one.
    public double[] probabilities(O observation) {
        return Categorical.probabilities(ask(actor, observation));
    }

    /// The critic's v(s).
    public double value(O observation) {
        return ask(critic, observation)[0];
    }

    @Override
    float[] greedy(Tensor observations) {
        Tensor logits = actor.forward(observations);
        return Categorical.argmaxRows(logits.toFloats(), (int) logits.size(-1));
    }
}
