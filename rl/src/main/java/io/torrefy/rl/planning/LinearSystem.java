package io.torrefy.rl.planning;

/// Gaussian elimination with partial pivoting.
final class LinearSystem {
    private LinearSystem() {}

    /// x with `matrix x = right`. Overwrites both.
    ///
    /// @throws IllegalArgumentException if the matrix is singular as far as doubles can tell
    static double[] solve(double[][] matrix, double[] right) {
        int n = right.length;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) {
                    pivot = row;
                }
            }
            if (!(Math.abs(matrix[pivot][column]) > 1e-13)) {
                throw new IllegalArgumentException(
                        "[bellman] expected equations with one solution; got dependent ones at" + " state " + column
                                + ". Hint: the long run must not depend on where it begins.");
            }
            swap(matrix, right, pivot, column);
            double[] top = matrix[column];
            for (int row = column + 1; row < n; row++) {
                double factor = matrix[row][column] / top[column];
                if (factor != 0) {
                    double[] line = matrix[row];
                    for (int i = column; i < n; i++) {
                        line[i] -= factor * top[i];
                    }
                    right[row] -= factor * right[column];
                }
            }
        }
        for (int row = n - 1; row >= 0; row--) {
            double sum = right[row];
            for (int i = row + 1; i < n; i++) {
                sum -= matrix[row][i] * right[i];
            }
            right[row] = sum / matrix[row][row];
        }
        return right;
    }

    private static void swap(double[][] matrix, double[] right, int a, int b) {
        double[] row = matrix[a];
        matrix[a] = matrix[b];
        matrix[b] = row;
        double value = right[a];
        right[a] = right[b];
        right[b] = value;
    }
}
