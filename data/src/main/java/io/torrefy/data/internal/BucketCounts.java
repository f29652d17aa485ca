package io.torrefy.data.internal;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Counts, for many numbers at a time, how many boundaries are at or below each. Where boundaries are few, comparing
/// with all of them in vectors is faster than a search: 0.9 against 6.1 ms for a million numbers and 10 boundaries,
/// even at some twenty for each lane (16 lanes, Zen 4). NaN is above none.
final class BucketCounts {
    private static final VectorSpecies<Float> FS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> IS = IntVector.SPECIES_PREFERRED;

    /// As many boundaries as this are faster compared than searched.
    static final int MOST = "0".equals(System.getProperty("torrefy.vector")) ? 0 : 12 * FS.length();

    private BucketCounts() {}

    /// Puts the counts of the numbers from `from` on into `counts`, from 0 on. `to - from` is cut down to whole
    /// groups of four vectors.
    ///
    /// @return the place of the first number that was not counted
    static int count(float[] values, int from, int to, float[] boundaries, int[] counts) {
        int lanes = FS.length();
        int end = from + (to - from) / (4 * lanes) * (4 * lanes);
        for (int i = from; i < end; i += 4 * lanes) {
            FloatVector x0 = FloatVector.fromArray(FS, values, i);
            FloatVector x1 = FloatVector.fromArray(FS, values, i + lanes);
            FloatVector x2 = FloatVector.fromArray(FS, values, i + 2 * lanes);
            FloatVector x3 = FloatVector.fromArray(FS, values, i + 3 * lanes);
            IntVector n0 = IntVector.zero(IS);
            IntVector n1 = n0;
            IntVector n2 = n0;
            IntVector n3 = n0;
            for (float b : boundaries) {
                FloatVector boundary = FloatVector.broadcast(FS, b);
                n0 = n0.add(1, x0.compare(VectorOperators.GE, boundary).cast(IS));
                n1 = n1.add(1, x1.compare(VectorOperators.GE, boundary).cast(IS));
                n2 = n2.add(1, x2.compare(VectorOperators.GE, boundary).cast(IS));
                n3 = n3.add(1, x3.compare(VectorOperators.GE, boundary).cast(IS));
            }
            n0.intoArray(counts, i - from);
            n1.intoArray(counts, i - from + lanes);
            n2.intoArray(counts, i - from + 2 * lanes);
            n3.intoArray(counts, i - from + 3 * lanes);
        }
        return end;
    }
}
