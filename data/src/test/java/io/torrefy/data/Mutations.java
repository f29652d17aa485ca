package io.torrefy.data;

import io.torrefy.tensor.Rng;
import java.util.Arrays;

/// Damage by a seed: flipped bits, bytes replaced, cut off, left out or doubled.
final class Mutations {
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

    private static int at(int seed, int position, int bound) {
        return (int) (Rng.uniformAt(seed, 99, position) * bound);
    }
}
