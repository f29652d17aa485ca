package io.torrefy.tensor.internal.cpu;

import jdk.incubator.vector.FloatVector;

/// Register tiles of `C = A B` and `C += A B` for eight rows of C and one to three vectors of columns, where the
/// eight rows of A lie one after another and are read along the rows: `C[r][i] = sum_k A[r][k] B[k][i]`. All
/// arguments after an array are its offset and its row stride. The sum over k runs in order, one fused multiply-add a
/// step, so an element does not depend on the tile it is computed in.
///
/// The accumulators are local variables and start from a zero made inside the method: a constant from a static field
/// would come boxed, and C2 would box every accumulator with it (40 times slower).
final class AttentionRowTiles {
    /// Rows of a tile.
    static final int ROWS = 8;

    private static final int L = Mem.FS.length();

    private AttentionRowTiles() {}

    /// Whether a tile of three vectors comes next: always, but four vectors left are better cut in two and two.
    static boolean takes3(int left) {
        return left == 3 || left >= 5;
    }

    /// `C = A B` over `vectors` vectors of columns.
    static void set(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc, int vectors) {
        int v = 0;
        for (; takes3(vectors - v); v += 3) {
            set3(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc);
        }
        for (; vectors - v >= 2; v += 2) {
            set2(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc);
        }
        if (vectors > v) {
            set1(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc);
        }
    }

    /// `C += A B` over `vectors` vectors of columns.
    static void add(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc, int vectors) {
        int v = 0;
        for (; takes3(vectors - v); v += 3) {
            add3(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc);
        }
        for (; vectors - v >= 2; v += 2) {
            add2(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc);
        }
        if (vectors > v) {
            add1(a, ao, lda, b, bo + v * L, ldb, n, c, co + v * L, ldc);
        }
    }

    private static void set3(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc) {
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
        int a1 = ao + lda;
        int a2 = ao + 2 * lda;
        int a3 = ao + 3 * lda;
        int a4 = ao + 4 * lda;
        int a5 = ao + 5 * lda;
        int a6 = ao + 6 * lda;
        int a7 = ao + 7 * lda;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector b1 = FloatVector.fromArray(Mem.FS, b, i + L);
            FloatVector b2 = FloatVector.fromArray(Mem.FS, b, i + 2 * L);
            FloatVector x = FloatVector.broadcast(Mem.FS, a[ao + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            x = FloatVector.broadcast(Mem.FS, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
            x = FloatVector.broadcast(Mem.FS, a[a2 + k]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            c22 = x.fma(b2, c22);
            x = FloatVector.broadcast(Mem.FS, a[a3 + k]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            c32 = x.fma(b2, c32);
            x = FloatVector.broadcast(Mem.FS, a[a4 + k]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            c42 = x.fma(b2, c42);
            x = FloatVector.broadcast(Mem.FS, a[a5 + k]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            c52 = x.fma(b2, c52);
            x = FloatVector.broadcast(Mem.FS, a[a6 + k]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            c62 = x.fma(b2, c62);
            x = FloatVector.broadcast(Mem.FS, a[a7 + k]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            c72 = x.fma(b2, c72);
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c02.intoArray(c, co + 2 * L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c12.intoArray(c, co + ldc + 2 * L);
        c20.intoArray(c, co + 2 * ldc);
        c21.intoArray(c, co + 2 * ldc + L);
        c22.intoArray(c, co + 2 * ldc + 2 * L);
        c30.intoArray(c, co + 3 * ldc);
        c31.intoArray(c, co + 3 * ldc + L);
        c32.intoArray(c, co + 3 * ldc + 2 * L);
        c40.intoArray(c, co + 4 * ldc);
        c41.intoArray(c, co + 4 * ldc + L);
        c42.intoArray(c, co + 4 * ldc + 2 * L);
        c50.intoArray(c, co + 5 * ldc);
        c51.intoArray(c, co + 5 * ldc + L);
        c52.intoArray(c, co + 5 * ldc + 2 * L);
        c60.intoArray(c, co + 6 * ldc);
        c61.intoArray(c, co + 6 * ldc + L);
        c62.intoArray(c, co + 6 * ldc + 2 * L);
        c70.intoArray(c, co + 7 * ldc);
        c71.intoArray(c, co + 7 * ldc + L);
        c72.intoArray(c, co + 7 * ldc + 2 * L);
    }

    private static void set2(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc) {
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
        int a1 = ao + lda;
        int a2 = ao + 2 * lda;
        int a3 = ao + 3 * lda;
        int a4 = ao + 4 * lda;
        int a5 = ao + 5 * lda;
        int a6 = ao + 6 * lda;
        int a7 = ao + 7 * lda;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector b1 = FloatVector.fromArray(Mem.FS, b, i + L);
            FloatVector x = FloatVector.broadcast(Mem.FS, a[ao + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(Mem.FS, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(Mem.FS, a[a2 + k]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(Mem.FS, a[a3 + k]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(Mem.FS, a[a4 + k]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(Mem.FS, a[a5 + k]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(Mem.FS, a[a6 + k]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(Mem.FS, a[a7 + k]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
        }
        c00.intoArray(c, co);
        c01.intoArray(c, co + L);
        c10.intoArray(c, co + ldc);
        c11.intoArray(c, co + ldc + L);
        c20.intoArray(c, co + 2 * ldc);
        c21.intoArray(c, co + 2 * ldc + L);
        c30.intoArray(c, co + 3 * ldc);
        c31.intoArray(c, co + 3 * ldc + L);
        c40.intoArray(c, co + 4 * ldc);
        c41.intoArray(c, co + 4 * ldc + L);
        c50.intoArray(c, co + 5 * ldc);
        c51.intoArray(c, co + 5 * ldc + L);
        c60.intoArray(c, co + 6 * ldc);
        c61.intoArray(c, co + 6 * ldc + L);
        c70.intoArray(c, co + 7 * ldc);
        c71.intoArray(c, co + 7 * ldc + L);
    }

    private static void set1(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        FloatVector c00 = zero;
        FloatVector c10 = zero;
        FloatVector c20 = zero;
        FloatVector c30 = zero;
        FloatVector c40 = zero;
        FloatVector c50 = zero;
        FloatVector c60 = zero;
        FloatVector c70 = zero;
        int a1 = ao + lda;
        int a2 = ao + 2 * lda;
        int a3 = ao + 3 * lda;
        int a4 = ao + 4 * lda;
        int a5 = ao + 5 * lda;
        int a6 = ao + 6 * lda;
        int a7 = ao + 7 * lda;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector x = FloatVector.broadcast(Mem.FS, a[ao + k]);
            c00 = x.fma(b0, c00);
            x = FloatVector.broadcast(Mem.FS, a[a1 + k]);
            c10 = x.fma(b0, c10);
            x = FloatVector.broadcast(Mem.FS, a[a2 + k]);
            c20 = x.fma(b0, c20);
            x = FloatVector.broadcast(Mem.FS, a[a3 + k]);
            c30 = x.fma(b0, c30);
            x = FloatVector.broadcast(Mem.FS, a[a4 + k]);
            c40 = x.fma(b0, c40);
            x = FloatVector.broadcast(Mem.FS, a[a5 + k]);
            c50 = x.fma(b0, c50);
            x = FloatVector.broadcast(Mem.FS, a[a6 + k]);
            c60 = x.fma(b0, c60);
            x = FloatVector.broadcast(Mem.FS, a[a7 + k]);
            c70 = x.fma(b0, c70);
        }
        c00.intoArray(c, co);
        c10.intoArray(c, co + ldc);
        c20.intoArray(c, co + 2 * ldc);
        c30.intoArray(c, co + 3 * ldc);
        c40.intoArray(c, co + 4 * ldc);
        c50.intoArray(c, co + 5 * ldc);
        c60.intoArray(c, co + 6 * ldc);
        c70.intoArray(c, co + 7 * ldc);
    }

    private static void add3(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc) {
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
        int a1 = ao + lda;
        int a2 = ao + 2 * lda;
        int a3 = ao + 3 * lda;
        int a4 = ao + 4 * lda;
        int a5 = ao + 5 * lda;
        int a6 = ao + 6 * lda;
        int a7 = ao + 7 * lda;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector b1 = FloatVector.fromArray(Mem.FS, b, i + L);
            FloatVector b2 = FloatVector.fromArray(Mem.FS, b, i + 2 * L);
            FloatVector x = FloatVector.broadcast(Mem.FS, a[ao + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            x = FloatVector.broadcast(Mem.FS, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
            x = FloatVector.broadcast(Mem.FS, a[a2 + k]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            c22 = x.fma(b2, c22);
            x = FloatVector.broadcast(Mem.FS, a[a3 + k]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            c32 = x.fma(b2, c32);
            x = FloatVector.broadcast(Mem.FS, a[a4 + k]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            c42 = x.fma(b2, c42);
            x = FloatVector.broadcast(Mem.FS, a[a5 + k]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            c52 = x.fma(b2, c52);
            x = FloatVector.broadcast(Mem.FS, a[a6 + k]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            c62 = x.fma(b2, c62);
            x = FloatVector.broadcast(Mem.FS, a[a7 + k]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            c72 = x.fma(b2, c72);
        }
        FloatVector.fromArray(Mem.FS, c, co).add(c00).intoArray(c, co);
        FloatVector.fromArray(Mem.FS, c, co + L).add(c01).intoArray(c, co + L);
        FloatVector.fromArray(Mem.FS, c, co + 2 * L).add(c02).intoArray(c, co + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + ldc).add(c10).intoArray(c, co + ldc);
        FloatVector.fromArray(Mem.FS, c, co + ldc + L).add(c11).intoArray(c, co + ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + ldc + 2 * L).add(c12).intoArray(c, co + ldc + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc).add(c20).intoArray(c, co + 2 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc + L).add(c21).intoArray(c, co + 2 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc + 2 * L).add(c22).intoArray(c, co + 2 * ldc + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc).add(c30).intoArray(c, co + 3 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc + L).add(c31).intoArray(c, co + 3 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc + 2 * L).add(c32).intoArray(c, co + 3 * ldc + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc).add(c40).intoArray(c, co + 4 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc + L).add(c41).intoArray(c, co + 4 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc + 2 * L).add(c42).intoArray(c, co + 4 * ldc + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc).add(c50).intoArray(c, co + 5 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc + L).add(c51).intoArray(c, co + 5 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc + 2 * L).add(c52).intoArray(c, co + 5 * ldc + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc).add(c60).intoArray(c, co + 6 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc + L).add(c61).intoArray(c, co + 6 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc + 2 * L).add(c62).intoArray(c, co + 6 * ldc + 2 * L);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc).add(c70).intoArray(c, co + 7 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc + L).add(c71).intoArray(c, co + 7 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc + 2 * L).add(c72).intoArray(c, co + 7 * ldc + 2 * L);
    }

    private static void add2(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc) {
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
        int a1 = ao + lda;
        int a2 = ao + 2 * lda;
        int a3 = ao + 3 * lda;
        int a4 = ao + 4 * lda;
        int a5 = ao + 5 * lda;
        int a6 = ao + 6 * lda;
        int a7 = ao + 7 * lda;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector b1 = FloatVector.fromArray(Mem.FS, b, i + L);
            FloatVector x = FloatVector.broadcast(Mem.FS, a[ao + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(Mem.FS, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(Mem.FS, a[a2 + k]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(Mem.FS, a[a3 + k]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(Mem.FS, a[a4 + k]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(Mem.FS, a[a5 + k]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(Mem.FS, a[a6 + k]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(Mem.FS, a[a7 + k]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
        }
        FloatVector.fromArray(Mem.FS, c, co).add(c00).intoArray(c, co);
        FloatVector.fromArray(Mem.FS, c, co + L).add(c01).intoArray(c, co + L);
        FloatVector.fromArray(Mem.FS, c, co + ldc).add(c10).intoArray(c, co + ldc);
        FloatVector.fromArray(Mem.FS, c, co + ldc + L).add(c11).intoArray(c, co + ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc).add(c20).intoArray(c, co + 2 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc + L).add(c21).intoArray(c, co + 2 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc).add(c30).intoArray(c, co + 3 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc + L).add(c31).intoArray(c, co + 3 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc).add(c40).intoArray(c, co + 4 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc + L).add(c41).intoArray(c, co + 4 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc).add(c50).intoArray(c, co + 5 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc + L).add(c51).intoArray(c, co + 5 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc).add(c60).intoArray(c, co + 6 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc + L).add(c61).intoArray(c, co + 6 * ldc + L);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc).add(c70).intoArray(c, co + 7 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc + L).add(c71).intoArray(c, co + 7 * ldc + L);
    }

    private static void add1(
            float[] a, int ao, int lda, float[] b, int bo, int ldb, int n, float[] c, int co, int ldc) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        FloatVector c00 = zero;
        FloatVector c10 = zero;
        FloatVector c20 = zero;
        FloatVector c30 = zero;
        FloatVector c40 = zero;
        FloatVector c50 = zero;
        FloatVector c60 = zero;
        FloatVector c70 = zero;
        int a1 = ao + lda;
        int a2 = ao + 2 * lda;
        int a3 = ao + 3 * lda;
        int a4 = ao + 4 * lda;
        int a5 = ao + 5 * lda;
        int a6 = ao + 6 * lda;
        int a7 = ao + 7 * lda;
        for (int k = 0; k < n; k++) {
            int i = bo + k * ldb;
            FloatVector b0 = FloatVector.fromArray(Mem.FS, b, i);
            FloatVector x = FloatVector.broadcast(Mem.FS, a[ao + k]);
            c00 = x.fma(b0, c00);
            x = FloatVector.broadcast(Mem.FS, a[a1 + k]);
            c10 = x.fma(b0, c10);
            x = FloatVector.broadcast(Mem.FS, a[a2 + k]);
            c20 = x.fma(b0, c20);
            x = FloatVector.broadcast(Mem.FS, a[a3 + k]);
            c30 = x.fma(b0, c30);
            x = FloatVector.broadcast(Mem.FS, a[a4 + k]);
            c40 = x.fma(b0, c40);
            x = FloatVector.broadcast(Mem.FS, a[a5 + k]);
            c50 = x.fma(b0, c50);
            x = FloatVector.broadcast(Mem.FS, a[a6 + k]);
            c60 = x.fma(b0, c60);
            x = FloatVector.broadcast(Mem.FS, a[a7 + k]);
            c70 = x.fma(b0, c70);
        }
        FloatVector.fromArray(Mem.FS, c, co).add(c00).intoArray(c, co);
        FloatVector.fromArray(Mem.FS, c, co + ldc).add(c10).intoArray(c, co + ldc);
        FloatVector.fromArray(Mem.FS, c, co + 2 * ldc).add(c20).intoArray(c, co + 2 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 3 * ldc).add(c30).intoArray(c, co + 3 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 4 * ldc).add(c40).intoArray(c, co + 4 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 5 * ldc).add(c50).intoArray(c, co + 5 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 6 * ldc).add(c60).intoArray(c, co + 6 * ldc);
        FloatVector.fromArray(Mem.FS, c, co + 7 * ldc).add(c70).intoArray(c, co + 7 * ldc);
    }
}
