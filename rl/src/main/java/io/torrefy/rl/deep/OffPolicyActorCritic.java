package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Adam;
import io.torrefy.nn.Optimizer;
import io.torrefy.nn.Sequential;
import io.torrefy.rl.Env;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;

/// Actor-critic from the actions of another policy, by importance sampling (Degris, White and Sutton 2012, without
/// traces). The numbers are those of algorithm 10.3 of S. Zhao, "Mathematical Foundations of Reinforcement Learning",
/// done at once for every environment.
///
/// ```
/// at every step
///   1  act with a ~ beta(a|s), see r and s'
///   2  TD error:  delta = r + gamma v(s') - v(s);      rho = pi(a|s) / beta(a|s)
///   3  actor:     theta += alpha rho delta grad ln pi(a|s)
///   4  critic:    w     += alpha rho delta grad v(s)
/// ```
///
/// States are visited as beta visits them, so a beta that seldom comes where pi goes teaches pi little about it; and
/// semi-gradient learning off-policy may diverge. A clip of rho trades bias for a smaller variance.
///
/// @param <O> observations
@Export(value = "rl.deep.OffPolicyActorCritic", since = "0.1")
public final class OffPolicyActorCritic<O> extends Agent<O, Integer> {
    private final Settings s;
    private final Behavior behavior;
    private final int actions;
    private final Sequential actor;
    private final Sequential critic;
    private final Optimizer actorAdam;
    private final Optimizer criticAdam;
    private final float[] before;
    private final float[] chosen;
    private final double[] likely;

    /// Settings.
    @Export(value = "rl.deep.OffPolicyActorCriticSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        double criticLearningRate = 3e-3;
        double maxRatio = Double.POSITIVE_INFINITY;

        private Settings() {
            super("offpolicy", 16, 1e-3, 64);
        }

        /// Adam's of the critic, which should be the faster one; 3e-3 by default.
        public Settings criticLearningRate(double value) {
            criticLearningRate = Checks.positive(name, "criticLearningRate", value);
            return this;
        }

        /// The largest rho that counts; without a bound by default.
        public Settings maxRatio(double value) {
            if (!(value > 0)) {
                throw new IllegalArgumentException("[offpolicy] expected maxRatio > 0; got " + value + ".");
            }
            maxRatio = value;
            return this;
        }

        @Override
        void show(Map<String, Object> to) {
            to.put("criticLearningRate", criticLearningRate);
            to.put("maxRatio", maxRatio);
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes one environment each time
    public static <O> OffPolicyActorCritic<O> of(
            Supplier<? extends Env<O, Integer>> env, Behavior behavior, Settings settings) {
        return new OffPolicyActorCritic<>(env, env.get(), behavior, settings.copy());
    }

    private OffPolicyActorCritic(
            Supplier<? extends Env<O, Integer>> env, Env<O, Integer> first, Behavior behavior, Settings s) {
        super("offpolicy", env, first, ActionForm.discrete("offpolicy", first), s);
        this.s = s;
        this.behavior = behavior;
        actions = ActionForm.discreteSpace("offpolicy", first).n();
        actor = network("actor", Networks.orthogonal(actors.size, s.hidden, actions, Activation.TANH, 0.01, initial));
        critic = network("critic", Networks.orthogonal(actors.size, s.hidden, 1, Activation.TANH, 1, initial));
        actorAdam = optimizer("actor", Adam.of(actor.namedParameters(), s.learningRate));
        criticAdam = optimizer("critic", Adam.of(critic.namedParameters(), s.criticLearningRate));
        before = new float[actors.observations.length];
        chosen = new float[actors.count];
        likely = new double[actions];
    }

    @Override
    void iterate() {
        int n = actors.count;
        // 1
        System.arraycopy(actors.observations, 0, before, 0, before.length);
        long[] taken = new long[n];
        double[] beta = new double[n];
        for (int e = 0; e < n; e++) {
            taken[e] = draw(e * actors.size);
            chosen[e] = taken[e];
            beta[e] = likely[(int) taken[e]];
        }
        actors.step(chosen);
        steps += n;
        // 2
        Tensor x = rows(before);
        Tensor v = critic.forward(x).squeeze(-1);
        Tensor logProb = actor.forward(x)
                .logSoftmax(-1)
                .gather(-1, Tensor.of(taken, n, 1))
                .squeeze(-1);
        float[] value = v.toFloats();
        float[] following = values(actors.led);
        float[] logPi = logProb.toFloats();
        float[] weighted = new float[n];
        double squares = 0;
        for (int e = 0; e < n; e++) {
            double bootstrap = actors.terminated[e] ? 0 : s.gamma * following[e];
            double delta = actors.rewards[e] + bootstrap - value[e];
            double rho = Math.min(s.maxRatio, StrictMath.exp(logPi[e]) / beta[e]);
            weighted[e] = (float) (rho * delta);
            squares += delta * delta;
        }
        Tensor rhoDelta = Tensor.of(weighted);
        // 3
        logProb.mul(rhoDelta).mean().neg().backward();
        actorAdam.step();
        // 4
        v.mul(rhoDelta).mean().neg().backward();
        criticAdam.step();
        loss("td_loss", squares / n);
    }

    /// @throws IllegalArgumentException unless the behaviour's probabilities sum to one
    private int draw(int from) {
        behavior.probabilities(before, from, likely);
        double sum = 0;
        for (double p : likely) {
            sum += p >= 0 ? p : Double.NaN;
        }
        if (!(Math.abs(sum - 1) < 1e-6)) {
            throw new IllegalArgumentException("[offpolicy] expected a behaviour whose probabilities sum to one; got "
                    + Arrays.toString(likely) + ".");
        }
        double left = random().unit() * sum;
        for (int a = 0; a < actions - 1; a++) {
            left -= likely[a];
            if (left < 0) {
                return a;
            }
        }
        return actions - 1;
    }

    private Tensor rows(float[] observations) {
        return Tensor.of(observations, actors.count, actors.size);
    }

    private float[] values(float[] observations) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            return critic.forward(rows(observations)).toFloats();
        }
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
        return Categorical.argmaxRows(actor.forward(observations).toFloats(), actions);
    }
}
