package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.export.Spelling;
import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteEnv;
import io.torrefy.rl.OrderEnforcing;
import io.torrefy.rl.SlotVectorEnv;
import io.torrefy.rl.TimeLimit;
import io.torrefy.rl.TransformObservation;
import io.torrefy.rl.VectorEnv;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.IntFunction;

/// Environments by name. Gymnasium's ids stand for what they stand for there, limits on time included.
@Export(value = "rl.envs.Envs", since = "0.1", members = "rl.envs")
public final class Envs {
    private static final Map<String, EnvSpec> SPECS = new ConcurrentSkipListMap<>();

    static {
        register(EnvSpec.of("gridworld", GridWorld::book));
        register(EnvSpec.of(
                "gridworld/avoid",
                () -> GridWorld.bookMap().forbiddenReward(-10).build()));
        register(EnvSpec.of(
                "gridworld/terminating",
                () -> GridWorld.bookMap().targetTerminates(true).build()));
        register(EnvSpec.of("gridworld/python", GridWorld::bookPython));
        register(EnvSpec.of("gridworld/matlab", GridWorld::bookMatlab));
        register(EnvSpec.of("FrozenLake-v1", () -> FrozenLake.of(true))
                .maxSteps(100)
                .threshold(0.70));
        register(EnvSpec.of("FrozenLake8x8-v1", () -> FrozenLake.of(FrozenLake.MAP_8X8, true))
                .maxSteps(200)
                .threshold(0.85));
        register(EnvSpec.of("CliffWalking-v1", () -> CliffWalking.of(false)));
        register(EnvSpec.of("CliffWalkingSlippery-v1", () -> CliffWalking.of(true)));
        register(EnvSpec.of("Taxi-v4", Taxi::of).maxSteps(200).threshold(8));
        register(EnvSpec.of("TaxiRainy-v4", () -> Taxi.of(0.8)).maxSteps(200));
        register(EnvSpec.of("TaxiFickle-v4", FickleTaxi::of).maxSteps(200));
        register(EnvSpec.of("Blackjack-v1", () -> Blackjack.of(Blackjack.Rules.BOOK)));
        register(cartPole("CartPole-v0", 200).threshold(195));
        register(cartPole("CartPole-v1", 500).threshold(475));
        register(EnvSpec.of("MountainCar-v0", MountainCar::new).maxSteps(200).threshold(-110));
        register(EnvSpec.of("MountainCarContinuous-v0", MountainCarContinuous::new)
                .maxSteps(999)
                .threshold(90));
        register(EnvSpec.of("Acrobot-v1", Acrobot::new).maxSteps(500).threshold(-100));
        register(EnvSpec.of("Pendulum-v1", () -> new Pendulum()).maxSteps(200));
    }

    private Envs() {}

    private static EnvSpec cartPole(String id, int steps) {
        return EnvSpec.of(id, () -> new CartPole()).maxSteps(steps).vector(slots -> new CartPoleVector(slots, steps));
    }

    /// Adds an environment of one's own.
    ///
    /// @throws IllegalArgumentException if the id is taken
    public static void register(EnvSpec spec) {
        if (SPECS.putIfAbsent(spec.id(), spec) != null) {
            throw new IllegalArgumentException("[envs] expected an id that is free; got '" + spec.id() + "'.");
        }
    }

    /// All ids, sorted.
    public static List<String> ids() {
        return List.copyOf(SPECS.keySet());
    }

    /// What an id stands for.
    ///
    /// @throws IllegalArgumentException that names ids spelt alike, or the version there is, if there is none
    public static EnvSpec spec(String id) {
        EnvSpec spec = SPECS.get(id);
        if (spec == null) {
            throw new IllegalArgumentException(
                    "[envs] expected the id of an environment; got '" + id + "'. Hint: " + hint(id));
        }
        return spec;
    }

    private static String hint(String id) {
        String name = id.replaceFirst("-v\\d+$", "");
        List<String> versions = SPECS.keySet().stream()
                .filter(known -> known.replaceFirst("-v\\d+$", "").equalsIgnoreCase(name))
                .toList();
        if (!versions.isEmpty()) {
            return "there is " + String.join(" and ", versions) + ".";
        }
        List<String> near = Spelling.nearest(id, SPECS.keySet(), 3);
        return near.isEmpty()
                ? "there are " + String.join(", ", SPECS.keySet()) + "."
                : "did you mean " + String.join(" or ", near) + "?";
    }

    /// The environment of an id, which refuses calls out of order and ends after its steps.
    ///
    /// @throws IllegalArgumentException as [#spec]
    public static Env<?, ?> make(String id) {
        EnvSpec spec = spec(id);
        return wrapped(spec.maker().get(), spec.maxSteps());
    }

    private static <O, A> Env<O, A> wrapped(Env<O, A> env, int maxSteps) {
        return new OrderEnforcing<>(maxSteps == 0 ? env : new TimeLimit<>(env, maxSteps));
    }

    /// The environment of an id that has a table, without its limit on time. Blackjack's is [Blackjack#finite].
    ///
    /// @throws IllegalArgumentException as [#spec], and where there is no table
    public static FiniteEnv finite(String id) {
        Env<?, ?> env = spec(id).maker().get();
        return env.find(FiniteEnv.class)
                .or(() -> env.find(Blackjack.class).map(game -> Blackjack.finite(game.rules())))
                .orElseThrow(
                        () -> new IllegalArgumentException("[envs] expected an environment with a finite model; got "
                                + id + ", whose observations are in " + env.observationSpace() + "."));
    }

    /// The environment of an id for a network that chooses among numbered actions: observations are vectors, of a
    /// state's number one-hot.
    ///
    /// @throws IllegalArgumentException as [#spec], and where actions are not numbered from 0
    public static Env<float[], Integer> discrete(String id) {
        Env<?, ?> env = make(id);
        if (env.actionSpace() instanceof Discrete actions && actions.start() == 0) {
            return flat(Envs.<Integer>actions(env));
        }
        throw new IllegalArgumentException(
                "[envs] expected numbered actions; got " + id + ", whose actions are in " + env.actionSpace() + ".");
    }

    /// The environment of an id for a network whose outputs are the action.
    ///
    /// @throws IllegalArgumentException as [#spec], and where actions are not vectors
    public static Env<float[], float[]> continuous(String id) {
        Env<?, ?> env = make(id);
        if (env.actionSpace() instanceof Box) {
            return flat(Envs.<float[]>actions(env));
        }
        throw new IllegalArgumentException(
                "[envs] expected actions in a Box; got " + id + ", whose actions are in " + env.actionSpace() + ".");
    }

    // An environment's actions are of the type of its space's elements, which the caller has looked at.
    @SuppressWarnings("unchecked")
    private static <A> Env<?, A> actions(Env<?, ?> env) {
        return (Env<?, A>) env;
    }

    // An environment whose observations are in a Box gives vectors.
    @SuppressWarnings("unchecked")
    private static <O, A> Env<float[], A> flat(Env<O, A> env) {
        return env.observationSpace() instanceof Box ? (Env<float[], A>) env : TransformObservation.flat(env);
    }

    /// Slots of [#discrete], on one thread; in columns where the environment has that form.
    ///
    /// @throws IllegalArgumentException as [#discrete]
    public static VectorEnv<int[]> vector(String id, int count) {
        IntFunction<? extends VectorEnv<?>> columns = spec(id).vector();
        if (columns != null
                && columns.apply(count) instanceof VectorEnv<?> env
                && env.actionSpace() instanceof Discrete) {
            return numbered(env);
        }
        return SlotVectorEnv.discrete(() -> discrete(id), count, 1);
    }

    // Numbered actions of all slots are an int[], as VectorEnv has it.
    @SuppressWarnings("unchecked")
    private static VectorEnv<int[]> numbered(VectorEnv<?> env) {
        return (VectorEnv<int[]>) env;
    }

    /// Slots of [#continuous], on one thread.
    ///
    /// @throws IllegalArgumentException as [#continuous]
    public static VectorEnv<float[]> continuousVector(String id, int count) {
        return SlotVectorEnv.continuous(() -> continuous(id), count, 1);
    }
}
