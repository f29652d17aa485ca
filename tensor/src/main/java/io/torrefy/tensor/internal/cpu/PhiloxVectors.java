package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.Philox4x32;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Philox on as many counters at a time as a vector has 64-bit lanes, each word in the low half of a lane: the same
/// bits as
/// `Philox4x32.words`. Flat, for the reason given in `Exponentials`.
final class PhiloxVectors {
    private static final VectorSpecies<Long> LS = LongVector.SPECIES_PREFERRED;
    private static final int LANES = LS.length();
    private static final VectorShuffle<Long> ZIP_LOW = VectorShuffle.makeZip(LS, 0);
    private static final VectorShuffle<Long> ZIP_HIGH = VectorShuffle.makeZip(LS, 1);
    private static final LongVector IOTA = LongVector.zero(LS).addIndex(1);
    private static final long LOW = 0xffffffffL;

    /// Elements of one trip.
    static final int STEP = 4 * LANES;

    /// Whether the float vectors have two lanes to each of these. Of two lanes they take
    /// three times as long as scalar code.
    static final boolean SUPPORTED = Mem.VECTOR && Mem.FS.length() == 2 * LANES && LANES >= 4;

    private PhiloxVectors() {}

    /// Uniform f32 numbers of the positions from `position` on; n is a multiple of `STEP`.
    static void uniform(int n, long seed, long stream, long position, long y) {
        for (int i = 0; i < n; i += STEP) {
            LongVector p = IOTA.add(position + (i >>> 2));
            LongVector c0 = p.and(LOW);
            LongVector c1 = p.lanewise(VectorOperators.LSHR, 32);
            LongVector c2 = LongVector.broadcast(LS, stream & LOW);
            LongVector c3 = LongVector.broadcast(LS, stream >>> 32);
            int k0 = (int) seed;
            int k1 = (int) (seed >>> 32);
            for (int round = 0; round < Philox4x32.ROUNDS; round++) {
                LongVector p0 = c0.mul(Philox4x32.M0 & LOW);
                LongVector p1 = c2.mul(Philox4x32.M1 & LOW);
                c0 = p1.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c1);
                c0 = c0.lanewise(VectorOperators.XOR, k0 & LOW);
                c2 = p0.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c3);
                c2 = c2.lanewise(VectorOperators.XOR, k1 & LOW);
                c1 = p1.and(LOW);
                c3 = p0.and(LOW);
                k0 += Philox4x32.W0;
                k1 += Philox4x32.W1;
            }
            // words 0, 1 and words 2, 3 of a counter side by side as ints, then all four
            LongVector a = c1.lanewise(VectorOperators.LSHL, 32).or(c0);
            LongVector b = c3.lanewise(VectorOperators.LSHL, 32).or(c2);
            LongVector first = a.rearrange(ZIP_LOW, b);
            LongVector second = a.rearrange(ZIP_HIGH, b);
            FloatVector u = (FloatVector)
                    first.reinterpretAsInts().lanewise(VectorOperators.LSHR, 8).convert(VectorOperators.I2F, 0);
            FloatVector v = (FloatVector)
                    second.reinterpretAsInts().lanewise(VectorOperators.LSHR, 8).convert(VectorOperators.I2F, 0);
            u.mul(0x1p-24f).intoMemorySegment(Mem.ALL, y + 4L * i, Mem.ORDER);
            v.mul(0x1p-24f).intoMemorySegment(Mem.ALL, y + 4L * (i + 2 * LANES), Mem.ORDER);
        }
    }
}
