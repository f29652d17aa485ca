package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;

/// Gymnasium's `Acrobot-v1` (Sutton 1996; the equations of Sutton and Barto's book): two links that hang from a bar,
/// with a torque of -1 (0), 0 (1) or 1 (2) N m at the joint between them. Each step pays -1 until the tip is a link's
/// length above the bar.
///
/// The state is the first link's angle from hanging down, the second's against the first, in rad, and their speeds; an
/// observation is the cosine and the sine of each angle, and the speeds.
@Export(value = "rl.envs.Acrobot", since = "0.1")
public final class Acrobot extends Classic<Integer> {
    private static final double TAU = 0.2;
    private static final double GRAVITY = 9.8;
    /// Of either link: mass and length are 1, and so is its moment of inertia.
    private static final double CENTRE = 0.5;

    private static final double INERTIA = 1;
    private static final double MAX_SPEED_1 = 4 * Math.PI;
    private static final double MAX_SPEED_2 = 9 * Math.PI;

    private final double[] state = new double[4];

    public Acrobot() {
        super("acrobot", observations(), Discrete.of(3));
    }

    private static Box observations() {
        float[] high = {1, 1, 1, 1, (float) MAX_SPEED_1, (float) MAX_SPEED_2};
        float[] low = new float[high.length];
        for (int i = 0; i < low.length; i++) {
            low[i] = -high[i];
        }
        return Box.of(low, high);
    }

    @Override
    void draw(SplitMix random) {
        for (int i = 0; i < state.length; i++) {
            state[i] = (float) uniform(random, -0.1, 0.1);
        }
    }

    @Override
    void set(double[] value) {
        System.arraycopy(value, 0, state, 0, state.length);
    }

    @Override
    public double[] state() {
        return state.clone();
    }

    @Override
    float[] observe() {
        return new float[] {
            (float) Math.cos(state[0]),
            (float) Math.sin(state[0]),
            (float) Math.cos(state[1]),
            (float) Math.sin(state[1]),
            (float) state[2],
            (float) state[3]
        };
    }

    @Override
    Step<float[]> advance(Integer action) {
        rungeKutta(action - 1);
        state[0] = wrapped(state[0]);
        state[1] = wrapped(state[1]);
        state[2] = Math.clamp(state[2], -MAX_SPEED_1, MAX_SPEED_1);
        state[3] = Math.clamp(state[3], -MAX_SPEED_2, MAX_SPEED_2);
        boolean up = -Math.cos(state[0]) - Math.cos(state[1] + state[0]) > 1;
        return new Step<>(observe(), up ? 0 : -1, up, false);
    }

    /// One step of the classical method of fourth order.
    private void rungeKutta(double torque) {
        double[] k1 = rates(state, torque);
        double[] k2 = rates(after(k1, TAU / 2), torque);
        double[] k3 = rates(after(k2, TAU / 2), torque);
        double[] k4 = rates(after(k3, TAU), torque);
        for (int i = 0; i < state.length; i++) {
            state[i] += TAU / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
        }
    }

    private double[] after(double[] rates, double time) {
        double[] moved = new double[state.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = state[i] + time * rates[i];
        }
        return moved;
    }

    private static double[] rates(double[] s, double torque) {
        double cos2 = Math.cos(s[1]);
        double sin2 = Math.sin(s[1]);
        double d1 = CENTRE * CENTRE + (1 + CENTRE * CENTRE + 2 * CENTRE * cos2) + 2 * INERTIA;
        double d2 = CENTRE * CENTRE + CENTRE * cos2 + INERTIA;
        double phi2 = CENTRE * GRAVITY * Math.cos(s[0] + s[1] - Math.PI / 2);
        double phi1 = -CENTRE * s[3] * s[3] * sin2
                - 2 * CENTRE * s[3] * s[2] * sin2
                + (CENTRE + 1) * GRAVITY * Math.cos(s[0] - Math.PI / 2)
                + phi2;
        double pull = torque + d2 / d1 * phi1 - CENTRE * s[2] * s[2] * sin2 - phi2;
        double rate2 = pull / (CENTRE * CENTRE + INERTIA - d2 * d2 / d1);
        return new double[] {s[2], s[3], -(d2 * rate2 + phi1) / d1, rate2};
    }

    /// The same angle in [-pi, pi].
    private static double wrapped(double angle) {
        double x = angle;
        while (x > Math.PI) {
            x -= 2 * Math.PI;
        }
        while (x < -Math.PI) {
            x += 2 * Math.PI;
        }
        return x;
    }
}
