package io.torrefy.rl.deep;

import io.torrefy.rl.Env;
import io.torrefy.rl.TimeLimit;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.rl.envs.Pendulum;
import java.util.stream.Stream;

/// Agents of every algorithm, small enough for tests.
enum Agents {
    PPO,
    A2C,
    DQN,
    DOUBLE_DUELLING_DQN,
    REINFORCE,
    PLAIN_REINFORCE,
    QAC,
    OFF_POLICY,
    DDPG;

    /// Those that choose between discrete actions.
    static Stream<Agents> discrete() {
        return Stream.of(values()).filter(a -> a != DDPG);
    }

    /// The 3 x 3 world of the book's first chapter, whose target ends the episode: four steps around the forbidden
    /// cells are the shortest way that pays 1.
    static Env<Integer, Integer> world() {
        return new TimeLimit<>(GridWorld.of("""
                        . . .
                        . . #
                        # . T
                        """).targetTerminates(true).build(), 40);
    }

    Agent<?, ?> make(long seed) {
        return this == DDPG
                ? Ddpg.of(
                        () -> new TimeLimit<>(new Pendulum(), 30),
                        Ddpg.settings()
                                .seed(seed)
                                .hidden(16)
                                .batchSize(16)
                                .bufferSize(200)
                                .learningStarts(50))
                : grid(seed);
    }

    Agent<Integer, Integer> grid(long seed) {
        return switch (this) {
            case PPO ->
                Ppo.of(
                        Agents::world,
                        Ppo.settings()
                                .seed(seed)
                                .gamma(0.9)
                                .rolloutSteps(32)
                                .learningRate(3e-3)
                                .hidden(32)
                                .annealSteps(0));
            case A2C ->
                A2c.of(
                        Agents::world,
                        A2c.settings()
                                .seed(seed)
                                .gamma(0.9)
                                .hidden(32)
                                .entropyCoefficient(0.01)
                                .learningRate(3e-3));
            case DQN -> Dqn.of(Agents::world, dqn(seed));
            case DOUBLE_DUELLING_DQN ->
                Dqn.of(Agents::world, dqn(seed).doubleQ(true).duelling(true));
            case REINFORCE ->
                Reinforce.of(
                        Agents::world,
                        Reinforce.settings().seed(seed).gamma(0.9).hidden(32).learningRate(3e-3));
            case PLAIN_REINFORCE ->
                Reinforce.of(
                        Agents::world,
                        Reinforce.settings()
                                .seed(seed)
                                .gamma(0.9)
                                .hidden(32)
                                .learningRate(3e-3)
                                .baseline(false));
            case QAC ->
                Qac.of(Agents::world, Qac.settings().seed(seed).gamma(0.9).hidden(32));
            case OFF_POLICY ->
                OffPolicyActorCritic.of(
                        Agents::world,
                        Behavior.UNIFORM,
                        OffPolicyActorCritic.settings().seed(seed).gamma(0.9).hidden(32));
            case DDPG -> throw new IllegalArgumentException("[agents] expected discrete actions; got DDPG.");
        };
    }

    private static Dqn.Settings dqn(long seed) {
        return Dqn.settings()
                .seed(seed)
                .gamma(0.9)
                .hidden(32)
                .learningRate(3e-3)
                .bufferSize(2000)
                .batchSize(32)
                .learningStarts(200)
                .trainEvery(2)
                .targetEvery(100)
                .epsilon(1, 0.1, 2000);
    }
}
