package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.rl.planning.Plan;
import io.torrefy.rl.planning.Stop;
import io.torrefy.rl.planning.ValueIteration;
import io.torrefy.rl.temporal.QLearning;

/// Reinforcement learning on tables, as in `bench/peers/tabular.py`.
public final class Tabular {
    private static final double GAMMA = 0.9;

    private Tabular() {}

    /// Q-learning in the book's 5 x 5 world: one endless episode.
    public static Case gridQ(JsonNode args, int threads) {
        int steps = args.path("steps").asInt();
        GridWorld world = GridWorld.book();
        TabularSettings settings = TabularSettings.of(GAMMA)
                .epsilon(args.path("epsilon").asDouble())
                .episodes(1)
                .maxSteps(steps)
                .seed(1);
        return new Body(steps, "steps", () -> {
            TabularResult result = QLearning.learn(world, settings);
            if (result.steps() != steps) {
                throw new IllegalStateException("[bench] expected " + steps + " steps; got " + result.steps() + ".");
            }
        });
    }

    /// Sweeps over a large grid.
    public static Case valueIteration(JsonNode args, int threads) {
        int size = args.path("size").asInt();
        int sweeps = args.path("sweeps").asInt();
        GridWorld.Builder grid = GridWorld.of(size, size);
        for (int row = 3; row < size; row += 7) {
            for (int column = 2; column < size; column += 5) {
                grid.forbid(row + 1, column + 1);
            }
        }
        GridWorld world = grid.target(size / 2 + 1, size / 2 + 1).build();
        return new Body((double) size * size * sweeps, "state updates", () -> {
            Plan plan = ValueIteration.of(world.mdp(), GAMMA, Stop.sweeps(sweeps));
            if (plan.sweeps() != sweeps) {
                throw new IllegalStateException("[bench] expected " + sweeps + " sweeps; got " + plan.sweeps() + ".");
            }
        });
    }

    private record Body(double amount, String unit, Runnable body) implements Case {
        @Override
        public Work work() {
            return new Work(amount, unit);
        }

        @Override
        public void run() {
            body.run();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
