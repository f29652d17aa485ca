package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.VectorEnv;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// [CartPole] in every slot, in columns that vector registers step: the same bits as slots of their own, and no object
/// a step.
@Export(value = "rl.envs.CartPoleVector", since = "0.1")
public final class CartPoleVector implements VectorEnv<int[]> {
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> L = LongVector.SPECIES_PREFERRED;
    private static final VectorShape HALF = VectorShape.forBitSize(D.vectorBitSize() / 2);
    private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, HALF);
    private static final VectorSpecies<Float> F = VectorSpecies.of(float.class, HALF);
    private static final int LANES = D.length();
    private static final int SIZE = 4;

    /// Of two vectors a and b of pairs: `a0 b0 a1 b1 ...`, the first half of it and the second.
    private static final VectorShuffle<Long> LOW = VectorShuffle.fromOp(L, i -> i / 2);

    private static final VectorShuffle<Long> HIGH = VectorShuffle.fromOp(L, i -> (LANES + i) / 2);
    private static final VectorMask<Long> ODD = VectorMask.fromLong(L, 0xAAAAAAAAAAAAAAAAL);

    private final int count;
    private final int maxSteps;
    private final double[] x;
    private final double[] speed;
    private final double[] angle;
    private final double[] spin;
    private final double[] sin;
    private final double[] cos;
    /// A column for the vector unit's loads past the last slot.
    private final int[] pushes;
    /// Which lanes of a register fell.
    private final long[] fallen;

    private final long[] random;
    /// At which tick of `clock` a slot is truncated, and a bound below all of them.
    private final long[] ends;

    private long clock;
    private long firstEnd;

    private final float[] observations;
    private final float[] finals;
    private final float[] rest = new float[SIZE * LANES];
    private final float[] rewards;
    private final boolean[] terminated;
    private final boolean[] truncated;
    private boolean running;

    /// @param maxSteps of an episode
    /// @throws IllegalArgumentException without a slot or a step
    public CartPoleVector(int count, int maxSteps) {
        if (count < 1 || maxSteps < 1) {
            throw new IllegalArgumentException("[cartpole] expected at least one slot and one step an episode; got "
                    + count + " and " + maxSteps + ".");
        }
        this.count = count;
        this.maxSteps = maxSteps;
        int padded = (count + LANES - 1) / LANES * LANES;
        x = new double[padded];
        speed = new double[padded];
        angle = new double[padded];
        spin = new double[padded];
        sin = new double[padded];
        cos = new double[padded];
        pushes = new int[padded];
        fallen = new long[padded / LANES];
        random = new long[count];
        ends = new long[count];
        observations = new float[count * SIZE];
        finals = new float[count * SIZE];
        rewards = new float[count];
        terminated = new boolean[count];
        truncated = new boolean[count];
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public Box observationSpace() {
        return CartPole.observations();
    }

    @Override
    public Discrete actionSpace() {
        return Discrete.of(2);
    }

    @Override
    public void reset(long seed) {
        clock = 0;
        firstEnd = maxSteps;
        for (int i = 0; i < count; i++) {
            begin(i, new SplitMix(seed + i, 0));
        }
        System.arraycopy(observations, 0, finals, 0, finals.length);
        Arrays.fill(rewards, 0);
        Arrays.fill(terminated, false);
        Arrays.fill(truncated, false);
        running = true;
    }

    /// Begins an episode in a slot.
    private void begin(int i, SplitMix numbers) {
        double limit = CartPole.RESET_LIMIT;
        x[i] = Classic.uniform(numbers, -limit, limit);
        speed[i] = Classic.uniform(numbers, -limit, limit);
        angle[i] = Classic.uniform(numbers, -limit, limit);
        spin[i] = Classic.uniform(numbers, -limit, limit);
        random[i] = numbers.state();
        ends[i] = clock + maxSteps;
        observations[SIZE * i] = (float) x[i];
        observations[SIZE * i + 1] = (float) speed[i];
        observations[SIZE * i + 2] = (float) angle[i];
        observations[SIZE * i + 3] = (float) spin[i];
    }

    @Override
    public void step(int[] actions) {
        if (!running) {
            throw new IllegalStateException("[cartpole] expected reset(seed) first; got step().");
        }
        take(actions);
        clock++;
        settle();
        angles();
        move();
        see();
        System.arraycopy(finals, 0, observations, 0, finals.length);
        Arrays.fill(rewards, 1);
        Arrays.fill(terminated, false);
        truncate();
        for (int block = 0; block < fallen.length; block++) {
            for (long left = fallen[block]; left != 0; left &= left - 1) {
                int i = block * LANES + Long.numberOfTrailingZeros(left);
                terminated[i] = true;
                begin(i, SplitMix.at(random[i]));
            }
        }
    }

    private void take(int[] actions) {
        if (actions.length != count) {
            throw new IllegalArgumentException(
                    "[cartpole] expected " + count + " actions, one a slot; got " + actions.length + ".");
        }
        int other = 0;
        for (int i = 0; i < actions.length; i++) {
            other |= actions[i];
        }
        if ((other & ~1) != 0) {
            for (int i = 0; i < count; i++) {
                actionSpace().require("cartpole", "an action for slot " + i, actions[i]);
            }
        }
        System.arraycopy(actions, 0, pushes, 0, count);
    }

    /// Puts the pole behind the last slot back, where the register reaches beyond it.
    private void settle() {
        Arrays.fill(x, count, x.length, 0);
        Arrays.fill(speed, count, x.length, 0);
        Arrays.fill(angle, count, x.length, 0);
        Arrays.fill(spin, count, x.length, 0);
    }

    /// [SmallAngle], lane by lane: between steps no pole that stands is beyond its limit.
    private void angles() {
        for (int i = 0; i < x.length; i += LANES) {
            DoubleVector a = DoubleVector.fromArray(D, angle, i);
            DoubleVector z = a.mul(a);
            DoubleVector p = DoubleVector.broadcast(D, SmallAngle.S11).fma(z, DoubleVector.broadcast(D, SmallAngle.S9));
            p = p.fma(z, DoubleVector.broadcast(D, SmallAngle.S7));
            p = p.fma(z, DoubleVector.broadcast(D, SmallAngle.S5));
            p = p.fma(z, DoubleVector.broadcast(D, SmallAngle.S3));
            a.mul(z).fma(p, a).intoArray(sin, i);
            p = DoubleVector.broadcast(D, SmallAngle.C10).fma(z, DoubleVector.broadcast(D, SmallAngle.C8));
            p = p.fma(z, DoubleVector.broadcast(D, SmallAngle.C6));
            p = p.fma(z, DoubleVector.broadcast(D, SmallAngle.C4));
            p = z.fma(p, DoubleVector.broadcast(D, -0.5));
            z.fma(p, DoubleVector.broadcast(D, 1)).intoArray(cos, i);
        }
    }

    /// [CartPole#advance], lane by lane.
    private void move() {
        for (int i = 0; i < x.length; i += LANES) {
            DoubleVector s = DoubleVector.fromArray(D, sin, i);
            DoubleVector c = DoubleVector.fromArray(D, cos, i);
            DoubleVector w = DoubleVector.fromArray(D, spin, i);
            DoubleVector force = (DoubleVector)
                    IntVector.fromArray(I, pushes, i).mul(2).sub(1).convertShape(VectorOperators.I2D, D, 0);
            DoubleVector push = w.mul(w)
                    .mul(CartPole.POLE_MASS_LENGTH)
                    .fma(s, force.mul(CartPole.FORCE))
                    .mul(CartPole.PER_MASS);
            DoubleVector inertia =
                    DoubleVector.broadcast(D, CartPole.INERTIA).sub(c.mul(c).mul(CartPole.INERTIA_COS));
            DoubleVector spinRate = s.mul(CartPole.GRAVITY).sub(c.mul(push)).div(inertia);
            DoubleVector speedRate = push.sub(spinRate.mul(c).mul(CartPole.POLE_PER_MASS));
            DoubleVector v = DoubleVector.fromArray(D, speed, i);
            DoubleVector p = DoubleVector.fromArray(D, x, i).add(v.mul(CartPole.TAU));
            DoubleVector a = DoubleVector.fromArray(D, angle, i).add(w.mul(CartPole.TAU));
            p.intoArray(x, i);
            a.intoArray(angle, i);
            v.add(speedRate.mul(CartPole.TAU)).intoArray(speed, i);
            w.add(spinRate.mul(CartPole.TAU)).intoArray(spin, i);
            fallen[i / LANES] = p.abs()
                    .compare(VectorOperators.GT, CartPole.X_LIMIT)
                    .or(a.abs().compare(VectorOperators.GT, CartPole.ANGLE_LIMIT))
                    .toLong();
        }
    }

    /// Writes the state as rows of floats. Two floats go through the registers as one long.
    private void see() {
        for (int i = 0; i < x.length; i += LANES) {
            LongVector place = pairs(x, speed, i);
            LongVector pole = pairs(angle, spin, i);
            boolean whole = i + LANES <= count;
            float[] into = whole ? finals : rest;
            int at = whole ? SIZE * i : 0;
            place.rearrange(LOW)
                    .blend(pole.rearrange(LOW), ODD)
                    .reinterpretAsFloats()
                    .intoArray(into, at);
            place.rearrange(HIGH)
                    .blend(pole.rearrange(HIGH), ODD)
                    .reinterpretAsFloats()
                    .intoArray(into, at + 2 * LANES);
        }
        int whole = count / LANES * LANES;
        System.arraycopy(rest, 0, finals, SIZE * whole, SIZE * (count - whole));
    }

    private static LongVector pairs(double[] first, double[] second, int i) {
        LongVector low = bits(first, i);
        return low.or(bits(second, i).lanewise(VectorOperators.LSHL, 32));
    }

    private static LongVector bits(double[] column, int i) {
        return (LongVector) ((FloatVector) DoubleVector.fromArray(D, column, i).convertShape(VectorOperators.D2F, F, 0))
                .reinterpretAsInts()
                .convertShape(VectorOperators.ZERO_EXTEND_I2L, L, 0);
    }

    /// Ends the episodes that have had their steps. `firstEnd` is never behind the earliest end, so that nearly
    /// every step has nothing to look for.
    private void truncate() {
        if (clock > firstEnd) {
            firstEnd = ends[0];
            for (long end : ends) {
                firstEnd = Math.min(firstEnd, end);
            }
            Arrays.fill(truncated, false);
        }
        if (clock < firstEnd) {
            return;
        }
        for (int i = 0; i < count; i++) {
            truncated[i] = ends[i] == clock;
            boolean falls = (fallen[i / LANES] >>> (i % LANES) & 1) != 0;
            if (truncated[i] && !falls) {
                begin(i, SplitMix.at(random[i]));
            }
        }
    }

    @Override
    public float[] observations() {
        return observations;
    }

    @Override
    public float[] finalObservations() {
        return finals;
    }

    @Override
    public float[] rewards() {
        return rewards;
    }

    @Override
    public boolean[] terminated() {
        return terminated;
    }

    @Override
    public boolean[] truncated() {
        return truncated;
    }
}
