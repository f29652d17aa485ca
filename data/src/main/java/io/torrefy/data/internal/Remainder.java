package io.torrefy.data.internal;

/// Remainders of unsigned numbers by one divisor, without a division each: `h * floor(2^64 / n) / 2^64` is the quotient
/// or one less (Barrett, 1986).
///
/// @param n the divisor, at least 1
/// @param reciprocal `floor((2^64 - 1) / n)`
public record Remainder(long n, long reciprocal) {
    /// By `n`.
    public static Remainder by(long n) {
        return new Remainder(n, Long.divideUnsigned(-1, n));
    }

    /// `h` modulo the divisor, both unsigned.
    public long of(long h) {
        long rest = h - Math.unsignedMultiplyHigh(h, reciprocal) * n;
        // At most 2 n - 1, which is still no negative number.
        return rest >= n ? rest - n : rest;
    }
}
