package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;

/// Gymnasium's `Pendulum-v1`: swing a pendulum up and hold it there with a torque of at most 2 N m; a larger one counts
/// as the nearest bound. A step pays `-(angle^2 + 0.1 spin^2 + 0.001 torque^2)` of where it began, and no episode ends.
///
/// The state is the angle from upright in rad and the angular speed; an observation is cosine, sine and speed.
@Export(value = "rl.envs.Pendulum", since = "0.1")
public final class Pendulum extends Classic<float[]> {
    private static final double MAX_SPEED = 8;
    private static final double MAX_TORQUE = 2;
    private static final double TAU = 0.05;

    private final double gravity;
    private double angle;
    private double spin;

    /// With Gymnasium's gravity of 10 m/s^2.
    public Pendulum() {
        this(10);
    }

    /// @throws IllegalArgumentException if the gravity is not finite
    public Pendulum(double gravity) {
        super("pendulum", observations(), Box.of((float) -MAX_TORQUE, (float) MAX_TORQUE, 1));
        if (!Double.isFinite(gravity)) {
            throw new IllegalArgumentException("[pendulum] expected a finite gravity; got " + gravity + ".");
        }
        this.gravity = gravity;
    }

    private static Box observations() {
        return Box.of(new float[] {-1, -1, (float) -MAX_SPEED}, new float[] {1, 1, (float) MAX_SPEED});
    }

    @Override
    boolean clips() {
        return true;
    }

    @Override
    void draw(SplitMix random) {
        angle = uniform(random, -Math.PI, Math.PI);
        spin = uniform(random, -1, 1);
    }

    @Override
    void set(double[] state) {
        angle = state[0];
        spin = state[1];
    }

    @Override
    public double[] state() {
        return new double[] {angle, spin};
    }

    @Override
    float[] observe() {
        return new float[] {(float) Math.cos(angle), (float) Math.sin(angle), (float) spin};
    }

    @Override
    Step<float[]> advance(float[] action) {
        double torque = Math.clamp(action[0], -MAX_TORQUE, MAX_TORQUE);
        double away = wrapped(angle);
        double cost = away * away + 0.1 * (spin * spin) + 0.001 * (torque * torque);
        spin += (1.5 * gravity * Math.sin(angle) + 3 * torque) * TAU;
        spin = Math.clamp(spin, -MAX_SPEED, MAX_SPEED);
        angle += spin * TAU;
        return new Step<>(observe(), -cost, false, false);
    }

    /// The same angle in [-pi, pi).
    private static double wrapped(double x) {
        double turn = 2 * Math.PI;
        double rest = (x + Math.PI) % turn;
        return (rest < 0 ? rest + turn : rest) - Math.PI;
    }
}
