package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;

/// Gymnasium's `CartPole` (Barto, Sutton and Anderson 1983; equations of Florian 2007): push a cart to the left (0) or
/// to the right (1) so that the pole on it stays up. Each step pays 1, the last one too; the episode ends beyond 2.4 m
/// or 12 degrees.
///
/// The state is the cart's position x in m and its speed, the pole's angle from upright in rad and its angular speed;
/// an observation is the same in floats.
@Export(value = "rl.envs.CartPole", since = "0.1")
public final class CartPole extends Classic<Integer> {
    static final double GRAVITY = 9.8;
    static final double POLE_MASS = 0.1;
    static final double TOTAL_MASS = 1.0 + POLE_MASS;
    /// Half of the pole's, in m.
    static final double LENGTH = 0.5;
    static final double POLE_MASS_LENGTH = POLE_MASS * LENGTH;
    static final double FORCE = 10;
    /// Seconds a step, of Euler's method.
    static final double TAU = 0.02;

    static final double X_LIMIT = 2.4;
    static final double ANGLE_LIMIT = 12 * 2 * Math.PI / 360;
    static final double RESET_LIMIT = 0.05;

    static final double PER_MASS = 1 / TOTAL_MASS;
    static final double POLE_PER_MASS = POLE_MASS_LENGTH / TOTAL_MASS;
    static final double INERTIA = LENGTH * 4 / 3;
    static final double INERTIA_COS = LENGTH * POLE_MASS / TOTAL_MASS;

    private final boolean suttonBartoReward;
    private double x;
    private double speed;
    private double angle;
    private double spin;

    /// With the reward of Gymnasium's registered ids.
    public CartPole() {
        this(false);
    }

    /// @param suttonBartoReward whether a step pays 0 and the last one -1, as Sutton and Barto have it
    public CartPole(boolean suttonBartoReward) {
        super("cartpole", observations(), Discrete.of(2));
        this.suttonBartoReward = suttonBartoReward;
    }

    /// Twice what ends the episode, so that its last observation is in it.
    static Box observations() {
        float inf = Float.POSITIVE_INFINITY;
        float[] high = {(float) (2 * X_LIMIT), inf, (float) (2 * ANGLE_LIMIT), inf};
        return Box.of(new float[] {-high[0], -inf, -high[2], -inf}, high);
    }

    @Override
    void draw(SplitMix random) {
        x = uniform(random, -RESET_LIMIT, RESET_LIMIT);
        speed = uniform(random, -RESET_LIMIT, RESET_LIMIT);
        angle = uniform(random, -RESET_LIMIT, RESET_LIMIT);
        spin = uniform(random, -RESET_LIMIT, RESET_LIMIT);
    }

    @Override
    void set(double[] state) {
        x = state[0];
        speed = state[1];
        angle = state[2];
        spin = state[3];
    }

    @Override
    public double[] state() {
        return new double[] {x, speed, angle, spin};
    }

    @Override
    float[] observe() {
        return new float[] {(float) x, (float) speed, (float) angle, (float) spin};
    }

    @Override
    Step<float[]> advance(Integer action) {
        double force = action == 1 ? FORCE : -FORCE;
        double cos = SmallAngle.cos(angle);
        double sin = SmallAngle.sin(angle);
        double push = Math.fma(POLE_MASS_LENGTH * (spin * spin), sin, force) * PER_MASS;
        double spinRate = (GRAVITY * sin - cos * push) / (INERTIA - INERTIA_COS * (cos * cos));
        double speedRate = push - POLE_PER_MASS * (spinRate * cos);
        x += TAU * speed;
        speed += TAU * speedRate;
        angle += TAU * spin;
        spin += TAU * spinRate;
        boolean fallen = Math.abs(x) > X_LIMIT || Math.abs(angle) > ANGLE_LIMIT;
        double reward = suttonBartoReward ? (fallen ? -1 : 0) : 1;
        return new Step<>(observe(), reward, fallen, false);
    }
}
