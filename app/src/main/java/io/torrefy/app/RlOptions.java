package io.torrefy.app;

import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.rl.envs.Envs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What an algorithm is asked to do, where it is asked and where it writes.
final class RlOptions {
    private static final String GRID = "gridworld";
    private static final Path RUNS = Path.of("runs");
    private static final String NAME = "rl";

    @Parameters(paramLabel = "ENV", description = "The environment's id; torrefy rl list shows all.")
    private String env = "";

    @Option(
            names = "--episodes",
            paramLabel = "N",
            description = "Of algorithms with tables. Default: ${DEFAULT-VALUE}.")
    private int episodes = 1000;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Of algorithms with networks, in all environments; the learning rate of ppo and the"
                    + " exploration of dqn fall over them. Default: ${DEFAULT-VALUE}.")
    private long steps = 100_000;

    @Option(names = "--seed", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(
            names = "--gamma",
            paramLabel = "X",
            description = "The discount. Default: 0.9 in grid worlds, as in the book, else 0.99.")
    private Optional<Double> gamma = Optional.empty();

    @Option(
            names = "--alpha",
            paramLabel = "X",
            description = "The step size of tables, 0.1 by default, or the learning rate of networks, by default each"
                    + " algorithm's own.")
    private Optional<Double> alpha = Optional.empty();

    @Option(
            names = "--epsilon",
            paramLabel = "X",
            description = "How often algorithms with tables explore. Default: ${DEFAULT-VALUE}.")
    private double epsilon = 0.1;

    @Option(
            names = "--n",
            paramLabel = "N",
            description = "Rewards before n-step methods bootstrap, and sweeps of truncated policy iteration. Default:"
                    + " ${DEFAULT-VALUE}.")
    private int n = 5;

    @Option(
            names = "--error",
            paramLabel = "X",
            description = "Of planning: no value is farther from the true one. Default: ${DEFAULT-VALUE}.")
    private double error = 1e-10;

    @Option(names = "--out", paramLabel = "DIR", description = "The run's folder. Default: the next runs/rl-N.")
    private Optional<Path> out = Optional.empty();

    String env() {
        return env;
    }

    RlTask task(CommonOptions common) {
        common.check(episodes >= 1, "--episodes", "at least 1", episodes);
        common.check(steps >= 1, "--steps", "at least 1", steps);
        common.check(epsilon >= 0 && epsilon <= 1, "--epsilon", "a share from 0 to 1", epsilon);
        common.check(n >= 1, "--n", "at least 1", n);
        common.check(error > 0, "--error", "above 0", error);
        double discount = gamma.orElse(env.startsWith(GRID) ? 0.9 : 0.99);
        common.check(
                discount >= 0 && discount <= 1,
                "--gamma",
                "a discount in [0, 1), or 1 where every episode ends: from 1 on sums of rewards grow without bound",
                discount);
        alpha.ifPresent(a -> common.check(a > 0 && Double.isFinite(a), "--alpha", "a step above 0", a));
        try {
            Envs.spec(env);
        } catch (IllegalArgumentException e) {
            throw common.bad("Invalid value for 'ENV': " + e.getMessage());
        }
        OptionalDouble rate = alpha.isPresent() ? OptionalDouble.of(alpha.get()) : OptionalDouble.empty();
        return new RlTask(env, discount, episodes, steps, rate, epsilon, n, error, seed);
    }

    /// An algorithm that fits the environment.
    RlAlgorithm algorithm(CommonOptions common, String option, String name) {
        RlAlgorithm algorithm;
        try {
            algorithm = RlAlgorithm.of(name);
        } catch (IllegalArgumentException e) {
            throw common.bad("Invalid value for option '" + option + "': " + e.getMessage());
        }
        common.check(
                algorithm.fits(env),
                option,
                "an algorithm for " + env + ", which has no " + algorithm.kind().needs(),
                name);
        return algorithm;
    }

    /// Where a run that is over writes; made where none is named.
    Path folder() throws IOException {
        return out.isPresent() ? Files.createDirectories(out.get()) : RunFolder.create(RUNS, NAME);
    }

    /// Where a run begins or, with `resume`, goes on.
    Path folder(boolean resume, CommonOptions common) {
        if (out.isPresent()) {
            if (resume && !Files.isDirectory(out.get())) {
                // Not an error: a run may have been killed before it made its folder.
                common.err().println("There is no run in " + out.get() + " to go on with: it begins now.");
            }
            return out.get();
        }
        return resume
                ? RunFolder.last(RUNS, NAME)
                        .orElseThrow(() -> new RunException("[resume] expected a run to go on with in "
                                + RUNS.toAbsolutePath() + "; there is none"))
                : RunFolder.create(RUNS, NAME);
    }
}
