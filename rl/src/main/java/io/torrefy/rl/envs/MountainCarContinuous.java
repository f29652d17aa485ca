package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;

/// Gymnasium's `MountainCarContinuous-v0`: the mountain car with a force in [-1, 1]; a larger one counts as the nearest
/// bound but costs its own square. A step pays -0.1 force^2, and 100 more where the position reaches 0.45.
///
/// The state is the position and the velocity, rounded to floats after every step as Gymnasium's is.
@Export(value = "rl.envs.MountainCarContinuous", since = "0.1")
public final class MountainCarContinuous extends Classic<float[]> {
    private static final double GOAL = 0.45;
    private static final double POWER = 0.0015;
    private static final double GRAVITY = 0.0025;

    private double position;
    private double velocity;

    public MountainCarContinuous() {
        super("mountaincar-continuous", MountainCar.observations(), Box.of(-1, 1, 1));
    }

    @Override
    boolean clips() {
        return true;
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
    Step<float[]> advance(float[] action) {
        double force = Math.clamp(action[0], -1.0, 1.0);
        double v = velocity + force * POWER - GRAVITY * Math.cos(3 * position);
        v = Math.clamp(v, -MountainCar.MAX_SPEED, MountainCar.MAX_SPEED);
        double p = Math.clamp(position + v, MountainCar.MIN_POSITION, MountainCar.MAX_POSITION);
        if (p == MountainCar.MIN_POSITION && v < 0) {
            v = 0;
        }
        boolean there = p >= GOAL && v >= 0;
        position = (float) p;
        velocity = (float) v;
        return new Step<>(observe(), (there ? 100 : 0) - 0.1 * ((double) action[0] * action[0]), there, false);
    }
}
