package io.torrefy.data;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The values of a page, one after the other (Apache Parquet, "Encodings"). Nothing is held but the page and what it
/// refers to, and no length is believed that the page does not have.
abstract class ParquetDecoder {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    static final int PLAIN = 0;
    static final int PLAIN_DICTIONARY = 2;
    static final int RLE = 3;
    static final int DELTA_BINARY_PACKED = 5;
    static final int DELTA_LENGTH_BYTE_ARRAY = 6;
    static final int DELTA_BYTE_ARRAY = 7;
    static final int RLE_DICTIONARY = 8;
    static final int BYTE_STREAM_SPLIT = 9;

    /// The next value, as a [Row] holds it.
    abstract Object next();

    /// Whether its values are those of a dictionary, which holds them anyway.
    boolean shares() {
        return false;
    }

    /// The values in the bytes of `data` from `from` to `to`.
    ///
    /// @param dictionary the values that a page may refer to, or what is wrong with them; empty where there are
    ///     none
    static ParquetDecoder of(int encoding, ParquetType type, byte[] data, int from, int to, Object[] dictionary) {
        return switch (encoding) {
            case PLAIN ->
                switch (type.physical()) {
                    case BOOLEAN -> new Bits(data, from, to);
                    case BYTE_ARRAY -> new Prefixed(type, data, from, to);
                    default -> new Fixed(type, data, from, to);
                };
            case RLE -> {
                require(type.physical() == ParquetType.Physical.BOOLEAN, encoding, type);
                int length = length(data, from, to);
                yield new Runs(new ParquetRuns(data, from + Integer.BYTES, from + Integer.BYTES + length, 1));
            }
            case PLAIN_DICTIONARY, RLE_DICTIONARY -> {
                // A page of nulls alone may have no bytes at all.
                int width = from < to ? data[from] & 0xff : 0;
                yield new Places(new ParquetRuns(data, Math.min(from + 1, to), to, width), dictionary);
            }
            case DELTA_BINARY_PACKED -> {
                require(
                        type.physical() == ParquetType.Physical.INT32 || type.physical() == ParquetType.Physical.INT64,
                        encoding,
                        type);
                yield new Wholes(type, data, from, to);
            }
            case DELTA_LENGTH_BYTE_ARRAY -> {
                require(type.physical() == ParquetType.Physical.BYTE_ARRAY, encoding, type);
                yield new Lengths(type, data, from, to);
            }
            case DELTA_BYTE_ARRAY -> {
                require(
                        type.physical() == ParquetType.Physical.BYTE_ARRAY
                                || type.physical() == ParquetType.Physical.FIXED_LEN_BYTE_ARRAY,
                        encoding,
                        type);
                yield new Shared(type, data, from, to);
            }
            case BYTE_STREAM_SPLIT -> {
                require(type.size() > 0 && type.physical() != ParquetType.Physical.INT96, encoding, type);
                yield new Split(type, data, from, to);
            }
            default -> throw new ParquetFault("an encoding of 0, 2, 3 and 5 to 9", String.valueOf(encoding));
        };
    }

    private static void require(boolean sound, int encoding, ParquetType type) {
        ParquetFault.require(sound, "an encoding for " + type.physical(), encoding);
    }

    /// The length of what follows it, all in the page.
    static int length(byte[] data, int from, int to) {
        ParquetFault.require(Integer.BYTES <= to - from, "a length", "the end of the page");
        int length = (int) INT.get(data, from);
        ParquetFault.require(
                length >= 0 && length <= to - from - Integer.BYTES,
                "a length of at most " + (to - from - Integer.BYTES) + " bytes",
                length);
        return length;
    }

    private static Object fixed(ParquetType type, byte[] data, int at) {
        return switch (type.physical()) {
            case INT32 -> type.whole((int) INT.get(data, at));
            case INT64 -> type.whole((long) LONG.get(data, at));
            case FLOAT -> (double) Float.intBitsToFloat((int) INT.get(data, at));
            case DOUBLE -> Double.longBitsToDouble((long) LONG.get(data, at));
            default -> type.bytes(data, at, type.size());
        };
    }

    private static final class Fixed extends ParquetDecoder {
        private final ParquetType type;
        private final byte[] data;
        private final int to;
        private final int size;
        private int at;

        Fixed(ParquetType type, byte[] data, int from, int to) {
            this.type = type;
            this.data = data;
            this.to = to;
            this.at = from;
            this.size = type.size();
        }

        @Override
        Object next() {
            ParquetFault.require(size <= to - at, "a value of " + size + " bytes", "the end of the page");
            at += size;
            return fixed(type, data, at - size);
        }
    }

    private static final class Prefixed extends ParquetDecoder {
        private final ParquetType type;
        private final byte[] data;
        private final int to;
        private int at;

        Prefixed(ParquetType type, byte[] data, int from, int to) {
            this.type = type;
            this.data = data;
            this.to = to;
            this.at = from;
        }

        @Override
        Object next() {
            int length = length(data, at, to);
            at += Integer.BYTES + length;
            return type.bytes(data, at - length, length);
        }
    }

    /// Truth values, the lowest bit of a byte first.
    private static final class Bits extends ParquetDecoder {
        private final byte[] data;
        private final int to;
        private int at;
        private int bit;

        Bits(byte[] data, int from, int to) {
            this.data = data;
            this.at = from;
            this.to = to;
        }

        @Override
        Object next() {
            ParquetFault.require(at < to, "a truth value", "the end of the page");
            boolean value = (data[at] >> bit & 1) != 0;
            bit = (bit + 1) % 8;
            at += bit == 0 ? 1 : 0;
            return value;
        }
    }

    private static final class Runs extends ParquetDecoder {
        private final ParquetRuns runs;

        Runs(ParquetRuns runs) {
            this.runs = runs;
        }

        @Override
        Object next() {
            return runs.next() != 0;
        }
    }

    private static final class Places extends ParquetDecoder {
        private final ParquetRuns places;
        private final Object[] dictionary;

        Places(ParquetRuns places, Object[] dictionary) {
            this.places = places;
            this.dictionary = dictionary;
        }

        @Override
        Object next() {
            int place = places.next();
            ParquetFault.require(
                    place >= 0 && place < dictionary.length,
                    "a place in a dictionary of " + dictionary.length + " values",
                    place);
            if (dictionary[place] instanceof RuntimeException fault) {
                throw fault;
            }
            return dictionary[place];
        }

        @Override
        boolean shares() {
            return true;
        }
    }

    private static final class Wholes extends ParquetDecoder {
        private final ParquetType type;
        private final ParquetDelta numbers;

        Wholes(ParquetType type, byte[] data, int from, int to) {
            this.type = type;
            this.numbers = new ParquetDelta(data, from, to);
        }

        @Override
        Object next() {
            long value = numbers.next();
            return type.whole(type.physical() == ParquetType.Physical.INT32 ? (int) value : value);
        }
    }

    /// Lengths, then all bytes.
    private static final class Lengths extends ParquetDecoder {
        private final ParquetType type;
        private final byte[] data;
        private final int to;
        private final ParquetDelta lengths;
        private int at;

        Lengths(ParquetType type, byte[] data, int from, int to) {
            this.type = type;
            this.data = data;
            this.to = to;
            this.lengths = new ParquetDelta(data, from, to);
            this.at = new ParquetDelta(data, from, to).end();
        }

        /// Passes over the next bytes and says how many they are.
        int pass() {
            long length = lengths.next();
            ParquetFault.require(length >= 0 && length <= to - at, "a length of at most " + (to - at), length);
            at += (int) length;
            return (int) length;
        }

        @Override
        Object next() {
            int length = pass();
            return type.bytes(data, at - length, length);
        }
    }

    /// Values that begin as the one before does (DELTA_BYTE_ARRAY).
    private static final class Shared extends ParquetDecoder {
        private final ParquetType type;
        private final byte[] data;
        private final ParquetDelta prefixes;
        private final Lengths rests;
        private byte[] value = {};

        Shared(ParquetType type, byte[] data, int from, int to) {
            this.type = type;
            this.data = data;
            this.prefixes = new ParquetDelta(data, from, to);
            this.rests = new Lengths(type, data, new ParquetDelta(data, from, to).end(), to);
        }

        @Override
        Object next() {
            long prefix = prefixes.next();
            ParquetFault.require(
                    prefix >= 0 && prefix <= value.length,
                    "a beginning of at most the " + value.length + " bytes of the value before",
                    prefix);
            int rest = rests.pass();
            byte[] next = new byte[Math.addExact((int) prefix, rest)];
            System.arraycopy(value, 0, next, 0, (int) prefix);
            System.arraycopy(data, rests.at - rest, next, (int) prefix, rest);
            value = next;
            ParquetFault.require(
                    type.size() == 0 || next.length == type.size(), "values of " + type.size() + " bytes", next.length);
            return type.bytes(next, 0, next.length);
        }
    }

    /// The first bytes of all values, then the second ones, and so on.
    private static final class Split extends ParquetDecoder {
        private final ParquetType type;
        private final byte[] data;
        private final int from;
        private final int count;
        private final byte[] value;
        private int read;

        Split(ParquetType type, byte[] data, int from, int to) {
            this.type = type;
            this.data = data;
            this.from = from;
            this.count = (to - from) / type.size();
            this.value = new byte[count == 0 ? 0 : type.size()];
        }

        @Override
        Object next() {
            ParquetFault.require(read < count, "a value of " + type.size() + " bytes", "the end of the page");
            for (int i = 0; i < value.length; i++) {
                value[i] = data[from + i * count + read];
            }
            read++;
            return fixed(type, value, 0);
        }
    }
}
