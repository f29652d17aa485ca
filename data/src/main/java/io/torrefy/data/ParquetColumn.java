package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a column of a [ParquetWriter] holds. Every value may be missing, and every element of a list.
///
/// @param list whether a value is a list of `type`
@Export(value = "data.ParquetColumn", since = "0.1")
public record ParquetColumn(Type type, boolean list) {
    /// What a value, or an element of a list, is.
    public enum Type {
        /// `String`, as UTF-8.
        STRING(6),
        /// `byte[]`.
        BYTES(6),
        /// `Long`, as `INT64`.
        LONG(2),
        /// `Double` or `Long`, as `DOUBLE`.
        DOUBLE(5),
        /// `Boolean`.
        BOOLEAN(0);

        /// The number of the physical type in Parquet's metadata.
        final int physical;

        Type(int physical) {
            this.physical = physical;
        }
    }

    /// A column of single values.
    public static ParquetColumn of(Type type) {
        return new ParquetColumn(type, false);
    }

    /// A column of lists.
    public static ParquetColumn listOf(Type type) {
        return new ParquetColumn(type, true);
    }

    /// The columns that hold `rows`, by name in order of appearance. Integers beside doubles make a column of
    /// doubles, and a column without any value is text.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that does not go with those before,
    ///     or that no column holds (a list in a list, an object)
    public static Map<String, ParquetColumn> infer(List<Row> rows) {
        var names = new LinkedHashSet<String>();
        var types = new HashMap<String, Type>();
        var lists = new HashMap<String, Boolean>();
        for (Row row : rows) {
            names.addAll(row.values().keySet());
            for (var field : row.values().entrySet()) {
                note(row, field.getKey(), field.getValue(), types, lists);
            }
        }
        var columns = new LinkedHashMap<String, ParquetColumn>();
        for (String name : names) {
            columns.put(
                    name, new ParquetColumn(types.getOrDefault(name, Type.STRING), lists.getOrDefault(name, false)));
        }
        return columns;
    }

    private static void note(
            Row row, String name, @Nullable Object value, Map<String, Type> types, Map<String, Boolean> lists) {
        if (value == null) {
            return;
        }
        boolean list = value instanceof List;
        if (lists.getOrDefault(name, list) != list) {
            throw row.wrong(name, list ? "a single value, as before," : "a list, as before,");
        }
        lists.put(name, list);
        for (Object element : list ? (List<?>) value : List.of(value)) {
            if (element != null) {
                Type here = typeOf(row, name, element);
                types.merge(name, here, (before, _) -> merged(row, name, before, here));
            }
        }
    }

    private static Type typeOf(Row row, String name, Object value) {
        return switch (value) {
            case String _ -> Type.STRING;
            case byte[] _ -> Type.BYTES;
            case Long _ -> Type.LONG;
            case Double _ -> Type.DOUBLE;
            case Boolean _ -> Type.BOOLEAN;
            default -> throw row.wrong(name, "text, bytes, numbers, booleans or a list of them");
        };
    }

    private static Type merged(Row row, String name, Type before, Type here) {
        boolean numbers = (before == Type.LONG || before == Type.DOUBLE) && (here == Type.LONG || here == Type.DOUBLE);
        if (before != here && !numbers) {
            throw row.wrong(name, "a " + before + ", as before,");
        }
        return before == here ? here : Type.DOUBLE;
    }
}
