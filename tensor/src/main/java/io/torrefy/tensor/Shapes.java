package io.torrefy.tensor;

import java.util.Arrays;

/// Arithmetic on shapes and strides. Strides count elements.
final class Shapes {
    private Shapes() {}

    static long count(long[] shape) {
        long n = 1;
        for (long d : shape) {
            n = Math.multiplyExact(n, d);
        }
        return n;
    }

    static long count(long[] shape, int from, int to) {
        long n = 1;
        for (int i = from; i < to; i++) {
            n *= shape[i];
        }
        return n;
    }

    static long[] denseStrides(long[] shape) {
        long[] strides = new long[shape.length];
        long step = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= Math.max(1, shape[i]);
        }
        return strides;
    }

    static boolean isDense(long[] shape, long[] strides) {
        long step = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] == 0) {
                return true;
            }
            if (shape[i] != 1) {
                if (strides[i] != step) {
                    return false;
                }
                step *= shape[i];
            }
        }
        return true;
    }

    static long[] checkSizes(String op, long[] shape) {
        for (long d : shape) {
            if (d < 0) {
                throw new IllegalArgumentException(
                        "[" + op + "] expected sizes of at least 0; got " + Arrays.toString(shape));
            }
        }
        return shape;
    }

    /// The common shape of a broadcast.
    static long[] broadcast(String op, long[] a, long[] b) {
        if (Arrays.equals(a, b)) {
            return a;
        }
        int rank = Math.max(a.length, b.length);
        long[] out = new long[rank];
        for (int i = 1; i <= rank; i++) {
            long x = i <= a.length ? a[a.length - i] : 1;
            long y = i <= b.length ? b[b.length - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException("[" + op + "] expected shapes that broadcast; got "
                        + Arrays.toString(a) + " and " + Arrays.toString(b)
                        + ". Hint: from the last dimension on, sizes must be equal or 1.");
            }
            out[rank - i] = x == 1 ? y : x;
        }
        return out;
    }

    /// Strides that read `shape` as the larger shape `target`; 0 where it repeats.
    static long[] broadcastStrides(long[] shape, long[] strides, long[] target) {
        long[] out = new long[target.length];
        int lead = target.length - shape.length;
        for (int i = 0; i < shape.length; i++) {
            out[lead + i] = shape[i] == 1 && target[lead + i] != 1 ? 0 : strides[i];
        }
        return out;
    }

    /// A dimension counted from the front; negative ones count from the end.
    static int dim(String op, int dim, int rank) {
        int bound = Math.max(1, rank);
        if (dim < -bound || dim >= bound) {
            throw new IllegalArgumentException("[" + op + "] expected a dimension in [" + -bound + ", " + (bound - 1)
                    + "]; got " + dim + " for a tensor of rank " + rank);
        }
        return dim < 0 ? dim + bound : dim;
    }

    /// Marks the given dimensions; none given means all.
    static boolean[] dims(String op, int[] dims, int rank) {
        boolean[] marked = new boolean[rank];
        if (dims.length == 0) {
            Arrays.fill(marked, true);
        }
        for (int d : dims) {
            int i = dim(op, d, rank);
            if (rank > 0) {
                if (marked[i]) {
                    throw new IllegalArgumentException(
                            "[" + op + "] expected distinct dimensions; got " + Arrays.toString(dims));
                }
                marked[i] = true;
            }
        }
        return marked;
    }

    /// Fills in the one size given as -1.
    static long[] infer(String op, long[] sizes, long count) {
        long[] out = sizes.clone();
        int open = -1;
        long known = 1;
        for (int i = 0; i < out.length; i++) {
            if (out[i] == -1 && open < 0) {
                open = i;
            } else if (out[i] < 0) {
                throw new IllegalArgumentException(
                        "[" + op + "] expected sizes of at least 0 and at most one -1; got " + Arrays.toString(sizes));
            } else {
                known *= out[i];
            }
        }
        if (open >= 0 && known != 0 && count % known == 0) {
            out[open] = count / known;
        }
        if (open >= 0 ? out[open] < 0 : known != count) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected a shape of " + count + " elements; got " + Arrays.toString(sizes));
        }
        return out;
    }

    /// Strides of a view of the same elements in another shape, or an empty array when only a copy can do it.
    static long[] viewStrides(long[] shape, long[] strides, long[] target) {
        if (count(shape) == 0 || isDense(shape, strides)) {
            return denseStrides(target);
        }
        long[] out = new long[target.length];
        int t = target.length - 1;
        int s = shape.length - 1;
        while (s >= 0) {
            // A run of source dimensions that lie in memory as one.
            long base = strides[s];
            long run = shape[s];
            while (s > 0 && (shape[s - 1] == 1 || strides[s - 1] == base * run)) {
                s--;
                run *= shape[s];
            }
            s--;
            long step = base;
            long covered = 1;
            while (t >= 0 && (covered < run || target[t] == 1)) {
                out[t] = step;
                step *= target[t];
                covered *= target[t];
                t--;
            }
            if (covered != run) {
                return new long[0];
            }
        }
        return out;
    }
}
