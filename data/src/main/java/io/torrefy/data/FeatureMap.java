package io.torrefy.data;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/// A `map<string, V>` of the wire format with the unknown fields beside it: `tf.train.Features` and
/// `tf.train.FeatureLists`. Keys are sorted by their bytes, as protobuf's deterministic writers sort them.
///
/// @param present whether the message was there at all; an empty one is not the same as none
record FeatureMap<V>(boolean present, Map<String, V> entries, byte[] unknown) {
    /// By the bytes of UTF-8, which is by code points; `String.compareTo` puts surrogates before U+E000.
    static final Comparator<String> BY_BYTES = FeatureMap::compare;

    static <V> FeatureMap<V> of(Map<String, V> entries) {
        var sorted = new TreeMap<String, V>(BY_BYTES);
        sorted.putAll(entries);
        return new FeatureMap<>(true, Collections.unmodifiableMap(sorted), new byte[0]);
    }

    private static int compare(String a, String b) {
        int n = Math.min(a.length(), b.length());
        for (int i = 0; i < n; i++) {
            char c = a.charAt(i);
            char d = b.charAt(i);
            if (c != d) {
                return Integer.compare(rank(c), rank(d));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    private static int rank(char c) {
        return Character.isSurrogate(c) ? c + 0x10000 : c;
    }

    /// Gathers the entries of one or several such messages: later keys replace earlier ones.
    static final class Reader<V> {
        private final Function<Wire, V> value;
        private final TreeMap<String, V> entries = new TreeMap<>(BY_BYTES);
        private final UnknownFields unknown = new UnknownFields();
        private boolean present;

        Reader(Function<Wire, V> value) {
            this.value = value;
        }

        /// Reads the length-delimited message at the wire.
        void read(Wire wire) {
            present = true;
            int outer = wire.limit;
            wire.limit = wire.length() + wire.at;
            while (wire.more()) {
                int tag = wire.tag();
                if (tag == (1 << 3 | Wire.BYTES)) {
                    readEntry(wire);
                } else {
                    unknown.field(wire, tag);
                }
            }
            wire.limit = outer;
        }

        private void readEntry(Wire wire) {
            int outer = wire.limit;
            wire.limit = wire.length() + wire.at;
            String key = "";
            int valueAt = wire.at;
            int valueEnd = wire.at;
            while (wire.more()) {
                int tag = wire.tag();
                if (tag == (1 << 3 | Wire.BYTES)) {
                    int length = wire.length();
                    key = text(wire, length);
                    wire.at += length;
                } else if (tag == (2 << 3 | Wire.BYTES)) {
                    int length = wire.length();
                    valueAt = wire.at;
                    wire.at += length;
                    valueEnd = wire.at;
                } else {
                    wire.skip(tag);
                }
            }
            int end = wire.at;
            wire.at = valueAt;
            wire.limit = valueEnd;
            entries.put(key, value.apply(wire));
            wire.at = end;
            wire.limit = outer;
        }

        private static String text(Wire wire, int length) {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(wire.bytes, wire.at, length))
                        .toString();
            } catch (CharacterCodingException _) {
                throw wire.broken("a key in UTF-8", "other bytes");
            }
        }

        FeatureMap<V> result() {
            return new FeatureMap<>(present, Collections.unmodifiableMap(entries), unknown.bytes());
        }
    }

    /// Writes the message as `field` of `parent`, if it was present.
    void write(Proto parent, int field, Function<V, Proto> value) {
        if (present) {
            Proto map = new Proto();
            entries.forEach((key, v) -> map.message(1, new Proto().text(1, key).message(2, value.apply(v))));
            parent.message(field, map.raw(unknown));
        }
    }
}
