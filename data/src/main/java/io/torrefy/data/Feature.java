package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `tf.train.Feature`: a list of strings, of floats or of integers, or nothing. A list may be empty; that is not the
/// same as none.
@Export(value = "data.Feature", since = "0.1")
public final class Feature {
    private static final byte[] NOTHING = {};

    private final @Nullable FeatureValues values;
    private final byte[] unknown;
    private final byte[] unknownInList;

    private Feature(@Nullable FeatureValues values, byte[] unknown, byte[] unknownInList) {
        this.values = values;
        this.unknown = unknown;
        this.unknownInList = unknownInList;
    }

    /// A feature without a list, which parsers take for a missing one.
    public static Feature missing() {
        return new Feature(null, NOTHING, NOTHING);
    }

    public static Feature of(FeatureValues values) {
        return new Feature(values, NOTHING, NOTHING);
    }

    public static Feature of(long... values) {
        return of(new FeatureValues.Longs(values));
    }

    public static Feature of(float... values) {
        return of(new FeatureValues.Floats(values));
    }

    /// Strings in UTF-8.
    public static Feature of(String... values) {
        return of(FeatureValues.Strings.of(List.of(values)));
    }

    public static Feature ofBytes(byte[]... values) {
        var column = new ValueColumn(ValueKind.STRING);
        for (byte[] value : values) {
            column.add(value, 0, value.length);
        }
        return of(column.build());
    }

    /// The list, where there is one.
    public Optional<FeatureValues> values() {
        return Optional.ofNullable(values);
    }

    /// Reads the message between `wire.at` and `wire.limit`.
    static Feature read(Wire wire) {
        var columns = new ValueColumn[] {
            new ValueColumn(ValueKind.STRING), new ValueColumn(ValueKind.FLOAT32), new ValueColumn(ValueKind.INT64)
        };
        int from = wire.at;
        int kind = 0;
        var unknown = new UnknownFields();
        var inList = new UnknownFields();
        for (ValueColumn column : columns) {
            wire.at = from;
            unknown.clear();
            var keep = new UnknownFields();
            kind = ValueLists.readFeature(wire, column, unknown, keep);
            if (kind == column.kind().field()) {
                inList = keep;
            }
        }
        return new Feature(kind == 0 ? null : columns[kind - 1].build(), unknown.bytes(), inList.bytes());
    }

    Proto toProto() {
        Proto proto = new Proto();
        switch (values) {
            case null -> {}
            case FeatureValues.Strings strings -> proto.message(1, strings(strings));
            case FeatureValues.Floats(var floats) -> proto.message(2, packed(floats));
            case FeatureValues.Longs(var longs) -> proto.message(3, packed(longs));
        }
        return proto.raw(unknown);
    }

    private Proto strings(FeatureValues.Strings strings) {
        Proto list = new Proto();
        for (int i = 0; i < strings.size(); i++) {
            list.bytes(1, strings.get(i));
        }
        return list.raw(unknownInList);
    }

    private Proto packed(float[] floats) {
        Proto list = new Proto();
        return (floats.length == 0 ? list : list.packed(1, floats)).raw(unknownInList);
    }

    private Proto packed(long[] longs) {
        Proto list = new Proto();
        return (longs.length == 0 ? list : list.packed(1, longs)).raw(unknownInList);
    }
}
