package io.torrefy.tensor.internal.cpu;

import jdk.incubator.vector.FloatVector;

/// Register tiles of `C = diag(s) C + A B` for eight rows of C and one to three vectors of columns, where A is stored
/// by columns: `C[r][i] = s[r] C[r][i] + sum_k A[k][r] B[k][i]`. The scores of attention lie so (rows are keys, lanes
/// are queries), and the factor s rescales an output of the online softmax as it is read.
///
/// See `AttentionRowTiles` for the form of the code.
final class AttentionColumnTiles {
    private static final int L = Mem.FS.length();

    private AttentionColumnTiles() {}

    /// `C = diag(s) C + A B` over `vectors` vectors of columns.
    static void add(
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            int n,
            float[] c,
            int co,
            int ldc,
            float[] s,
            int so,
            int vectors) {
        int v = 0;
        for (; AttentionRowTiles.takes3(vectors - v); v += 3) {
            add3(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc, s, so);
        }
        for (; vectors - v >= 2; v += 2) {
            add2(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc, s, so);
        }
        if (vectors > v) {
            add1(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc, s, so);
        }
    }

    private static void add3(
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            int n,
            float[] c,
            int co,
            int ldc,
            float[] s,
            int so) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c02 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c12 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c22 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c32 = zero;
        FloatVector c40 = zero;
        FloatVector c41 = zero;
        FloatVector c42 = zero;
        FloatVector c50 = zero;
        FloatVector c51 = zero;
        FloatVector c52 = zero;
        FloatVector c60 = zero;
        FloatVector c61 = zero;
        FloatVector c62 = zero;
        FloatVector c70 = zero;
        FloatVector c71 = zero;
        FloatVector c72 = zero;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector b1 = FloatVector.fromArray(Mem.FS, b, i + L);
            FloatVector b2 = FloatVector.fromArray(Mem.FS, b, i + 2 * L);
            int j = ao + k * lda;
            FloatVector x = FloatVector.broadcast(Mem.FS, a[j]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            x = FloatVector.broadcast(Mem.FS, a[j + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
            x = FloatVector.broadcast(Mem.FS, a[j + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            c22 = x.fma(b2, c22);
            x = FloatVector.broadcast(Mem.FS, a[j + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            c32 = x.fma(b2, c32);
            x = FloatVector.broadcast(Mem.FS, a[j + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            c42 = x.fma(b2, c42);
            x = FloatVector.broadcast(Mem.FS, a[j + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            c52 = x.fma(b2, c52);
            x = FloatVector.broadcast(Mem.FS, a[j + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            c62 = x.fma(b2, c62);
            x = FloatVector.broadcast(Mem.FS, a[j + 7]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            c72 = x.fma(b2, c72);
        }
        FloatVector y = FloatVector.broadcast(Mem.FS, s[so]);
        FloatVector.fromArray(Mem.FS, c, co).fma(y, c00).intoArray(c, co);
        FloatVector.fromArray(Mem.FS, c, co + L).fma(y, c01).intoArray(c, co + L);
        FloatVector.fromArray(Mem.FS, c, co + 2 * L).fma(y, c02).intoArray(c, co + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 1]);
        FloatVector.fromArray(Mem.FS, c, co + ldc).fma(y, c10).intoArray(c, co + ldc);
        FloatVector.fromArray(Mem.FS, c, co + ldc + L).fma(y, c11).intoArray(c, co + ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + ldc + 2 * L).fma(y, c12).intoArray(c, co + ldc + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 2]);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc).fma(y, c20).intoArray(c, co + 2 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc + L).fma(y, c21).intoArray(c, co + 2 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc + 2 * L).fma(y, c22).intoArray(c, co + 2 * ldc + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 3]);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc).fma(y, c30).intoArray(c, co + 3 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc + L).fma(y, c31).intoArray(c, co + 3 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc + 2 * L).fma(y, c32).intoArray(c, co + 3 * ldc + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 4]);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc).fma(y, c40).intoArray(c, co + 4 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc + L).fma(y, c41).intoArray(c, co + 4 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc + 2 * L).fma(y, c42).intoArray(c, co + 4 * ldc + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 5]);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc).fma(y, c50).intoArray(c, co + 5 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc + L).fma(y, c51).intoArray(c, co + 5 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc + 2 * L).fma(y, c52).intoArray(c, co + 5 * ldc + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 6]);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc).fma(y, c60).intoArray(c, co + 6 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc + L).fma(y, c61).intoArray(c, co + 6 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc + 2 * L).fma(y, c62).intoArray(c, co + 6 * ldc + 2 * L);
        y = FloatVector.broadcast(Mem.FS, s[so + 7]);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc).fma(y, c70).intoArray(c, co + 7 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc + L).fma(y, c71).intoArray(c, co + 7 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc + 2 * L).fma(y, c72).intoArray(c, co + 7 * ldc + 2 * L);
    }

    private static void add2(
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            int n,
            float[] c,
            int co,
            int ldc,
            float[] s,
            int so) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c40 = zero;
        FloatVector c41 = zero;
        FloatVector c50 = zero;
        FloatVector c51 = zero;
        FloatVector c60 = zero;
        FloatVector c61 = zero;
        FloatVector c70 = zero;
        FloatVector c71 = zero;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector b1 = FloatVector.fromArray(Mem.FS, b, i + L);
            int j = ao + k * lda;
            FloatVector x = FloatVector.broadcast(Mem.FS, a[j]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(Mem.FS, a[j + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(Mem.FS, a[j + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(Mem.FS, a[j + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(Mem.FS, a[j + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(Mem.FS, a[j + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(Mem.FS, a[j + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(Mem.FS, a[j + 7]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
        }
        FloatVector y = FloatVector.broadcast(Mem.FS, s[so]);
        FloatVector.fromArray(Mem.FS, c, co).fma(y, c00).intoArray(c, co);
        FloatVector.fromArray(Mem.FS, c, co + L).fma(y, c01).intoArray(c, co + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 1]);
        FloatVector.fromArray(Mem.FS, c, co + ldc).fma(y, c10).intoArray(c, co + ldc);
        FloatVector.fromArray(Mem.FS, c, co + ldc + L).fma(y, c11).intoArray(c, co + ldc + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 2]);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc).fma(y, c20).intoArray(c, co + 2 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc + L).fma(y, c21).intoArray(c, co + 2 * ldc + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 3]);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc).fma(y, c30).intoArray(c, co + 3 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc + L).fma(y, c31).intoArray(c, co + 3 * ldc + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 4]);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc).fma(y, c40).intoArray(c, co + 4 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc + L).fma(y, c41).intoArray(c, co + 4 * ldc + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 5]);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc).fma(y, c50).intoArray(c, co + 5 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc + L).fma(y, c51).intoArray(c, co + 5 * ldc + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 6]);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc).fma(y, c60).intoArray(c, co + 6 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc + L).fma(y, c61).intoArray(c, co + 6 * ldc + L);
        y = FloatVector.broadcast(Mem.FS, s[so + 7]);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc).fma(y, c70).intoArray(c, co + 7 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc + L).fma(y, c71).intoArray(c, co + 7 * ldc + L);
    }

    private static void add1(
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            int n,
            float[] c,
            int co,
            int ldc,
            float[] s,
            int so) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        FloatVector c00 = zero;
        FloatVector c10 = zero;
        FloatVector c20 = zero;
        FloatVector c30 = zero;
        FloatVector c40 = zero;
        FloatVector c50 = zero;
        FloatVector c60 = zero;
        FloatVector c70 = zero;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            int j = ao + k * lda;
            FloatVector x = FloatVector.broadcast(Mem.FS, a[j]);
            c00 = x.fma(b0, c00);
            x = FloatVector.broadcast(Mem.FS, a[j + 1]);
            c10 = x.fma(b0, c10);
            x = FloatVector.broadcast(Mem.FS, a[j + 2]);
            c20 = x.fma(b0, c20);
            x = FloatVector.broadcast(Mem.FS, a[j + 3]);
            c30 = x.fma(b0, c30);
            x = FloatVector.broadcast(Mem.FS, a[j + 4]);
            c40 = x.fma(b0, c40);
            x = FloatVector.broadcast(Mem.FS, a[j + 5]);
            c50 = x.fma(b0, c50);
            x = FloatVector.broadcast(Mem.FS, a[j + 6]);
            c60 = x.fma(b0, c60);
            x = FloatVector.broadcast(Mem.FS, a[j + 7]);
            c70 = x.fma(b0, c70);
        }
        FloatVector y = FloatVector.broadcast(Mem.FS, s[so]);
        FloatVector.fromArray(Mem.FS, c, co).fma(y, c00).intoArray(c, co);
        y = FloatVector.broadcast(Mem.FS, s[so + 1]);
        FloatVector.fromArray(Mem.FS, c, co + ldc).fma(y, c10).intoArray(c, co + ldc);
        y = FloatVector.broadcast(Mem.FS, s[so + 2]);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc).fma(y, c20).intoArray(c, co + 2 * ldc);
        y = FloatVector.broadcast(Mem.FS, s[so + 3]);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc).fma(y, c30).intoArray(c, co + 3 * ldc);
        y = FloatVector.broadcast(Mem.FS, s[so + 4]);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc).fma(y, c40).intoArray(c, co + 4 * ldc);
        y = FloatVector.broadcast(Mem.FS, s[so + 5]);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc).fma(y, c50).intoArray(c, co + 5 * ldc);
        y = FloatVector.broadcast(Mem.FS, s[so + 6]);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc).fma(y, c60).intoArray(c, co + 6 * ldc);
        y = FloatVector.broadcast(Mem.FS, s[so + 7]);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc).fma(y, c70).intoArray(c, co + 7 * ldc);
    }
}
