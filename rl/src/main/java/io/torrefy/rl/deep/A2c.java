package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Optimizer;
import io.torrefy.nn.RmsProp;
import io.torrefy.nn.Sequential;
import io.torrefy.rl.Env;
import io.torrefy.tensor.Tensor;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;

/// Advantage actor-critic, synchronous (Mnih et al. 2016) and with generalised advantages; the numbers are those of
/// algorithm 10.2 of S. Zhao, "Mathematical Foundations of Reinforcement Learning", which it is for one step in one
/// environment: with `rolloutSteps(1)` the advantage is the TD error `r + gamma v(s') - v(s)`.
///
/// ```
/// repeat
///   1  act for T steps in N environments, a ~ pi(a|s)
///   2  advantage A by GAE; T = 1: the TD error
///   3  actor:   theta += alpha grad ln pi(a|s) A           plus c_e times the entropy's gradient
///   4  critic:  w     += alpha c_v (A + v_old - v) grad v
/// ```
///
/// @param <O> observations
@Export(value = "rl.deep.A2c", since = "0.1")
public final class A2c<O> extends Agent<O, Integer> {
    private final Settings s;
    private final Sequential actor;
    private final Sequential critic;
    private final Optimizer optimizer;
    private final Rollout rollout;
    private final int[] order;

    /// Settings, by default those of Stable-Baselines3 in eight environments.
    @Export(value = "rl.deep.A2cSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        int rolloutSteps = 5;
        double lambda = 1;
        double entropyCoefficient;
        double valueCoefficient = 0.5;
        double maxGradNorm = 0.5;

        private Settings() {
            super("a2c", 8, 7e-4, 64, 64);
        }

        /// Steps in each environment between updates, T; 5 by default.
        public Settings rolloutSteps(int value) {
            rolloutSteps = Checks.atLeast(name, "rolloutSteps", 1, value);
            return this;
        }

        /// GAE's, in [0, 1]; 1 by default: returns of T steps and what is bootstrapped behind them.
        public Settings lambda(double value) {
            lambda = Checks.unit(name, "lambda", value);
            return this;
        }

        /// c_e; 0 by default.
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

        @Override
        void show(Map<String, Object> to) {
            to.put("rolloutSteps", rolloutSteps);
            to.put("lambda", lambda);
            to.put("entropyCoefficient", entropyCoefficient);
            to.put("valueCoefficient", valueCoefficient);
            to.put("maxGradNorm", maxGradNorm);
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes one environment each time
    public static <O> A2c<O> of(Supplier<? extends Env<O, Integer>> env, Settings settings) {
        return new A2c<>(env, env.get(), settings.copy());
    }

    private A2c(Supplier<? extends Env<O, Integer>> env, Env<O, Integer> first, Settings s) {
        super("a2c", env, first, ActionForm.discrete("a2c", first), s);
        this.s = s;
        int actions = ActionForm.discreteSpace("a2c", first).n();
        actor = network("actor", Networks.orthogonal(actors.size, s.hidden, actions, Activation.TANH, 0.01, initial));
        critic = network("critic", Networks.orthogonal(actors.size, s.hidden, 1, Activation.TANH, 1, initial));
        SequencedMap<String, Tensor> both = Networks.parameters(actor, critic);
        optimizer = optimizer("rmsprop", RmsProp.of(both, s.learningRate).withEps(1e-5));
        rollout = new Rollout(s.rolloutSteps, actors);
        order = Rollout.order(rollout.count());
    }

    @Override
    void iterate() {
        // 1
        rollout.collect(this, actor);
        // 2
        Gae gae = rollout.advantages(critic, s.gamma, s.lambda);
        // 3
        Tensor x = rollout.observations(order, 0, order.length);
        Tensor logProbs = actor.forward(x).logSoftmax(-1);
        Tensor logProb =
                logProbs.gather(-1, rollout.actions(order, 0, order.length)).squeeze(-1);
        Tensor policyLoss = logProb.mul(Tensor.of(gae.advantages())).mean().neg();
        Tensor entropy = logProbs.exp().mul(logProbs).sum(-1).neg().mean();
        // 4
        Tensor valueLoss = critic.forward(x)
                .squeeze(-1)
                .sub(Tensor.of(gae.returns()))
                .square()
                .mean();
        policyLoss
                .sub(entropy.mul(s.entropyCoefficient))
                .add(valueLoss.mul(s.valueCoefficient))
                .backward();
        optimizer.stepClipped(s.maxGradNorm);
        loss("policy_loss", policyLoss.item());
        loss("value_loss", valueLoss.item());
        loss("entropy", entropy.item());
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
