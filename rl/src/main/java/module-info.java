import org.jspecify.annotations.NullMarked;

/// Reinforcement learning from the grid world up: environments, planning, Monte Carlo, temporal differences, deep RL.
@NullMarked
module io.torrefy.rl {
    requires transitive io.torrefy.nn;
    requires jdk.incubator.vector;
    requires java.desktop; // pictures in pixels
    requires com.fasterxml.jackson.core;
    requires io.torrefy.export;
    requires static org.jspecify;

    exports io.torrefy.rl;
    exports io.torrefy.rl.approximation;
    exports io.torrefy.rl.deep;
    exports io.torrefy.rl.envs;
    exports io.torrefy.rl.montecarlo;
    exports io.torrefy.rl.planning;
    exports io.torrefy.rl.plot;
    exports io.torrefy.rl.stochastic;
    exports io.torrefy.rl.temporal;
}
