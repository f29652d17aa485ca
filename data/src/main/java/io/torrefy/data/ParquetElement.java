package io.torrefy.data;

import java.util.Optional;
import java.util.OptionalInt;

/// A `SchemaElement` of a Parquet file's footer: a column, or a group with the number of the elements in it. Numbers of
/// fields and of enumerations are those of `parquet.thrift`.
///
/// @param repetition 0 for one value, 1 for one or none, 2 for any number
/// @param logical the field of the union `LogicalType`, or what stands for the older `ConvertedType`; 0 for none
record ParquetElement(
        String name, OptionalInt children, int repetition, int logical, Optional<ParquetType> type, boolean keyValues) {
    static final int OPTIONAL = 1;
    static final int REPEATED = 2;

    static final int MAP = 2;
    static final int LIST = 3;
    static final int VARIANT = 16;

    private static final long MILLIS = 1000;
    private static final long MICROS = 1_000_000;
    private static final long NANOS = 1_000_000_000;

    /// The last of the `ConvertedType`s.
    private static final int INTERVAL = 21;

    /// What the fields say before they are put together.
    private static final class Fields {
        int physical = -1;
        int length;
        int repetition = OPTIONAL;
        String name = "";
        int children = -1;
        int converted = -1;
        int scale;
        int logical;
        boolean flag = true;
        long unit = MILLIS;
    }

    static ParquetElement read(ThriftReader in) {
        var fields = new Fields();
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 1 -> fields.physical = in.i32();
                case 2 -> fields.length = in.i32();
                case 3 -> fields.repetition = in.i32();
                case 4 -> fields.name = in.string();
                case 5 -> fields.children = in.i32();
                case 6 -> fields.converted = in.i32();
                case 7 -> fields.scale = in.i32();
                case 10 -> logical(in, fields);
                default -> in.skip();
            }
        }
        return element(fields);
    }

    private static ParquetElement element(Fields fields) {
        String name = fields.name;
        ParquetFault.require(
                fields.repetition >= 0 && fields.repetition <= REPEATED,
                "a repetition of 0 to 2 in the schema of \"" + name + "\"",
                fields.repetition);
        ParquetFault.require(
                fields.physical >= 0 != fields.children >= 0,
                "a type or a number of fields in the schema of \"" + name + "\"",
                fields.physical + " and " + fields.children);
        if (fields.children >= 0) {
            int logical = fields.logical != 0 ? fields.logical : group(fields.converted);
            return new ParquetElement(
                    name,
                    OptionalInt.of(fields.children),
                    fields.repetition,
                    logical,
                    Optional.empty(),
                    fields.converted == 2);
        }
        var physicals = ParquetType.Physical.values();
        ParquetFault.require(
                fields.physical < physicals.length,
                "a type of 0 to 7 in the schema of \"" + name + "\"",
                fields.physical);
        if (fields.logical == 0 && fields.converted >= 0) {
            convert(fields);
        }
        var type =
                new ParquetType(physicals[fields.physical], fields.length, meaning(fields), fields.scale, fields.unit);
        return new ParquetElement(
                name, OptionalInt.empty(), fields.repetition, fields.logical, Optional.of(type), false);
    }

    private static int group(int converted) {
        return switch (converted) {
            case 1 -> MAP;
            case 3 -> LIST;
            default -> 0;
        };
    }

    /// `LogicalType`, a union: one field.
    private static void logical(ThriftReader in, Fields fields) {
        in.requireStruct();
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            fields.logical = field;
            switch (field) {
                case 5 -> parameters(in, fields, ThriftReader.I32);
                case 7, 8 -> parameters(in, fields, ThriftReader.TRUE);
                case 10 -> parameters(in, fields, ThriftReader.I8);
                default -> in.skip();
            }
        }
    }

    /// `DecimalType`, `TimeType` and `TimestampType`, or `IntType`, told apart by the type of their first field.
    private static void parameters(ThriftReader in, Fields fields, int kind) {
        in.requireStruct();
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            if (kind == ThriftReader.I32 && field == 1) {
                fields.scale = in.i32();
            } else if (kind == ThriftReader.TRUE && field == 1) {
                fields.flag = in.bool();
            } else if (kind == ThriftReader.TRUE && field == 2) {
                unit(in, fields);
            } else if (kind == ThriftReader.I8 && field == 2) {
                fields.flag = in.bool();
            } else {
                in.skip();
            }
        }
    }

    private static void unit(ThriftReader in, Fields fields) {
        in.requireStruct();
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            fields.unit = switch (field) {
                case 1 -> MILLIS;
                case 2 -> MICROS;
                case 3 -> NANOS;
                default -> throw new ParquetFault("a unit of time of 1 to 3", String.valueOf(field));
            };
            in.skip();
        }
    }

    /// What the `ConvertedType` of older files means as a `LogicalType`.
    private static void convert(Fields fields) {
        int converted = fields.converted;
        ParquetFault.require(
                converted <= INTERVAL,
                "a converted type of 0 to 21 in the schema of \"" + fields.name + "\"",
                converted);
        fields.unit = converted == 8 || converted == 10 ? MICROS : MILLIS;
        fields.flag = converted < 11 || converted > 14;
        fields.logical = switch (converted) {
            case 0 -> 1;
            case 4 -> 4;
            case 5 -> 5;
            case 6 -> 6;
            case 7, 8 -> 7;
            case 9, 10 -> 8;
            case 11, 12, 13, 14, 15, 16, 17, 18 -> 10;
            case 19 -> 12;
            default -> 0;
        };
    }

    private static ParquetType.Meaning meaning(Fields fields) {
        return switch (fields.logical) {
            case 1, 4, 12 -> ParquetType.Meaning.TEXT;
            case 5 -> ParquetType.Meaning.DECIMAL;
            case 6 -> ParquetType.Meaning.DATE;
            case 7 -> ParquetType.Meaning.TIME;
            case 8 -> fields.flag ? ParquetType.Meaning.INSTANT : ParquetType.Meaning.LOCAL_TIME_STAMP;
            case 10 -> fields.flag ? ParquetType.Meaning.PLAIN : ParquetType.Meaning.UNSIGNED;
            case 14 -> ParquetType.Meaning.UUID;
            case 15 -> ParquetType.Meaning.FLOAT16;
            default -> ParquetType.Meaning.PLAIN;
        };
    }
}
