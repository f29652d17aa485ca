package io.torrefy.data;

import dev.hardwood.metadata.LogicalType;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.SchemaNode;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What Hardwood decoded as the values of a [Row]. A value alone does not tell that its bits are those of an unsigned
/// integer, so it is read beside the schema.
final class ParquetValues {
    static final String KEY = ".key";
    static final String VALUE = ".value";

    private final Path file;
    private final Shape root;
    private final boolean mapsAsLists;
    private long row;

    /// A node of the schema with its parts by name: fields of a struct; `element` of a list; `key` and `value` of a
    /// map.
    private record Shape(String path, Optional<LogicalType.IntType> integer, boolean map, Map<String, Shape> parts) {
        static Shape of(String path, SchemaNode node) {
            var parts = new LinkedHashMap<String, Shape>();
            switch (node) {
                case SchemaNode.GroupNode list
                when list.isList() -> parts.put("element", of(path, list.getListElement()));
                case SchemaNode.GroupNode map
                when map.isMap() -> {
                    parts.put("key", of(path, map.getMapKey()));
                    parts.put("value", of(path, map.getMapValue()));
                    return new Shape(path, Optional.empty(), true, parts);
                }
                case SchemaNode.GroupNode struct -> {
                    String before = path.isEmpty() ? "" : path + ".";
                    for (var child : struct.children()) {
                        // Where a name is missing, Hardwood fails after it has started threads that nobody can end.
                        String name = Objects.requireNonNullElse(child.name(), "");
                        if (name.isEmpty() || parts.put(name, of(before + name, child)) != null) {
                            throw new IllegalStateException("the name \"" + name + "\" for a column"
                                    + (name.isEmpty() ? "" : " twice") + " in the schema");
                        }
                    }
                }
                case SchemaNode.PrimitiveNode leaf
                when leaf.logicalType() instanceof LogicalType.IntType integer -> {
                    return new Shape(path, Optional.of(integer), false, parts);
                }
                default -> {}
            }
            return new Shape(path, Optional.empty(), false, parts);
        }

        Shape part(String name) {
            return Optional.ofNullable(parts.get(name))
                    .orElseThrow(() -> new IllegalStateException("no " + name + " in column " + path));
        }

        boolean unsigned() {
            return integer.isPresent() && !integer.get().isSigned();
        }
    }

    ParquetValues(Path file, SchemaNode.GroupNode schema, List<String> columns, boolean mapsAsLists) {
        this.file = file;
        this.root = Shape.of("", schema);
        this.mapsAsLists = mapsAsLists;
        if (mapsAsLists) {
            columns.stream().filter(name -> root.part(name).map()).forEach(name -> {
                if (columns.contains(name + KEY) || columns.contains(name + VALUE)) {
                    throw new IllegalArgumentException("[parquet] " + file + ": expected no column beside the map \""
                            + name + "\" that is named as its lists of keys and values are; got " + columns + ".");
                }
            });
        }
    }

    /// The fields of row `number`.
    Map<String, @Nullable Object> row(long number, StructAccessor columns) {
        row = number;
        int count = columns.getFieldCount();
        Map<String, @Nullable Object> values = LinkedHashMap.newLinkedHashMap(count);
        for (int i = 0; i < count; i++) {
            String name = columns.getFieldName(i);
            Shape shape = root.part(name);
            Object value = columns.isNull(i) ? null : columns.getValue(i);
            if (mapsAsLists && shape.map()) {
                putLists(values, name, shape, value);
            } else {
                values.put(name, value(shape, value));
            }
        }
        return values;
    }

    private void putLists(Map<String, @Nullable Object> values, String name, Shape shape, @Nullable Object map) {
        values.put(name + KEY, null);
        values.put(name + VALUE, null);
        if (map instanceof PqMap entries) {
            var keys = new ArrayList<@Nullable Object>(entries.size());
            var ofKeys = new ArrayList<@Nullable Object>(entries.size());
            for (var entry : entries.getEntries()) {
                keys.add(value(shape.part("key"), entry.getKey()));
                ofKeys.add(entry.isValueNull() ? null : value(shape.part("value"), entry.getValue()));
            }
            values.put(name + KEY, keys);
            values.put(name + VALUE, ofKeys);
        }
    }

    private @Nullable Object value(Shape shape, @Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String _, Double _, Boolean _, byte[] _ -> value;
            case Long whole
            when whole < 0 && shape.unsigned() ->
                throw bad(
                        shape,
                        "integers below 2^63",
                        Long.toUnsignedString(whole) + ". Hint: write the column as text or as a decimal");
            case Long whole -> whole;
            case Byte _, Short _ -> ((Number) value).longValue();
            case Integer whole -> shape.unsigned() ? Integer.toUnsignedLong(whole) : whole.longValue();
            case Float number -> number.doubleValue();
            case BigDecimal number -> number.doubleValue();
            case PqList list -> elements(shape.part("element"), list);
            case PqMap map -> object(shape, map);
            case PqStruct struct -> fields(shape, struct);
            case TemporalAccessor time -> time.toString();
            case UUID id -> id.toString();
            default ->
                throw bad(
                        shape,
                        "numbers, text, bytes, times, lists, maps or structs",
                        value.getClass().getSimpleName());
        };
    }

    private Map<String, @Nullable Object> fields(Shape shape, PqStruct struct) {
        int count = struct.getFieldCount();
        Map<String, @Nullable Object> values = LinkedHashMap.newLinkedHashMap(count);
        for (int i = 0; i < count; i++) {
            String name = struct.getFieldName(i);
            values.put(name, struct.isNull(i) ? null : value(shape.part(name), struct.getValue(i)));
        }
        return values;
    }

    private List<@Nullable Object> elements(Shape shape, PqList list) {
        var elements = new ArrayList<@Nullable Object>(list.size());
        for (int i = 0; i < list.size(); i++) {
            elements.add(list.isNull(i) ? null : value(shape, list.get(i)));
        }
        return elements;
    }

    private Map<String, @Nullable Object> object(Shape shape, PqMap map) {
        Map<String, @Nullable Object> object = LinkedHashMap.newLinkedHashMap(map.size());
        for (var entry : map.getEntries()) {
            String key = switch (value(shape.part("key"), entry.getKey())) {
                case String text -> text;
                case Long whole -> whole.toString();
                case Double number -> number.toString();
                case Boolean truth -> truth.toString();
                case null, default -> throw bad(shape, "keys of text or numbers", "others" + AS_LISTS);
            };
            if (object.containsKey(key)) {
                throw bad(shape, "different keys in a map", "\"" + key + "\" twice" + AS_LISTS);
            }
            object.put(key, entry.isValueNull() ? null : value(shape.part("value"), entry.getValue()));
        }
        return object;
    }

    private static final String AS_LISTS =
            ". Hint: Parquet.mapsAsLists() reads keys and values as two lists, as does a conversion to TFRecord";

    private MalformedDataException bad(Shape shape, String expected, String got) {
        return new MalformedDataException(
                file,
                row,
                "[parquet] " + file + ":" + row + ": expected " + expected + " in column \"" + shape.path() + "\"; got "
                        + got + ".");
    }
}
