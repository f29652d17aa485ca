package io.torrefy.data;

import static java.lang.Long.rotateRight;

import io.torrefy.export.Export;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// The 64-bit fingerprint that TensorFlow hashes features with: FarmHash's `farmhashna::Hash64` (Geoff Pike, 2014),
/// and the function that joins two of them into the fingerprint of a cross. A fingerprint never changes between
/// versions or machines, so ids made from it can be stored.
@Export(value = "data.Fingerprint64", since = "0.1")
public final class Fingerprint64 {
    /// The key that a cross starts with where none is given.
    public static final long DEFAULT_CROSS_KEY = 0xDECAFCAFFEL;

    private static final long K0 = 0xc3a5c85c97cb3127L;
    private static final long K1 = 0xb492b66fbe98f273L;
    private static final long K2 = 0x9ae16a3b2f90404fL;
    /// 81 K2 and 81 K1 + 113.
    private static final long SEED_X = 0x1529cba0ca458ffL;

    private static final long SEED_Y = 0x226bb95b4e64b6d4L;
    private static final long CAT = 0xc6a4a7935bd1e995L;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Fingerprint64() {}

    /// The fingerprint of the text in UTF-8.
    public static long of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The fingerprint of all of `s`.
    public static long of(byte[] s) {
        return of(s, 0, s.length);
    }

    /// The fingerprint of `length` bytes of `s` from `offset` on.
    public static long of(byte[] s, int offset, int length) {
        if (length <= 16) {
            return length >= 8 ? upTo16(s, offset, length) : upTo7(s, offset, length);
        }
        if (length <= 32) {
            return upTo32(s, offset, length);
        }
        return length <= 64 ? upTo64(s, offset, length) : longer(s, offset, length);
    }

    /// The fingerprint of a number's decimal digits: what an integer feature hashes to.
    public static long ofDecimal(long value) {
        return ofDecimal(value, new byte[20]);
    }

    /// As `ofDecimal(value)`, with 20 bytes of room for the digits.
    static long ofDecimal(long value, byte[] room) {
        if (value == Long.MIN_VALUE) {
            return of(Long.toString(value));
        }
        int at = room.length;
        long rest = Math.abs(value);
        do {
            long next = rest / 10;
            room[--at] = (byte) ('0' + (rest - next * 10));
            rest = next;
        } while (rest != 0);
        if (value < 0) {
            room[--at] = '-';
        }
        return of(room, at, room.length - at);
    }

    /// The fingerprint of two fingerprints, in this order (`FingerprintCat64`). A cross of several is
    /// `cat(cat(key, first), second)` and so on.
    public static long cat(long a, long b) {
        long r = a ^ CAT;
        r ^= shiftMix(b * CAT) * CAT;
        r *= CAT;
        r = shiftMix(r) * CAT;
        return shiftMix(r);
    }

    /// Which of `buckets` a fingerprint falls into: the remainder of the unsigned number.
    public static long bucket(long fingerprint, long buckets) {
        return Long.remainderUnsigned(fingerprint, buckets);
    }

    private static long upTo7(byte[] s, int at, int n) {
        if (n >= 4) {
            return hash16(n + ((word(s, at) & 0xffffffffL) << 3), word(s, at + n - 4) & 0xffffffffL, K2 + 2L * n);
        }
        if (n == 0) {
            return K2;
        }
        int y = (s[at] & 0xff) + ((s[at + n / 2] & 0xff) << 8);
        int z = n + ((s[at + n - 1] & 0xff) << 2);
        return shiftMix(y * K2 ^ z * K0) * K2;
    }

    private static long upTo16(byte[] s, int at, int n) {
        long m = K2 + 2L * n;
        long a = load(s, at) + K2;
        long b = load(s, at + n - 8);
        return hash16(rotateRight(b, 37) * m + a, (rotateRight(a, 25) + b) * m, m);
    }

    private static long upTo32(byte[] s, int at, int n) {
        long m = K2 + 2L * n;
        long a = load(s, at) * K1;
        long b = load(s, at + 8);
        long c = load(s, at + n - 8) * m;
        long d = load(s, at + n - 16) * K2;
        return hash16(rotateRight(a + b, 43) + rotateRight(c, 30) + d, a + rotateRight(b + K2, 18) + c, m);
    }

    private static long upTo64(byte[] s, int at, int n) {
        long m = K2 + 2L * n;
        long a = load(s, at) * K2;
        long b = load(s, at + 8);
        long c = load(s, at + n - 8) * m;
        long d = load(s, at + n - 16) * K2;
        long y = rotateRight(a + b, 43) + rotateRight(c, 30) + d;
        long z = hash16(y, a + rotateRight(b + K2, 18) + c, m);
        long e = load(s, at + 16) * m;
        long f = load(s, at + 24);
        long g = (y + load(s, at + n - 32)) * m;
        long h = (z + load(s, at + n - 24)) * m;
        return hash16(rotateRight(e + f, 43) + rotateRight(g, 30) + h, e + rotateRight(f + a, 18) + g, m);
    }

    /// Blocks of 64 bytes through a state of seven words; the last block is the last 64 bytes and may overlap.
    private static long longer(byte[] s, int offset, int n) {
        long x = SEED_X + load(s, offset);
        long y = SEED_Y;
        long z = shiftMix(y * K2 + 113) * K2;
        long v0 = 0;
        long v1 = 0;
        long w0 = 0;
        long w1 = 0;
        int last = offset + n - 64;
        int end = offset + (n - 1) / 64 * 64;
        for (int at = offset; ; at += 64) {
            boolean tail = at >= end;
            long m = tail ? K1 + ((z & 255) << 1) : K1;
            if (tail) {
                at = last;
                w0 += (n - 1) & 63;
                v0 += w0;
                w0 += v0;
            }
            long nine = tail ? 9 : 1;
            x = rotateRight(x + y + v0 + load(s, at + 8), 37) * m;
            y = rotateRight(y + v1 + load(s, at + 48), 42) * m;
            x ^= w1 * nine;
            y += v0 * nine + load(s, at + 40);
            z = rotateRight(z + w0, 33) * m;
            long a = v1 * m + load(s, at);
            long b = rotateRight(x + w0 + a + load(s, at + 24), 21);
            long c = a;
            a += load(s, at + 8) + load(s, at + 16);
            v0 = a + load(s, at + 24);
            v1 = b + rotateRight(a, 44) + c;
            a = z + w1 + load(s, at + 32);
            b = rotateRight(y + load(s, at + 16) + a + load(s, at + 56), 21);
            c = a;
            a += load(s, at + 40) + load(s, at + 48);
            w0 = a + load(s, at + 56);
            w1 = b + rotateRight(a, 44) + c;
            long swap = z;
            z = x;
            x = swap;
            if (tail) {
                return hash16(hash16(v0, w0, m) + shiftMix(y) * K0 + z, hash16(v1, w1, m) + x, m);
            }
        }
    }

    private static long hash16(long u, long v, long m) {
        long a = (u ^ v) * m;
        a ^= a >>> 47;
        long b = (v ^ a) * m;
        b ^= b >>> 47;
        return b * m;
    }

    private static long shiftMix(long v) {
        return v ^ (v >>> 47);
    }

    private static long load(byte[] s, int at) {
        return (long) LONGS.get(s, at);
    }

    private static int word(byte[] s, int at) {
        return (int) INTS.get(s, at);
    }
}
