package io.torrefy.data;

import io.torrefy.export.Export;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// A run of values of one of the three kinds that tf.Example knows.
@Export(value = "data.FeatureValues", since = "0.1")
public sealed interface FeatureValues {
    /// How many values there are.
    int size();

    /// Single-precision numbers.
    record Floats(float[] array) implements FeatureValues {
        @Override
        public int size() {
            return array.length;
        }
    }

    /// 64-bit integers.
    record Longs(long[] array) implements FeatureValues {
        @Override
        public int size() {
            return array.length;
        }
    }

    /// Byte strings one after the other: string `i` lies at `offsets[i]` to `offsets[i + 1]` of `bytes`. They are
    /// text in UTF-8 by convention only.
    record Strings(byte[] bytes, int[] offsets) implements FeatureValues {
        /// Strings in UTF-8.
        public static Strings of(List<String> texts) {
            var offsets = new int[texts.size() + 1];
            var all = new byte[texts.size()][];
            for (int i = 0; i < all.length; i++) {
                all[i] = texts.get(i).getBytes(StandardCharsets.UTF_8);
                offsets[i + 1] = Math.addExact(offsets[i], all[i].length);
            }
            var bytes = new byte[offsets[all.length]];
            for (int i = 0; i < all.length; i++) {
                System.arraycopy(all[i], 0, bytes, offsets[i], all[i].length);
            }
            return new Strings(bytes, offsets);
        }

        @Override
        public int size() {
            return offsets.length - 1;
        }

        /// The bytes of string `i`, copied.
        public byte[] get(int i) {
            return Arrays.copyOfRange(bytes, offsets[i], offsets[i + 1]);
        }

        /// String `i` as text.
        public String text(int i) {
            return new String(bytes, offsets[i], offsets[i + 1] - offsets[i], StandardCharsets.UTF_8);
        }
    }
}
