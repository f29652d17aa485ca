package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;

/// Gymnasium's `MountainCar-v0` (Moore 1990): a car too weak for the hill has to swing up. Actions push to the left
/// (0), not (1) and to the right (2); each step pays -1 until the position is 0.5.
///
/// The state is the position and the velocity; an observation is the same in floats.
@Export(value = "rl.envs.MountainCar", since = "0.1")
public final class MountainCar extends Classic<Integer> {
    static final double MIN_POSITION = -1.2;
    static final double MAX_POSITION = 0.6;
    static final double MAX_SPEED = 0.07;
    private static final double GOAL = 0.5;
    private static final double FORCE = 0.001;
    private static final double GRAVITY = 0.0025;

    private double position;
    private double velocity;

    public MountainCar() {
        super("mountaincar", observations(), Discrete.of(3));
    }

    static Box observations() {
        return Box.of(
                new float[] {(float) MIN_POSITION, (float) -MAX_SPEED},
                new float[] {(float) MAX_POSITION, (float) MAX_SPEED});
    }

    @Override
    void draw(SplitMix random) {
        position = uniform(random, -0.6, -0.4);
        velocity = 0;
    }

    @Override
    void set(double[] state) {
        position = state[0];
        velocity = state[1];
    }

    @Override
    public double[] state() {
        return new double[] {position, velocity};
    }

    @Override
    float[] observe() {
        return new float[] {(float) position, (float) velocity};
    }

    @Override
    Step<float[]> advance(Integer action) {
        velocity += (action - 1) * FORCE - Math.cos(3 * position) * GRAVITY;
        velocity = Math.clamp(velocity, -MAX_SPEED, MAX_SPEED);
        position = Math.clamp(position + velocity, MIN_POSITION, MAX_POSITION);
        if (position == MIN_POSITION && velocity < 0) {
            velocity = 0;
        }
        return new Step<>(observe(), -1, position >= GOAL && velocity >= 0, false);
    }
}
