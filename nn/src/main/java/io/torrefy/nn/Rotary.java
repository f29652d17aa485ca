package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;

/// Rotary position embedding (Su et al. 2021): tables of cos and sin for the angles `position * theta^(-2k/dim)`, made
/// in double. The tables grow when a longer sequence comes.
@Export(value = "nn.Rotary", since = "0.1")
public final class Rotary implements AutoCloseable {
    private final int dim;
    private final double theta;
    private Tensor cos;
    private Tensor sin;

    private Rotary(int dim, double theta) {
        this.dim = dim;
        this.theta = theta;
        this.cos = Tensor.zeros(0, dim / 2).keep();
        this.sin = Tensor.zeros(0, dim / 2).keep();
    }

    /// For heads of `dim` (even) dimensions.
    public static Rotary of(int dim, double theta) {
        if (dim % 2 != 0) {
            throw new IllegalArgumentException("[rotary] expected an even head dimension; got " + dim);
        }
        return new Rotary(dim, theta);
    }

    /// Rotates x (tokens, heads, dim) in the half layout of Llama and Qwen.
    ///
    /// @param positions (tokens), I64
    /// @param limit a bound above every position
    public synchronized Tensor rotate(Tensor x, Tensor positions, int limit) {
        Tables t = tables(limit);
        return Functional.rope(x, t.cos, t.sin, positions, false);
    }

    /// Cosines and sines (positions, dim / 2).
    public record Tables(Tensor cos, Tensor sin) {}

    /// Tables of at least `limit` positions. They stay valid for those who hold them when larger ones are made.
    public synchronized Tables tables(int limit) {
        if (cos.size(0) < limit) {
            grow(Math.max(256, Integer.highestOneBit(limit - 1) * 2));
        }
        return new Tables(cos, sin);
    }

    private void grow(int length) {
        // As the reference does: inverse frequencies and angles rounded to f32, then their cosine.
        float[] c = new float[length * dim / 2];
        float[] s = new float[c.length];
        for (int k = 0; k < dim / 2; k++) {
            float frequency = (float) (1 / Math.pow(theta, 2.0 * k / dim));
            for (int p = 0; p < length; p++) {
                float angle = p * frequency;
                c[p * (dim / 2) + k] = (float) Math.cos(angle);
                s[p * (dim / 2) + k] = (float) Math.sin(angle);
            }
        }
        if (cos.size(0) == 0) {
            close(); // Larger ones may be in the graph of a backward pass to come.
        }
        try (Scope _ = Scope.open()) {
            cos = Tensor.of(c, length, dim / 2).to(DType.F32).keep();
            sin = Tensor.of(s, length, dim / 2).to(DType.F32).keep();
        }
    }

    /// Frees the tables.
    @Override
    public synchronized void close() {
        cos.close();
        sin.close();
    }
}
