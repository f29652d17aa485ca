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
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// REINFORCE (Williams 1992), by choice with a learned baseline. The numbers are those of algorithm 9.1 of S. Zhao,
/// "Mathematical Foundations of Reinforcement Learning", whose update has `q_t` alone, without the `gamma^t` that
/// Sutton and Barto multiply it by (section 13.3).
///
/// ```
/// repeat
///   1  an episode s_0, a_0, r_1, …, following pi
///   2  value update:   q_t = sum_(k > t) gamma^(k-t-1) r_k
///   3  policy update:  theta += alpha sum_t grad ln pi(a_t|s_t) (q_t - b(s_t))
///   4  baseline:       w     += alpha sum_t (q_t - b(s_t)) grad b(s_t)
/// ```
///
/// The updates of an episode are one, made at its end. What follows a truncated episode is bootstrapped from the
/// baseline where there is one; without, such an episode counts for what it paid.
///
/// @param <O> observations
@Export(value = "rl.deep.Reinforce", since = "0.1")
public final class Reinforce<O> extends Agent<O, Integer> {
    private final Settings s;
    final Sequential actor;
    private final @Nullable Sequential baseline;
    private final Optimizer policyAdam;
    private final @Nullable Optimizer baselineAdam;

    private float[] observations;
    private int[] chosen = new int[64];
    private float[] rewards = new float[64];

    /// Settings.
    @Export(value = "rl.deep.ReinforceSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        boolean withBaseline = true;
        double baselineLearningRate = 1e-3;

        private Settings() {
            super("reinforce", 1, 1e-3, 64);
        }

        /// Whether a network estimates v(s) as the baseline, as by default.
        public Settings baseline(boolean value) {
            withBaseline = value;
            return this;
        }

        /// Adam's of the baseline; 1e-3 by default.
        public Settings baselineLearningRate(double value) {
            baselineLearningRate = Checks.positive(name, "baselineLearningRate", value);
            return this;
        }

        @Override
        void show(Map<String, Object> to) {
            to.put("baseline", withBaseline);
            to.put("baselineLearningRate", baselineLearningRate);
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes the environment
    /// @throws IllegalArgumentException on settings of several environments: an episode follows the other
    public static <O> Reinforce<O> of(Supplier<? extends Env<O, Integer>> env, Settings settings) {
        return new Reinforce<>(env, env.get(), settings.copy());
    }

    private Reinforce(Supplier<? extends Env<O, Integer>> env, Env<O, Integer> first, Settings s) {
        super("reinforce", env, first, ActionForm.discrete("reinforce", first), s);
        this.s = s;
        if (s.environments != 1) {
            throw new IllegalArgumentException("[reinforce] expected one environment, in which one episode follows the"
                    + " other; got " + s.environments + ". Hint: A2c learns in several.");
        }
        int actions = ActionForm.discreteSpace("reinforce", first).n();
        actor = network("actor", Networks.orthogonal(actors.size, s.hidden, actions, Activation.TANH, 0.01, initial));
        policyAdam = optimizer("policy", Adam.of(actor.namedParameters(), s.learningRate));
        if (s.withBaseline) {
            var b = network("baseline", Networks.orthogonal(actors.size, s.hidden, 1, Activation.TANH, 1, initial));
            baseline = b;
            baselineAdam = optimizer("baseline", Adam.of(b.namedParameters(), s.baselineLearningRate));
        } else {
            baseline = null;
            baselineAdam = null;
        }
        observations = new float[64 * actors.size];
    }

    @Override
    void iterate() {
        // 1
        int length = episode();
        Tensor x = Tensor.of(Arrays.copyOf(observations, length * actors.size), length, actors.size);
        // 2
        boolean cut = !actors.terminated[0];
        double following = cut && baseline != null ? valueOfLast(baseline) : 0;
        float[] q = new float[length];
        for (int t = length - 1; t >= 0; t--) {
            following = rewards[t] + s.gamma * following;
            q[t] = (float) following;
        }
        Tensor returns = Tensor.of(q);
        Tensor weight = returns;
        // 4, of the values before step 3 changes anything
        if (baseline != null && baselineAdam != null) {
            Tensor b = baseline.forward(x).squeeze(-1);
            weight = returns.sub(b.detach());
            Tensor loss = Losses.mse(b, returns);
            loss.backward();
            baselineAdam.step();
            loss("value_loss", loss.item());
        }
        // 3
        Tensor taken = Tensor.of(Arrays.copyOf(chosen, length), length, 1);
        Tensor logProb = actor.forward(x).logSoftmax(-1).gather(-1, taken).squeeze(-1);
        Tensor loss = logProb.mul(weight).sum().neg();
        loss.backward();
        policyAdam.step();
        loss("policy_loss", loss.item());
    }

    private int episode() {
        int size = actors.size;
        float[] action = new float[1];
        for (int t = 0; ; t++) {
            if (t == chosen.length) {
                chosen = Arrays.copyOf(chosen, 2 * t);
                rewards = Arrays.copyOf(rewards, 2 * t);
                observations = Arrays.copyOf(observations, 2 * t * size);
            }
            float[] logits = values(actor, actors.observations);
            chosen[t] = Categorical.sample(logits, 0, logits.length, random().unit());
            System.arraycopy(actors.observations, 0, observations, t * size, size);
            action[0] = chosen[t];
            actors.step(action);
            rewards[t] = actors.rewards[0];
            steps++;
            if (actors.done[0]) {
                return t + 1;
            }
        }
    }

    private double valueOfLast(Sequential b) {
        return values(b, actors.led)[0];
    }

    private float[] values(Sequential network, float[] observation) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return network.forward(Tensor.of(observation, 1, actors.size)).toFloats();
        }
    }

    /// pi(a|s) of every action, which sum to one.
    public double[] probabilities(O observation) {
        return Categorical.probabilities(ask(actor, observation));
    }

    @Override
    float[] greedy(Tensor rows) {
        Tensor logits = actor.forward(rows);
        return Categorical.argmaxRows(logits.toFloats(), (int) logits.size(-1));
    }
}
