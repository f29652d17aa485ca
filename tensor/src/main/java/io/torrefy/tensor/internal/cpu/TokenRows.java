package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.torrefy.tensor.TokenChoice;
import io.torrefy.tensor.internal.Philox4x32;
import io.torrefy.tensor.internal.StepProgram;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Chooses tokens from rows of logits, where they lie, without allocating: the arrays of a thread grow to the largest
/// vocabulary and stay.
final class TokenRows {
    private static final ThreadLocal<TokenRows> SCRATCH = ThreadLocal.withInitial(TokenRows::new);

    private final int[] words = new int[4];
    private long[] heap = {};
    private int[] order = {};

    private TokenRows() {}

    /// Chooses for row `r` from `n` logits, and gives the log-probability at the temperature (1 when greedy),
    /// whatever the filters leave out.
    static void choose(StepProgram.Rows rows, int r, int n, long logits, TokenChoice choice) {
        SCRATCH.get().row(rows, r, n, logits, choice);
    }

    private void row(StepProgram.Rows rows, int r, int n, long logits, TokenChoice choice) {
        int id;
        long x = logits;
        float max;
        double sum;
        if (choice.temperature() == 0) {
            max = RowSums.max(x, n);
            sum = Mem.VECTOR ? RowExp.sum(x, n, 1f, max) : scalarSum(x, n, max);
            id = first(x, n, max);
        } else {
            long p = Rows.scratch(2L * n);
            if (choice.temperature() != 1) {
                x = p + 4L * n;
                scale(logits, n, (float) (1 / choice.temperature()), x);
            }
            max = RowSums.max(x, n);
            sum = Mem.VECTOR ? RowExp.store(x, n, max, p) : scalarStore(x, n, max, p);
            scale(p, n, (float) (1 / sum), p);
            float u = uniform(choice.seed(), rows.streams()[r], rows.draws()[r]);
            id = choice.filters() ? drawKept(p, n, u, choice) : draw(p, n, u);
        }
        rows.chosen()[r] = id;
        rows.logProbs()[r] = Mem.f32(x + 4L * id) - max - (float) Math.log(sum);
    }

    private float uniform(long seed, long stream, long position) {
        Philox4x32.words(seed, stream, position >>> 2, words);
        return (words[(int) (position & 3)] >>> 8) * 0x1p-24f;
    }

    /// Where the row first holds `value`; 0 where it does not, as a row of NaN.
    private static int first(long x, int n, float value) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += Rows.L) {
            VectorMask<Float> found =
                    fromMemorySegment(FS, ALL, x + 4L * i, ORDER).compare(VectorOperators.EQ, value);
            if (found.anyTrue()) {
                return i + found.firstTrue();
            }
        }
        for (; i < n; i++) {
            if (Mem.f32(x + 4L * i) == value) {
                return i;
            }
        }
        return 0;
    }

    private static void scale(long x, int n, float factor, long y) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += Rows.L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER).mul(factor);
            v.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.f32(y + 4L * i, Mem.f32(x + 4L * i) * factor);
        }
    }

    private static double scalarSum(long x, int n, float max) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.exp((double) Mem.f32(x + 4L * i) - max);
        }
        return sum;
    }

    private static double scalarStore(long x, int n, float max, long y) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double e = Math.exp((double) Mem.f32(x + 4L * i) - max);
            sum += e;
            Mem.f32(y + 4L * i, (float) e);
        }
        return sum;
    }

    /// The first token at which the running sum passes u times the total.
    private static int draw(long p, int n, float u) {
        double total = 0;
        for (int i = 0; i < n; i++) {
            total += Mem.f32(p + 4L * i);
        }
        double goal = u * total;
        double sum = 0;
        int last = 0;
        for (int i = 0; i < n; i++) {
            float weight = Mem.f32(p + 4L * i);
            if (weight > 0) {
                sum += weight;
                last = i;
                if (sum > goal) {
                    return i;
                }
            }
        }
        return last;
    }

    /// The same among what top-k, top-p and min-p keep, in that order. Tokens come off a heap, greatest first and
    /// of equal ones the first first, until no more are kept: a vocabulary is large, what is kept of it is not.
    private int drawKept(long p, int n, float u, TokenChoice choice) {
        if (heap.length < n) {
            heap = new long[n];
            order = new int[n];
        }
        double all = 0;
        for (int i = 0; i < n; i++) {
            float weight = Mem.f32(p + 4L * i);
            all += weight;
            // Bits of floats from 0 up are in the floats' order; the smaller key is the greater weight.
            heap[i] = (long) (Integer.MAX_VALUE - Float.floatToRawIntBits(weight)) << 32 | i;
        }
        for (int i = n / 2 - 1; i >= 0; i--) {
            sink(i, n);
        }
        int limit = n;
        double total = all;
        if (choice.topK() > 0 && choice.topK() < n) {
            limit = choice.topK();
            total = 0;
            for (int i = 0; i < limit; i++) {
                order[i] = pop(n - i);
                total += Mem.f32(p + 4L * order[i]);
            }
        }
        double floor = choice.minP() * Mem.f32(p + 4L * (limit < n ? order[0] : (int) heap[0]));
        double sum = 0;
        int kept = 0;
        while (kept < limit) {
            int next = limit < n ? order[kept] : (int) heap[0];
            float weight = Mem.f32(p + 4L * next);
            if (kept > 0 && !(sum < choice.topP() * total && weight >= floor)) {
                break;
            }
            order[kept] = limit < n ? next : pop(n - kept);
            sum += weight;
            kept++;
        }
        Arrays.sort(order, 0, kept);
        return drawAmong(p, kept, u);
    }

    private int drawAmong(long p, int kept, float u) {
        double total = 0;
        for (int i = 0; i < kept; i++) {
            total += Mem.f32(p + 4L * order[i]);
        }
        double goal = u * total;
        double sum = 0;
        int last = order[0];
        for (int i = 0; i < kept; i++) {
            float weight = Mem.f32(p + 4L * order[i]);
            if (weight > 0) {
                sum += weight;
                last = order[i];
                if (sum > goal) {
                    return last;
                }
            }
        }
        return last;
    }

    private int pop(int size) {
        int top = (int) heap[0];
        heap[0] = heap[size - 1];
        sink(0, size - 1);
        return top;
    }

    private void sink(int from, int size) {
        int i = from;
        long key = heap[i];
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= key) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = key;
    }
}
