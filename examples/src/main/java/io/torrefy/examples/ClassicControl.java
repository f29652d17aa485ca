package io.torrefy.examples;

import io.torrefy.rl.Env;
import io.torrefy.rl.deep.A2c;
import io.torrefy.rl.deep.Agent;
import io.torrefy.rl.deep.Ddpg;
import io.torrefy.rl.deep.Dqn;
import io.torrefy.rl.deep.Evaluation;
import io.torrefy.rl.deep.Ppo;
import io.torrefy.rl.deep.Reinforce;
import io.torrefy.rl.envs.Envs;
import java.util.Locale;

/// Deep reinforcement learning from several seeds, on Gymnasium's classic control: learns until the last 100 episodes
/// are as good as a mean return asks, and then plays 100 more without exploring.
///
/// `java -m io.torrefy.examples/io.torrefy.examples.ClassicControl [ppo | dqn | …] [CartPole-v1] [FIRST SEED] [LAST
/// SEED]`
final class ClassicControl {
    private ClassicControl() {}

    /// What a run has shown.
    ///
    /// @param solved whether the last 100 episodes of learning reached the threshold within the budget
    /// @param steps actions taken until then
    record Result(long seed, boolean solved, long steps, double seconds, Evaluation greedy) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "seed %d: %s after %,d steps and %.1f s; greedy %s",
                    seed,
                    solved ? "solved" : "not solved",
                    steps,
                    seconds,
                    greedy);
        }
    }

    /// How far to go.
    ///
    /// @param threshold mean return of 100 episodes
    /// @param budget steps, at the most
    record Goal(double threshold, long budget) {
        /// CartPole's and Acrobot's budgets are those of the runs that CleanRL publishes.
        static Goal of(String id) {
            return switch (id) {
                case "CartPole-v1" -> new Goal(475, 500_000);
                case "Acrobot-v1" -> new Goal(-100, 500_000);
                case "MountainCar-v0" -> new Goal(-110, 500_000);
                case "Pendulum-v1" -> new Goal(-200, 40_000);
                default ->
                    throw new IllegalArgumentException("[classic] expected CartPole-v1, Acrobot-v1, MountainCar-v0"
                            + " or Pendulum-v1; got '" + id + "'.");
            };
        }
    }

    static void main(String[] args) {
        String algorithm = args.length > 0 ? args[0] : "ppo";
        String id = args.length > 1 ? args[1] : "CartPole-v1";
        long first = args.length > 2 ? Long.parseLong(args[2]) : 1;
        long last = args.length > 3 ? Long.parseLong(args[3]) : first;
        int solved = 0;
        for (long seed = first; seed <= last; seed++) {
            Result result = run(algorithm, id, seed, true);
            System.out.println(result);
            solved += result.solved() ? 1 : 0;
        }
        System.out.printf(Locale.ROOT, "%s on %s: %d of %d seeds%n", algorithm, id, solved, last - first + 1);
    }

    /// Learns and plays.
    static Result run(String algorithm, String id, long seed, boolean loud) {
        if (algorithm.equals("ddpg")) {
            try (var agent = Ddpg.of(() -> Envs.continuous(id), ddpg(seed))) {
                return run(agent, Envs.continuous(id), Goal.of(id), seed, loud);
            }
        }
        try (var agent = discrete(algorithm, id, seed)) {
            return run(agent, Envs.discrete(id), Goal.of(id), seed, loud);
        }
    }

    private static <A> Result run(Agent<float[], A> agent, Env<float[], A> env, Goal goal, long seed, boolean loud) {
        if (loud) {
            agent.listen(
                    goal.budget() / 10,
                    p -> System.out.printf(
                            Locale.ROOT,
                            "  %,9d steps: mean return %.1f, length %.1f; %s%n",
                            p.steps(),
                            p.meanReturn(),
                            p.meanLength(),
                            p.losses()));
        }
        long start = System.nanoTime();
        boolean solved = agent.solve(goal.threshold(), goal.budget());
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Result(seed, solved, agent.steps(), seconds, agent.evaluate(env, 100, 1_000_000));
    }

    private static Agent<float[], Integer> discrete(String algorithm, String id, long seed) {
        return switch (algorithm) {
            case "ppo" -> Ppo.of(() -> Envs.discrete(id), Ppo.settings().seed(seed));
            case "dqn" -> Dqn.of(() -> Envs.discrete(id), dqn(id, seed));
            case "double-duelling" ->
                Dqn.of(() -> Envs.discrete(id), dqn(id, seed).doubleQ(true).duelling(true));
            case "a2c" -> A2c.of(() -> Envs.discrete(id), A2c.settings().seed(seed));
            case "reinforce" ->
                Reinforce.of(() -> Envs.discrete(id), Reinforce.settings().seed(seed));
            default ->
                throw new IllegalArgumentException("[classic] expected ppo, dqn, double-duelling, a2c, reinforce or"
                        + " ddpg; got '" + algorithm + "'.");
        };
    }

    /// CleanRL's; for MountainCar RL Zoo's, which learns more often and forgets later.
    private static Dqn.Settings dqn(String id, long seed) {
        Dqn.Settings settings = Dqn.settings().seed(seed);
        return id.equals("MountainCar-v0")
                ? settings.gamma(0.98)
                        .learningRate(4e-3)
                        .hidden(256, 256)
                        .learningStarts(1000)
                        .targetEvery(600)
                        .trainEvery(16)
                        .updates(8)
                        .epsilon(1, 0.07, 24_000)
                : settings;
    }

    /// CleanRL's but for smaller networks, which learn faster and are asked sooner.
    static Ddpg.Settings ddpg(long seed) {
        return Ddpg.settings()
                .seed(seed)
                .gamma(0.98)
                .hidden(64, 64)
                .learningRate(1e-3)
                .batchSize(128)
                .bufferSize(50_000)
                .learningStarts(1000);
    }
}
