package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Adam;
import io.torrefy.nn.Layer;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Losses;
import io.torrefy.nn.Optimizer;
import io.torrefy.nn.Sequential;
import io.torrefy.rl.Env;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;

/// Deep Q-learning (Mnih et al. 2015), as CleanRL's `dqn.py` has it, and by choice double (van Hasselt et al. 2016) and
/// duelling (Wang et al. 2016).
///
/// ```
/// repeat
///   1  with probability epsilon a random action, else argmax_a Q(s, a)
///   2  act, and keep (s, a, r, s', terminated)
///   3  now and then, on a batch of what was kept:
///        y = r + gamma max_a Q'(s', a)                              nothing behind a terminal s'
///        y = r + gamma Q'(s', argmax_a Q(s', a))                    double
///        Adam on grad of mean (Q(s, a) - y)^2
///   4  more seldom, Q' = Q
/// ```
///
/// @param <O> observations
@Export(value = "rl.deep.Dqn", since = "0.1")
public final class Dqn<O> extends Agent<O, Integer> {
    private final Settings s;
    private final int actions;
    private final Layer q;
    private final Layer target;
    private final Optimizer adam;
    private final ReplayBuffer replay;
    private final float[] before;
    private final float[] chosen;

    /// Settings, by default CleanRL's.
    @Export(value = "rl.deep.DqnSettings", since = "0.1")
    public static final class Settings extends DeepSettings<Settings> {
        int bufferSize = 10_000;
        int batchSize = 128;
        int learningStarts = 10_000;
        int trainEvery = 10;
        int updates = 1;
        int targetEvery = 500;
        double firstEpsilon = 1;
        double lastEpsilon = 0.05;
        long explorationSteps = 250_000;
        Activation activation = Activation.RELU;
        boolean doubleQ;
        boolean duelling;

        private Settings() {
            super("dqn", 1, 2.5e-4, 120, 84);
        }

        /// Transitions that are kept; 10 000 by default.
        public Settings bufferSize(int value) {
            bufferSize = Checks.atLeast(name, "bufferSize", 1, value);
            return this;
        }

        /// 128 by default.
        public Settings batchSize(int value) {
            batchSize = Checks.atLeast(name, "batchSize", 1, value);
            return this;
        }

        /// Steps before anything is learned; 10 000 by default.
        public Settings learningStarts(int value) {
            learningStarts = Checks.atLeast(name, "learningStarts", 0, value);
            return this;
        }

        /// Steps from one training to the next; 10 by default.
        public Settings trainEvery(int value) {
            trainEvery = Checks.atLeast(name, "trainEvery", 1, value);
            return this;
        }

        /// Batches learned from at each training; 1 by default.
        public Settings updates(int value) {
            updates = Checks.atLeast(name, "updates", 1, value);
            return this;
        }

        /// Steps from one copy of Q to Q' to the next; 500 by default.
        public Settings targetEvery(int value) {
            targetEvery = Checks.atLeast(name, "targetEvery", 1, value);
            return this;
        }

        /// The chance of a random action: from `first` in a straight line to `last`, over `steps`. By default
        /// 1, 0.05 and 250 000.
        public Settings epsilon(double first, double last, long steps) {
            firstEpsilon = Checks.unit(name, "first epsilon", first);
            lastEpsilon = Checks.unit(name, "last epsilon", last);
            explorationSteps = (long) Checks.positive(name, "exploration steps", steps);
            return this;
        }

        /// A tanh between the layers, where there is a ReLU by default.
        public Settings tanh() {
            activation = Activation.TANH;
            return this;
        }

        /// Whether Q chooses the action that Q' values; no by default.
        public Settings doubleQ(boolean value) {
            doubleQ = value;
            return this;
        }

        /// Whether the network adds a state's value and the actions' advantages; no by default.
        public Settings duelling(boolean value) {
            duelling = value;
            return this;
        }

        @Override
        void show(Map<String, Object> to) {
            to.put("bufferSize", bufferSize);
            to.put("batchSize", batchSize);
            to.put("learningStarts", learningStarts);
            to.put("trainEvery", trainEvery);
            to.put("updates", updates);
            to.put("targetEvery", targetEvery);
            to.put("epsilon", firstEpsilon + " to " + lastEpsilon + " in " + explorationSteps);
            to.put("activation", activation == Activation.TANH ? "tanh" : "relu");
            to.put("doubleQ", doubleQ);
            to.put("duelling", duelling);
        }
    }

    /// Q(s, a) = V(s) + A(s, a) - mean_a A(s, a) (Wang et al. 2016, eq. 9), on shared layers.
    private static final class Duelling extends Layer {
        private final Sequential trunk;
        private final Activation activation;
        private final Linear value;
        private final Linear advantage;

        Duelling(int in, int[] hidden, int actions, Activation activation, Rng rng) {
            this.activation = activation;
            int[] inner = Arrays.copyOf(hidden, hidden.length - 1);
            int width = hidden[hidden.length - 1];
            trunk = child("trunk", Networks.mlp(in, inner, width, activation, rng));
            value = child("value", Linear.of(width, 1, true, rng));
            advantage = child("advantage", Linear.of(width, actions, true, rng));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor features = activation.forward(trunk.forward(x));
            Tensor a = advantage.forward(features);
            return value.forward(features).add(a.sub(a.mean(new int[] {-1}, true)));
        }
    }

    public static Settings settings() {
        return new Settings();
    }

    /// An agent that has learned nothing yet.
    ///
    /// @param env makes one environment each time
    public static <O> Dqn<O> of(Supplier<? extends Env<O, Integer>> env, Settings settings) {
        return new Dqn<>(env, env.get(), settings.copy());
    }

    private Dqn(Supplier<? extends Env<O, Integer>> env, Env<O, Integer> first, Settings s) {
        super("dqn", env, first, ActionForm.discrete("dqn", first), s);
        this.s = s;
        if (s.duelling) {
            Checks.atLeast("dqn", "hidden layers of a duelling network", 1, s.hidden.length);
        }
        actions = ActionForm.discreteSpace("dqn", first).n();
        q = network("q", make());
        target = network("target", make());
        target.load(q.state());
        adam = optimizer("adam", Adam.of(q.namedParameters(), s.learningRate));
        replay = new ReplayBuffer(s.bufferSize, actors.size, 1);
        before = new float[actors.observations.length];
        chosen = new float[actors.count];
    }

    private Layer make() {
        return s.duelling
                ? new Duelling(actors.size, s.hidden, actions, s.activation, initial)
                : Networks.mlp(actors.size, s.hidden, actions, s.activation, initial);
    }

    double epsilon() {
        double progress = Math.min(1, (double) steps / s.explorationSteps);
        return s.firstEpsilon + progress * (s.lastEpsilon - s.firstEpsilon);
    }

    @Override
    void iterate() {
        // 1
        explore(epsilon());
        // 2
        System.arraycopy(actors.observations, 0, before, 0, before.length);
        actors.step(chosen);
        for (int e = 0; e < actors.count; e++) {
            replay.add(before, actors.led, e * actors.size, chosen, e, actors.rewards[e], actors.terminated[e]);
        }
        long old = steps;
        steps += actors.count;
        if (steps <= s.learningStarts) {
            return;
        }
        // 3
        for (long due = steps / s.trainEvery - old / s.trainEvery; due > 0; due--) {
            for (int i = 0; i < s.updates; i++) {
                try (Scope _ = Scope.open()) {
                    learn(replay.sample(s.batchSize, random()));
                }
            }
        }
        // 4
        if (steps / s.targetEvery != old / s.targetEvery) {
            target.load(q.state());
        }
    }

    /// Draws for every environment whether to explore before any network is asked: early on, none has to be.
    private void explore(double epsilon) {
        boolean ask = false;
        for (int e = 0; e < chosen.length; e++) {
            boolean random = random().chance(epsilon);
            chosen[e] = random ? random().below(actions) : -1;
            ask |= !random;
        }
        if (ask) {
            float[] values = values(q, Tensor.of(actors.observations, actors.count, actors.size));
            for (int e = 0; e < chosen.length; e++) {
                if (chosen[e] < 0) {
                    chosen[e] = Categorical.argmax(values, e * actions, actions);
                }
            }
        }
    }

    private static float[] values(Layer network, Tensor x) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            return network.forward(x).toFloats();
        }
    }

    private void learn(ReplayBuffer.Batch batch) {
        float[] bootstrap = values(target, batch.nextRows());
        float[] judge = s.doubleQ ? values(q, batch.nextRows()) : bootstrap;
        float[] y = targets(batch, bootstrap, judge, s.gamma);
        Tensor taken = q.forward(batch.observationRows())
                .gather(-1, batch.actionIndices())
                .squeeze(-1);
        Tensor loss = Losses.mse(taken, Tensor.of(y));
        loss.backward();
        adam.step();
        if (steps % 100 < s.trainEvery) {
            loss("td_loss", loss.item());
            loss("q_values", taken.mean().item());
        }
    }

    /// y of every transition.
    ///
    /// @param bootstrap Q'(s', a), (n, actions)
    /// @param judge what chooses a: Q(s', a) in double Q-learning, else the same as `bootstrap`
    static float[] targets(ReplayBuffer.Batch batch, float[] bootstrap, float[] judge, double gamma) {
        float[] y = new float[batch.count()];
        int n = bootstrap.length / y.length;
        for (int i = 0; i < y.length; i++) {
            float best = bootstrap[i * n + Categorical.argmax(judge, i * n, n)];
            y[i] = batch.rewards()[i] + (float) gamma * best * (1 - batch.terminated()[i]);
        }
        return y;
    }

    /// Learns from kept transitions alone, without acting: step 3 `batches` times, step 4 every `targetEvery` of
    /// them.
    ///
    /// @throws IllegalArgumentException if they are not of this agent's observations
    public void learn(ReplayBuffer data, int batches) {
        data.require(actors.size, 1);
        for (int i = 1; i <= batches; i++) {
            try (Scope _ = Scope.open()) {
                learn(data.sample(s.batchSize, random()));
            }
            if (adam.steps() % s.targetEvery == 0) {
                target.load(q.state());
            }
        }
    }

    /// Q(s, a) of every action.
    public float[] actionValues(O observation) {
        return ask(q, observation);
    }

    @Override
    float[] greedy(Tensor observations) {
        return Categorical.argmaxRows(q.forward(observations).toFloats(), actions);
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
