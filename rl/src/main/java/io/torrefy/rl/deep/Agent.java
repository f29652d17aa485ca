package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.nn.Layer;
import io.torrefy.nn.Module;
import io.torrefy.nn.Optimizer;
import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.SplitMix;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// What deep agents share: environments, networks with their optimisers, steps that are counted, and checkpoints. What
/// an agent does in one iteration is its algorithm's, in one file each.
///
/// The same seed gives the same run, bit for bit, on any number of threads, and a loaded checkpoint goes on as the run
/// would have that was saved: everything random comes from the seed, and environments are brought back by taking the
/// actions of their running episodes again. For that these are recorded, a few bytes a step, until the episode ends; so
/// give an environment that does not end a limit on time.
///
/// @param <O> observations; their space has a flat form
/// @param <A> actions
@Export(value = "rl.deep.Agent", since = "0.1")
public abstract class Agent<O, A> implements AutoCloseable {
    private final String name;
    private final String settings;
    private final SequencedMap<String, Module> networks = new LinkedHashMap<>();
    private final SequencedMap<String, Optimizer> optimizers = new LinkedHashMap<>();
    private final SequencedMap<String, Double> losses = new LinkedHashMap<>();
    private final Space<O> space;
    private Consumer<Progress> listener = _ -> {};
    private long every = Long.MAX_VALUE;
    private SplitMix random;

    final ActionForm<A> form;
    final Actors<O, A> actors;
    final Rng initial;
    /// Actions taken so far, in all environments.
    long steps;

    Agent(
            String name,
            Supplier<? extends Env<O, A>> maker,
            Env<O, A> first,
            ActionForm<A> form,
            DeepSettings<?> settings) {
        this.name = name;
        this.settings = settings.toString();
        this.form = form;
        this.space = first.observationSpace();
        this.random = new SplitMix(settings.seed, 1);
        this.initial = Rng.of(settings.seed);
        this.actors = new Actors<>(maker, first, form, settings.environments, settings.seed);
    }

    // ---- for the algorithms ----------------------------------------------------------------------------------------

    /// One turn of the algorithm: some steps in every environment, and what is learned from them.
    abstract void iterate();

    /// The greedy action of each observation.
    ///
    /// @param observations (n, size), in a scope and without gradients
    /// @return (n, form.size)
    abstract float[] greedy(Tensor observations);

    final <M extends Module> M network(String part, M module) {
        networks.put(part, module);
        return module;
    }

    final Optimizer optimizer(String part, Optimizer optimizer) {
        optimizers.put(part, optimizer);
        return optimizer;
    }

    /// What the run draws from.
    final SplitMix random() {
        return random;
    }

    final void loss(String part, double value) {
        losses.put(part, value);
    }

    /// What an agent has beyond networks, optimisers and environments.
    void saveMore(Checkpoint to) {}

    void loadMore(Checkpoint from) {}

    // ---- training --------------------------------------------------------------------------------------------------

    /// Actions taken so far, in all environments.
    public final long steps() {
        return steps;
    }

    public final Progress progress() {
        EpisodeReturns ended = actors.returns;
        return new Progress(steps, ended.count(), ended.meanReturn(), ended.meanLength(), new LinkedHashMap<>(losses));
    }

    /// Reports to `listener` whenever another `interval` steps have been taken.
    public final void listen(long interval, Consumer<Progress> to) {
        every = Math.max(1, interval);
        listener = to;
    }

    /// Learns until `total` steps have been taken over all, those of a loaded checkpoint included; the last
    /// iteration may take a few more.
    public final void train(long total) {
        while (steps < total) {
            turn();
        }
    }

    /// Learns until the mean return of the last 100 episodes is `meanReturn` at least, which is what Gymnasium
    /// calls solved.
    ///
    /// @param budget steps over all
    /// @return whether it was within the budget
    public final boolean solve(double meanReturn, long budget) {
        EpisodeReturns ended = actors.returns;
        // The negation refuses NaN too.
        while (ended.count() < EpisodeReturns.WINDOW || !(ended.meanReturn() >= meanReturn)) {
            if (steps >= budget) {
                return false;
            }
            turn();
        }
        return true;
    }

    private void turn() {
        long before = steps / every;
        try (Scope _ = Scope.open()) {
            iterate();
        }
        if (steps / every != before) {
            listener.accept(progress());
        }
    }

    // ---- acting ----------------------------------------------------------------------------------------------------

    /// The action that the agent believes to be the best.
    public final A act(O observation) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            float[] flat = new float[actors.size];
            space.flatten(observation, flat, 0);
            return form.read(greedy(Tensor.of(flat, 1, flat.length)), 0);
        }
    }

    /// What a network says of one observation.
    final float[] ask(Layer network, O observation) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            float[] flat = new float[actors.size];
            space.flatten(observation, flat, 0);
            return network.forward(Tensor.of(flat, 1, flat.length)).toFloats();
        }
    }

    /// Greedy episodes in an environment of their own, from `seed`, `seed + 1` and so on.
    ///
    /// @throws IllegalStateException of an episode that does not end
    public final Evaluation evaluate(Env<O, A> env, int episodes, long seed) {
        Checks.atLeast("evaluate", "episodes", 1, episodes);
        double[] returns = new double[episodes];
        int[] lengths = new int[episodes];
        for (int e = 0; e < episodes; e++) {
            O observation = env.reset(seed + e);
            while (true) {
                Step<O> step = env.step(act(observation));
                returns[e] += step.reward();
                if (++lengths[e] == 1_000_000) {
                    throw new IllegalStateException("[evaluate] expected episodes that end; got one of 1 000 000 steps"
                            + " from seed " + (seed + e) + ". Hint: give the environment a limit on time.");
                }
                if (step.done()) {
                    break;
                }
                observation = step.observation();
            }
        }
        return new Evaluation(returns, lengths);
    }

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    private Map<String, String> metadata() {
        return Map.of("algorithm", name, "settings", settings);
    }

    /// Writes all that the run needs to go on, all or nothing.
    public final void save(Path file) throws IOException {
        try (Scope _ = Scope.open()) {
            var to = new Checkpoint();
            networks.forEach((part, network) -> to.put("network." + part, network.state()));
            optimizers.forEach((part, optimizer) -> to.put("optimizer." + part, optimizer.state()));
            losses.forEach((part, value) -> to.put("loss." + part, new double[] {value}));
            to.put("steps", new long[] {steps});
            to.put("random", new long[] {random.state()});
            actors.save(to);
            saveMore(to);
            to.write(file, metadata());
        }
    }

    /// Goes on from a file that [#save] wrote, of an agent with the same settings in the same environment.
    ///
    /// @throws IllegalArgumentException if the algorithm, its settings or the networks are others
    public final void load(Path file) throws IOException {
        try (Scope _ = Scope.open()) {
            Checkpoint from = Checkpoint.read(file, metadata());
            networks.forEach((part, network) -> network.load(from.below("network." + part)));
            optimizers.forEach((part, optimizer) -> optimizer.load(from.below("optimizer." + part)));
            losses.clear();
            // What is reported until the next update is what was reported before.
            from.below("loss").forEach((part, value) -> losses.put(part, value.toDoubles()[0]));
            long[] number = new long[1];
            from.get("steps", number);
            steps = number[0];
            from.get("random", number);
            random = SplitMix.at(number[0]);
            actors.load(from);
            loadMore(from);
        }
    }

    /// `ppo[learningRate=2.5E-4, …]`.
    @Override
    public final String toString() {
        return name + settings;
    }

    /// Frees networks and optimisers and closes the environments.
    @Override
    public final void close() {
        optimizers.values().forEach(Optimizer::close);
        networks.values().forEach(Module::close);
        actors.close();
    }
}
