package io.torrefy.data;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.UUID;

/// What the values of a column are: how they are stored, and what they stand for.
///
/// @param width the bytes of a value of fixed length
/// @param scale the digits behind the point of a decimal
/// @param unit how many units of time are a second
record ParquetType(Physical physical, int width, Meaning meaning, int scale, long unit) {
    private static final long SECOND = 1_000_000_000;
    private static final long DAY = 86_400;

    /// More than a double tells apart, and few enough to be converted at once: some 600 digits.
    private static final int MOST_DECIMAL = 256;

    /// The number of the day 1970-01-01 in the days of `INT96`.
    private static final long JULIAN_EPOCH = 2_440_588;

    /// In the order of their numbers in `parquet.thrift`.
    enum Physical {
        BOOLEAN,
        INT32,
        INT64,
        INT96,
        FLOAT,
        DOUBLE,
        BYTE_ARRAY,
        FIXED_LEN_BYTE_ARRAY
    }

    enum Meaning {
        PLAIN,
        TEXT,
        UNSIGNED,
        DECIMAL,
        DATE,
        TIME,
        INSTANT,
        LOCAL_TIME_STAMP,
        UUID,
        FLOAT16
    }

    ParquetType {
        boolean sound = switch (meaning) {
            case PLAIN -> true;
            case TEXT -> physical == Physical.BYTE_ARRAY;
            case UNSIGNED, TIME -> physical == Physical.INT32 || physical == Physical.INT64;
            case DECIMAL ->
                physical != Physical.BOOLEAN
                        && physical != Physical.FLOAT
                        && physical != Physical.DOUBLE
                        && physical != Physical.INT96;
            case DATE -> physical == Physical.INT32;
            case INSTANT, LOCAL_TIME_STAMP -> physical == Physical.INT64;
            case UUID -> physical == Physical.FIXED_LEN_BYTE_ARRAY && width == 2 * Long.BYTES;
            case FLOAT16 -> physical == Physical.FIXED_LEN_BYTE_ARRAY && width == Short.BYTES;
        };
        ParquetFault.require(
                meaning != Meaning.DECIMAL || scale >= 0 && scale <= 8 * MOST_DECIMAL,
                "a decimal of 0 to " + 8 * MOST_DECIMAL + " digits behind the point",
                scale);
        ParquetFault.require(sound, "a type that can hold " + meaning, physical + " of " + width + " bytes");
        ParquetFault.require(
                physical != Physical.FIXED_LEN_BYTE_ARRAY || width > 0, "values of one byte or more", width);
    }

    /// The bytes of a stored value, 0 where each has its own number.
    int size() {
        return switch (physical) {
            case BOOLEAN, BYTE_ARRAY -> 0;
            case INT32, FLOAT -> Integer.BYTES;
            case INT64, DOUBLE -> Long.BYTES;
            case INT96 -> 12;
            case FIXED_LEN_BYTE_ARRAY -> width;
        };
    }

    /// A value of an integer type.
    Object whole(long value) {
        return switch (meaning) {
            case UNSIGNED -> unsigned(value);
            case DECIMAL -> BigDecimal.valueOf(value, scale).doubleValue();
            case DATE -> LocalDate.ofEpochDay(value).toString();
            case TIME ->
                LocalTime.ofNanoOfDay(Math.multiplyExact(value, SECOND / unit)).toString();
            case INSTANT -> instant(value).toString();
            case LOCAL_TIME_STAMP ->
                LocalDateTime.ofEpochSecond(Math.floorDiv(value, unit), nanos(value), ZoneOffset.UTC)
                        .toString();
            default -> value;
        };
    }

    private Object unsigned(long value) {
        if (physical == Physical.INT32) {
            return value & 0xffff_ffffL;
        }
        ParquetFault.require(
                value >= 0,
                "integers below 2^63",
                Long.toUnsignedString(value) + ". Hint: write the column as text or as a decimal");
        return value;
    }

    private Instant instant(long value) {
        return Instant.ofEpochSecond(Math.floorDiv(value, unit), nanos(value));
    }

    private int nanos(long value) {
        return (int) (Math.floorMod(value, unit) * (SECOND / unit));
    }

    /// A value of bytes.
    Object bytes(byte[] data, int from, int length) {
        if (physical == Physical.INT96) {
            var parts = ByteBuffer.wrap(data, from, length).order(ByteOrder.LITTLE_ENDIAN);
            long nanos = parts.getLong();
            return Instant.ofEpochSecond((parts.getInt() - JULIAN_EPOCH) * DAY, nanos)
                    .toString();
        }
        return switch (meaning) {
            case TEXT -> text(data, from, length);
            case DECIMAL -> {
                ParquetFault.require(
                        length > 0 && length <= MOST_DECIMAL, "a decimal of 1 to " + MOST_DECIMAL + " bytes", length);
                yield new BigDecimal(new BigInteger(data, from, length), scale).doubleValue();
            }
            case UUID -> {
                var parts = ByteBuffer.wrap(data, from, length);
                yield new UUID(parts.getLong(), parts.getLong()).toString();
            }
            case FLOAT16 -> (double) Float.float16ToFloat((short) (data[from] & 0xff | (data[from + 1] & 0xff) << 8));
            default -> {
                byte[] copy = new byte[length];
                System.arraycopy(data, from, copy, 0, length);
                yield copy;
            }
        };
    }

    /// Bytes that are no UTF-8 become U+FFFD, which may also be what was written.
    private static String text(byte[] data, int from, int length) {
        String text = new String(data, from, length, StandardCharsets.UTF_8);
        if (text.indexOf('\ufffd') >= 0) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            ParquetFault.require(
                    Arrays.equals(bytes, 0, bytes.length, data, from, from + length), "text in UTF-8", "other bytes");
        }
        return text;
    }
}
