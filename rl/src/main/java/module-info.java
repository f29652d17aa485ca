import org.jspecify.annotations.NullMarked;

/// Reinforcement learning from the grid world up: environments, planning, Monte Carlo, temporal differences, deep RL.
@NullMarked
module io.torrefy.rl {
    requires transitive io.torrefy.nn;
    requires jdk.incubator.vector;
    requires com.fasterxml.jackson.core;
    requires io.torrefy.export;
    requires java.desktop; // pictures in pixels
    requires static org.jspecify;

    exports io.torrefy.rl;
    exports io.torrefy.rl.envs;
    exports io.torrefy.rl.plot;
}
