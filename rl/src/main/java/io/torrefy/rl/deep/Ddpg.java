package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Adam;
import io.torrefy.nn.Layer;
import io.torrefy.nn.Losses;
import io.torrefy.nn.Module;
import io.torrefy.nn.Optimizer;
import io.torrefy.nn.Sequential;
import io.torrefy.rl.Box;
import io.torrefy.rl.Env;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Map;
import java.util.function.Supplier;

/// The deterministic policy gradient (Silver et al. 2014) with deep networks: DDPG (Lillicrap et al. 2016), as
/// CleanRL's
/// `ddpg_continuous_action.py` has it. The numbers are those of algorithm 10.4 of S. Zhao, "Mathematical Foundations of
/// Reinforcement Learning".
///
/// ```
/// at every step
///   1  act with a = mu(s) + noise, see r and s', and keep (s, a, r, s', terminated); then on a batch of what was kept
///   2  TD target:  y = r + gamma q'(s', mu'(s'))                nothing behind a terminal s'
///   3  critic:     w     += alpha grad of -mean (q(s, a) - y)^2
///   4  actor:      theta += alpha grad mu(s) grad_a q(s, a) at a = mu(s)          every second step
///   5  mu' and q' follow mu and q, by tau
/// ```
///
/// @param <O> observations
@Export(value = "rl.deep.Ddpg", since = "0.1")
public final class Ddpg<O> extends Agent<O, float[]> {
    private final Settings s;
    private final Box box;
    private final Policy mu;
    private final Policy muTarget;
    private final Sequential q;
    private final Sequential qTarget;
    private final Optimizer actorAdam;
    private final Optimizer criticAdam;
    private final ReplayBuffer replay;
    private final float[] before;
    private final float[] chosen;

    /// Settings, by default CleanRL's.
    @Export(value = "rl.deep.DdpgSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        int bufferSize = 1_000_000;
        int batchSize = 256;
        int learningStarts = 25_000;
        double tau = 0.005;
        double explorationNoise = 0.1;
        int policyEvery = 2;

        private Settings() {
            super("ddpg", 1, 3e-4, 256, 256);
        }

        /// Transitions that are kept; 1 000 000 by default.
        public Settings bufferSize(int value) {
            bufferSize = Checks.atLeast(name, "bufferSize", 1, value);
            return this;
        }

        /// 256 by default.
        public Settings batchSize(int value) {
            batchSize = Checks.atLeast(name, "batchSize", 1, value);
            return this;
        }

        /// Steps of uniformly random actions before anything is learned; 25 000 by default.
        public Settings learningStarts(int value) {
            learningStarts = Checks.atLeast(name, "learningStarts", 1, value);
            return this;
        }

        /// How far the targets move at each update, in (0, 1]; 0.005 by default.
        public Settings tau(double value) {
            tau = Checks.unit(name, "tau", Checks.positive(name, "tau", value));
            return this;
        }

        /// Standard deviation of the noise, as a part of half the actions' range; 0.1 by default.
        public Settings explorationNoise(double value) {
            explorationNoise = Checks.notNegative(name, "explorationNoise", value);
            return this;
        }

        /// Updates of the critic for one of the actor and the targets; 2 by default.
        public Settings policyEvery(int value) {
            policyEvery = Checks.atLeast(name, "policyEvery", 1, value);
            return this;
        }

        @Override
        void show(Map<String, Object> to) {
            to.put("bufferSize", bufferSize);
            to.put("batchSize", batchSize);
            to.put("learningStarts", learningStarts);
            to.put("tau", tau);
            to.put("explorationNoise", explorationNoise);
            to.put("policyEvery", policyEvery);
        }
    }

    /// Observations to actions within their bounds, by a tanh.
    private static final class Policy extends Layer {
        private final Sequential body;
        private final Tensor scale;
        private final Tensor middle;

        Policy(int in, int[] hidden, Box box, Rng rng) {
            int n = box.size();
            float[] half = new float[n];
            float[] mid = new float[n];
            for (int i = 0; i < n; i++) {
                half[i] = (box.high(i) - box.low(i)) / 2;
                mid[i] = (box.high(i) + box.low(i)) / 2;
            }
            scale = buffer("scale", Tensor.of(half));
            middle = buffer("middle", Tensor.of(mid));
            body = child("body", Networks.mlp(in, hidden, n, Activation.RELU, rng));
        }

        @Override
        public Tensor forward(Tensor x) {
            return body.forward(x).tanh().mul(scale).add(middle);
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes one environment each time
    /// @throws IllegalArgumentException if actions are no vectors or have no bounds
    public static <O> Ddpg<O> of(Supplier<? extends Env<O, float[]>> env, Settings settings) {
        return new Ddpg<>(env, env.get(), settings.copy());
    }

    private Ddpg(Supplier<? extends Env<O, float[]>> env, Env<O, float[]> first, Settings s) {
        super("ddpg", env, first, ActionForm.vector("ddpg", first), s);
        this.s = s;
        box = ActionForm.boxSpace("ddpg", first);
        int in = actors.size + box.size();
        mu = network("mu", new Policy(actors.size, s.hidden, box, initial));
        muTarget = network("muTarget", new Policy(actors.size, s.hidden, box, initial));
        q = network("q", Networks.mlp(in, s.hidden, 1, Activation.RELU, initial));
        qTarget = network("qTarget", Networks.mlp(in, s.hidden, 1, Activation.RELU, initial));
        muTarget.load(mu.state());
        qTarget.load(q.state());
        actorAdam = optimizer("actor", Adam.of(mu.namedParameters(), s.learningRate));
        criticAdam = optimizer("critic", Adam.of(q.namedParameters(), s.learningRate));
        replay = new ReplayBuffer(s.bufferSize, actors.size, box.size());
        before = new float[actors.observations.length];
        chosen = new float[actors.count * box.size()];
    }

    @Override
    void iterate() {
        // 1
        choose();
        System.arraycopy(actors.observations, 0, before, 0, before.length);
        actors.step(chosen);
        for (int e = 0; e < actors.count; e++) {
            replay.add(
                    before,
                    actors.led,
                    e * actors.size,
                    chosen,
                    e * box.size(),
                    actors.rewards[e],
                    actors.terminated[e]);
        }
        steps += actors.count;
        if (steps > s.learningStarts) {
            try (Scope _ = Scope.open()) {
                learn(replay.sample(s.batchSize, random()));
            }
        }
    }

    private void choose() {
        int n = box.size();
        if (steps < s.learningStarts) {
            for (int e = 0; e < actors.count; e++) {
                System.arraycopy(box.sample(random()), 0, chosen, e * n, n);
            }
            return;
        }
        float[] actions = values(mu, Tensor.of(actors.observations, actors.count, actors.size));
        for (int i = 0; i < chosen.length; i++) {
            float low = box.low(i % n);
            float high = box.high(i % n);
            double noise = s.explorationNoise * (high - low) / 2 * random().gaussian();
            chosen[i] = Math.clamp((float) (actions[i] + noise), low, high);
        }
    }

    private void learn(ReplayBuffer.Batch batch) {
        // 2
        float[] y = batch.rewards().clone();
        try (Autograd.Mode _ = Autograd.noGrad()) {
            Tensor next = batch.nextRows();
            float[] following = values(qTarget, Functional.concat(-1, next, muTarget.forward(next)));
            for (int i = 0; i < y.length; i++) {
                y[i] += (float) (s.gamma * following[i]) * (1 - batch.terminated()[i]);
            }
        }
        // 3
        Tensor x = batch.observationRows();
        Tensor taken = q.forward(Functional.concat(-1, x, batch.actionRows())).squeeze(-1);
        Tensor tdLoss = Losses.mse(taken, Tensor.of(y));
        tdLoss.backward();
        criticAdam.step();
        if (criticAdam.steps() % s.policyEvery != 0) {
            return;
        }
        // 4
        Tensor worth = q.forward(Functional.concat(-1, x, mu.forward(x))).mean();
        worth.neg().backward();
        actorAdam.step();
        q.zeroGrad();
        // 5
        follow(muTarget, mu);
        follow(qTarget, q);
        loss("td_loss", tdLoss.item());
        loss("q_values", worth.item());
    }

    private void follow(Module target, Module leader) {
        try (Autograd.Mode _ = Autograd.noGrad();
                Scope _ = Scope.open()) {
            var led = target.parameters().iterator();
            for (Tensor p : leader.parameters()) {
                led.next().mulInPlace(1 - s.tau).addInPlace(p.mul(s.tau));
            }
        }
    }

    private static float[] values(Layer network, Tensor x) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            return network.forward(x).toFloats();
        }
    }

    @Override
    float[] greedy(Tensor observations) {
        return mu.forward(observations).toFloats();
    }

    @Override
    void saveMore(Checkpoint to) {
        replay.save(to);
    }

    @Override
    void loadMore(Checkpoint from) {
        replay.load(from);
    }
}
