package io.torrefy.data;

import io.torrefy.tensor.Rng;
import java.io.ByteArrayOutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Damage by a seed: flipped bits, bytes replaced, cut off, left out or doubled.
final class Mutations {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Mutations() {}

    /// Every second one is a single flipped bit.
    static byte[] of(byte[] whole, int seed) {
        byte[] bytes = whole.clone();
        if (seed % 2 == 0) {
            int bit = at(seed, 0, 8 * bytes.length);
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            return bytes;
        }
        int steps = 1 + at(seed, 0, 3);
        for (int i = 0; i < steps && bytes.length > 0; i++) {
            bytes = step(bytes, seed, 8 * i + 1);
        }
        return bytes;
    }

    private static byte[] step(byte[] bytes, int seed, int position) {
        int place = at(seed, position, bytes.length);
        int length = Math.min(bytes.length - place, 1 + at(seed, position + 1, 40));
        switch (at(seed, position + 2, 5)) {
            case 0 -> bytes[place] ^= (byte) (1 << at(seed, position + 3, 8));
            case 1 -> bytes[place] = (byte) at(seed, position + 3, 256);
            case 2 -> {
                return Arrays.copyOf(bytes, place);
            }
            case 3 -> {
                byte[] shorter = Arrays.copyOf(bytes, bytes.length - length);
                System.arraycopy(bytes, place + length, shorter, place, shorter.length - place);
                return shorter;
            }
            default -> {
                byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
                System.arraycopy(bytes, place, longer, place + length, bytes.length - place);
                return longer;
            }
        }
        return bytes;
    }

    /// Numbers where a size that is believed does harm: near powers of two, and none, and less than none.
    private static final long[] CLAIMS = {
        0,
        1,
        63,
        128,
        1 << 20,
        1 << 24,
        1 << 28,
        1 << 30,
        (1L << 31) - 2,
        (1L << 31) - 1,
        1L << 31,
        (1L << 32) - 1,
        1L << 33,
        1L << 40,
        Long.MAX_VALUE,
        -1,
        -2
    };

    /// A number of [#CLAIMS] somewhere in a Parquet file, as Thrift or as four bytes have it, in the place of as
    /// many bytes or of one. The footer keeps its end: half of them are in it.
    static byte[] claim(byte[] whole, int seed) {
        int tail = 2 * Integer.BYTES;
        int size = (int) INT.get(whole, whole.length - tail);
        int start = whole.length - tail - size;
        int at = at(seed, 0, 2) == 0 ? start + at(seed, 1, size) : at(seed, 1, start);
        byte[] claim = number(CLAIMS[at(seed, 2, CLAIMS.length)], at(seed, 3, 4) == 0);
        int from = Math.min(whole.length - tail, at + (at(seed, 4, 2) == 0 ? claim.length : 1));
        byte[] bytes = new byte[at + claim.length + whole.length - from];
        System.arraycopy(whole, 0, bytes, 0, at);
        System.arraycopy(claim, 0, bytes, at, claim.length);
        System.arraycopy(whole, from, bytes, at + claim.length, whole.length - from);
        if (at >= start) {
            INT.set(bytes, bytes.length - tail, size + bytes.length - whole.length);
        }
        return bytes;
    }

    private static byte[] number(long value, boolean four) {
        if (four) {
            byte[] bytes = new byte[Integer.BYTES];
            INT.set(bytes, 0, (int) value);
            return bytes;
        }
        var bytes = new ByteArrayOutputStream();
        CompactThrift.writeVarint(bytes, value);
        return bytes.toByteArray();
    }

    private static int at(int seed, int position, int bound) {
        return (int) (Rng.uniformAt(seed, 99, position) * bound);
    }
}
