package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.rl.Env;
import io.torrefy.rl.Step;
import io.torrefy.rl.VectorEnv;
import io.torrefy.rl.envs.Envs;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;

/// Steps an environment with random actions that were drawn before, and begins an episode where one is over. With
/// `slots`, that many at once. `bench/peers/environments.py` does the same with Gymnasium.
public final class Environments implements Case {
    /// Action lists to go through in turn.
    private static final int DRAWN = 64;

    private final int steps;
    private final Runnable run;
    private double sum;

    public Environments(JsonNode args, int threads) {
        steps = args.path("steps").asInt();
        String id = args.path("env").asText();
        int slots = args.path("slots").asInt(0);
        run = slots == 0 ? one(Envs.discrete(id)) : many(Envs.vector(id, slots));
    }

    private Runnable one(Env<float[], Integer> env) {
        var random = new SplitMix(1, 0);
        Integer[] actions = new Integer[1 << 12];
        Arrays.setAll(actions, _ -> env.actionSpace().sample(random));
        env.reset(1);
        return () -> {
            for (int i = 0; i < steps; i++) {
                Step<float[]> step = env.step(actions[i & actions.length - 1]);
                sum += step.observation()[0] + step.reward();
                if (step.done()) {
                    env.reset();
                }
            }
        };
    }

    private Runnable many(VectorEnv<int[]> env) {
        var random = new SplitMix(1, 0);
        int[][] actions = new int[DRAWN][env.count()];
        for (int[] row : actions) {
            Arrays.setAll(row, _ -> random.below(env.actionSpace().flatSize()));
        }
        env.reset(1);
        return () -> {
            for (int i = 0; i < steps / env.count(); i++) {
                env.step(actions[i % DRAWN]);
                sum += env.observations()[0] + env.rewards()[0];
            }
        };
    }

    @Override
    public Work work() {
        return new Work(steps, "steps");
    }

    @Override
    public void run() {
        run.run();
        if (Double.isNaN(sum)) {
            throw new IllegalStateException("[environments] expected numbers; got NaN");
        }
    }

    @Override
    public void close() {}
}
