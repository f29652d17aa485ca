package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IndexingTest {
    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threads);
    }

    private static long[] indices(int n, int limit) {
        return new Random(n).longs(n, 0, limit).toArray();
    }

    @Test
    void findsWhatIsOutOfRange() {
        long index = Buffers.of(0L, 4L, 5L, -1L);
        assertThat(Indexing.findOutOfRange(4, index, 6)).isEqualTo(3);
        assertThat(Indexing.findOutOfRange(4, index, 5)).isEqualTo(2);
        assertThat(Indexing.findOutOfRange(2, index, 5)).isEqualTo(-1);
        assertThat(Indexing.findOutOfRange(0, index, 0)).isEqualTo(-1);
    }

    /// outer, n, inner, m.
    @ParameterizedTest
    @CsvSource({
        "1,1,1,1",
        "1,100,1,7",
        "3,5,2,11",
        "1,50,300,40",
        "2,30,17,90",
        "1,500,700,200",
        "4,9,1,30000",
        "1,4,3,0"
    })
    void selectsGathersAndAddsLikeLoops(int outer, int n, int inner, int m) {
        float[] x = Buffers.random(outer * n * inner, 1, 1);
        float[] source = Buffers.random(outer * m * inner, 2, 1);
        long[] index = indices(m, n);
        long[] each = indices(outer * m * inner, n);
        float[] selected = new float[outer * m * inner];
        float[] gathered = new float[outer * m * inner];
        double[] added = new double[x.length];
        double[] scattered = new double[x.length];
        for (int o = 0; o < outer; o++) {
            for (int j = 0; j < m; j++) {
                for (int i = 0; i < inner; i++) {
                    int at = (o * m + j) * inner + i;
                    int row = (int) (o * n + index[j]) * inner + i;
                    int own = (int) (o * n + each[at]) * inner + i;
                    selected[at] = x[row];
                    gathered[at] = x[own];
                    added[row] += source[at];
                    scattered[own] += source[at];
                }
            }
        }
        long in = Buffers.of(x);
        long index1 = Buffers.of(index);
        long index3 = Buffers.of(each);
        long from = Buffers.of(source);
        long y = Buffers.bytes(4L * selected.length);
        Indexing.indexSelect(DType.F32, outer, n, inner, m, in, index1, y);
        assertThat(Buffers.floats(y, selected.length)).isEqualTo(selected);
        Indexing.gather(DType.F32, outer, n, inner, m, in, index3, y);
        assertThat(Buffers.floats(y, selected.length)).isEqualTo(gathered);
        float[][] first = null;
        for (int t : new int[] {1, 2, 3, 7}) {
            Parallel.threads(t);
            long a = Buffers.of(new float[x.length]);
            long s = Buffers.of(new float[x.length]);
            Indexing.indexAdd(DType.F32, outer, n, inner, m, from, index1, a);
            Indexing.scatterAdd(DType.F32, outer, n, inner, m, from, index3, s);
            float[][] results = {Buffers.floats(a, x.length), Buffers.floats(s, x.length)};
            first = first == null ? results : first;
            assertThat(Arrays.deepEquals(first, results)).isTrue();
        }
        for (int i = 0; i < x.length; i++) {
            assertThat((double) first[0][i]).isCloseTo(added[i], Offset.offset(1e-3));
            assertThat((double) first[1][i]).isCloseTo(scattered[i], Offset.offset(1e-3));
        }
    }

    @Test
    void otherTypes() {
        long index = Buffers.of(2L, 0L, 2L);
        long y = Buffers.bytes(64);
        Indexing.indexSelect(DType.BOOL, 1, 3, 1, 3, Buffers.of((byte) 1, (byte) 0, (byte) 3), index, y);
        assertThat(Buffers.bytes(y, 3)).containsExactly(3, 1, 3);
        Indexing.gather(DType.BF16, 1, 2, 2, 1, Buffers.of(0x00020001, 0x00040003), Buffers.of(1L, 0L), y);
        assertThat(Buffers.shorts(y, 2)).containsExactly((short) 3, (short) 2);
        long sums = Buffers.of(0L, 0L, 0L);
        Indexing.indexAdd(DType.I64, 1, 3, 1, 3, Buffers.of(1L, 10L, 100L), index, sums);
        assertThat(Buffers.longs(sums, 3)).containsExactly(10, 0, 101);
        long doubles = Buffers.of(0.5, 0, 0);
        Indexing.scatterAdd(DType.F64, 1, 3, 1, 3, Buffers.of(1.0, 10, 100), index, doubles);
        assertThat(Buffers.doubles(doubles, 3)).containsExactly(10.5, 0, 101);
    }
}
