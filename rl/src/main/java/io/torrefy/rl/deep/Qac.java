package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Adam;
import io.torrefy.nn.Losses;
import io.torrefy.nn.Optimizer;
import io.torrefy.nn.Sequential;
import io.torrefy.rl.Env;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Map;
import java.util.function.Supplier;

/// The simplest actor-critic, QAC: a policy moved by the action values of a critic that learns by Sarsa. The numbers
/// are those of algorithm 10.1 of S. Zhao, "Mathematical Foundations of Reinforcement Learning", done at once for every
/// environment.
///
/// ```
/// at every step
///   1  take a_t, see r and s', and choose a' ~ pi(a|s')
///   2  actor:   theta += alpha grad ln pi(a_t|s_t) q(s_t, a_t)
///   3  critic:  w     += alpha (r + gamma q(s', a') - q(s_t, a_t)) grad q(s_t, a_t)
/// ```
///
/// Without a baseline, `q` pushes every action that was taken, the good ones more: it learns slowly where all rewards
/// have one sign. [A2c] mends that.
///
/// @param <O> observations
@Export(value = "rl.deep.Qac", since = "0.1")
public final class Qac<O> extends Agent<O, Integer> {
    private final Settings s;
    private final int actions;
    private final Sequential actor;
    private final Sequential critic;
    private final Optimizer actorAdam;
    private final Optimizer criticAdam;
    private final float[] before;
    /// (slots): a_t.
    private final float[] chosen;

    /// Settings.
    @Export(value = "rl.deep.QacSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        double criticLearningRate = 3e-3;

        private Settings() {
            super("qac", 8, 1e-3, 64);
        }

        /// Adam's of the critic, which should be the faster one; 3e-3 by default.
        public Settings criticLearningRate(double value) {
            criticLearningRate = Checks.positive(name, "criticLearningRate", value);
            return this;
        }

        @Override
        void show(Map<String, Object> to) {
            to.put("criticLearningRate", criticLearningRate);
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes one environment each time
    public static <O> Qac<O> of(Supplier<? extends Env<O, Integer>> env, Settings settings) {
        return new Qac<>(env, env.get(), settings.copy());
    }

    private Qac(Supplier<? extends Env<O, Integer>> env, Env<O, Integer> first, Settings s) {
        super("qac", env, first, ActionForm.discrete("qac", first), s);
        this.s = s;
        actions = ActionForm.discreteSpace("qac", first).n();
        actor = network("actor", Networks.orthogonal(actors.size, s.hidden, actions, Activation.TANH, 0.01, initial));
        critic = network("critic", Networks.orthogonal(actors.size, s.hidden, actions, Activation.TANH, 1, initial));
        actorAdam = optimizer("actor", Adam.of(actor.namedParameters(), s.learningRate));
        criticAdam = optimizer("critic", Adam.of(critic.namedParameters(), s.criticLearningRate));
        before = new float[actors.observations.length];
        chosen = new float[actors.count];
        try (Scope _ = Scope.open()) {
            draw(actors.observations, chosen);
        }
    }

    @Override
    void iterate() {
        // 1
        System.arraycopy(actors.observations, 0, before, 0, before.length);
        Tensor taken = indices(chosen);
        actors.step(chosen);
        steps += actors.count;
        // a' follows s' itself; where the episode is over, the next one begins with an action of its own.
        float[] then = new float[chosen.length];
        draw(actors.led, then);
        draw(actors.observations, chosen);
        for (int e = 0; e < chosen.length; e++) {
            chosen[e] = actors.done[e] ? chosen[e] : then[e];
        }
        Tensor x = rows(before);
        Tensor q = critic.forward(x).gather(-1, taken).squeeze(-1);
        // 2
        Tensor logProb = actor.forward(x).logSoftmax(-1).gather(-1, taken).squeeze(-1);
        Tensor policyLoss = logProb.mul(q.detach()).mean().neg();
        policyLoss.backward();
        actorAdam.step();
        // 3
        float[] following = values(critic, actors.led);
        float[] y = new float[chosen.length];
        for (int e = 0; e < y.length; e++) {
            double bootstrap = actors.terminated[e] ? 0 : s.gamma * following[e * actions + (int) then[e]];
            y[e] = (float) (actors.rewards[e] + bootstrap);
        }
        Tensor tdLoss = Losses.mse(q, Tensor.of(y));
        tdLoss.backward();
        criticAdam.step();
        loss("policy_loss", policyLoss.item());
        loss("td_loss", tdLoss.item());
    }

    /// An action of the policy for each observation.
    private void draw(float[] observations, float[] into) {
        float[] logits = values(actor, observations);
        for (int e = 0; e < into.length; e++) {
            into[e] = Categorical.sample(logits, e * actions, actions, random().unit());
        }
    }

    private Tensor rows(float[] observations) {
        return Tensor.of(observations, actors.count, actors.size);
    }

    private float[] values(Sequential network, float[] observations) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            return network.forward(rows(observations)).toFloats();
        }
    }

    private static Tensor indices(float[] numbers) {
        long[] indices = new long[numbers.length];
        for (int e = 0; e < indices.length; e++) {
            indices[e] = (long) numbers[e];
        }
        return Tensor.of(indices, indices.length, 1);
    }

    /// pi(a|s) of every action, which sum to one.
    public double[] probabilities(O observation) {
        return Categorical.probabilities(ask(actor, observation));
    }

    /// The critic's q(s, a) of every action.
    public float[] actionValues(O observation) {
        return ask(critic, observation);
    }

    @Override
    float[] greedy(Tensor observations) {
        return Categorical.argmaxRows(actor.forward(observations).toFloats(), actions);
    }

    @Override
    void saveMore(Checkpoint to) {
        to.put("chosen", chosen);
    }

    @Override
    void loadMore(Checkpoint from) {
        from.get("chosen", chosen);
    }
}
