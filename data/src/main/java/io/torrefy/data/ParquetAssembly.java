package io.torrefy.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Puts rows together out of columns and their levels (Melnik et al., "Dremel", 2010, assembly). Columns of one list
/// say the same of it, or the file is damaged.
final class ParquetAssembly {
    static final String KEY = ".key";
    static final String VALUE = ".value";
    private static final String AS_LISTS =
            ". Hint: Parquet.mapsAsLists() reads keys and values as two lists, as does a conversion to TFRecord";

    private final Map<String, ParquetNode> fields = new LinkedHashMap<>();
    private final Map<Integer, ParquetCursor> cursors = new LinkedHashMap<>();
    private final ParquetCursor.Budget budget = new ParquetCursor.Budget();
    private final boolean mapsAsLists;

    /// Rows of those fields of `schema` that `columns` names.
    ///
    /// @throws IllegalArgumentException where the lists of a map would have the name of another column
    ParquetAssembly(String file, ParquetNode.Struct schema, List<String> columns, boolean mapsAsLists) {
        this.mapsAsLists = mapsAsLists;
        for (int i = 0; i < schema.names().size(); i++) {
            String name = schema.names().get(i);
            if (columns.contains(name)) {
                add(file, name, schema.fields().get(i), columns);
            }
        }
    }

    private void add(String file, String name, ParquetNode field, List<String> columns) {
        if (mapsAsLists
                && field instanceof ParquetNode.Pairs
                && (columns.contains(name + KEY) || columns.contains(name + VALUE))) {
            throw new IllegalArgumentException("[parquet] " + file + ": expected no column beside the map \"" + name
                    + "\" that is named as its lists of keys and values are; got " + columns + ".");
        }
        if (field instanceof ParquetNode.Unread unread) {
            throw new ParquetFault(
                    "numbers, text, bytes, times, lists, maps or structs in column \"" + name + "\"", unread.what());
        }
        fields.put(name, field);
        field.leaves().forEach(leaf -> cursors.put(leaf.index(), new ParquetCursor(leaf, budget)));
    }

    /// Goes to the first row of `group`.
    void begin(ParquetFile file, ParquetFile.Group group) throws IOException {
        for (var cursor : cursors.entrySet()) {
            budget.beginRow();
            cursor.getValue().begin(file, group.chunks().get(cursor.getKey()));
        }
    }

    /// That no value is left of a group whose rows were all read.
    void end() {
        for (var field : fields.values()) {
            for (var leaf : field.leaves()) {
                ParquetFault.require(
                        cursor(leaf).ended(),
                        "the end of a row group after its last row in column \"" + leaf.path() + "\"",
                        "more values");
            }
        }
    }

    private ParquetCursor cursor(ParquetNode.Leaf leaf) {
        var cursor = cursors.get(leaf.index());
        if (cursor == null) {
            throw new IllegalStateException("a column that is read");
        }
        return cursor;
    }

    /// The next row of the group.
    Map<String, @Nullable Object> row() throws IOException {
        budget.beginRow();
        Map<String, @Nullable Object> values = LinkedHashMap.newLinkedHashMap(fields.size());
        for (var field : fields.entrySet()) {
            for (var leaf : field.getValue().leaves()) {
                var cursor = cursor(leaf);
                ParquetFault.require(
                        !cursor.ended() && cursor.repetition() == 0,
                        "a new row in column \"" + leaf.path() + "\"",
                        cursor.ended() ? "the end of its values" : "more of the last one");
            }
            if (mapsAsLists && field.getValue() instanceof ParquetNode.Pairs map) {
                putLists(values, field.getKey(), map);
            } else {
                values.put(field.getKey(), read(field.getValue()));
            }
        }
        return values;
    }

    private @Nullable Object read(ParquetNode node) throws IOException {
        return switch (node) {
            case ParquetNode.Leaf leaf -> cursor(leaf).take();
            case ParquetNode.Struct struct -> present(struct, struct.present()) ? fields(struct) : null;
            case ParquetNode.Elements list -> elements(list);
            case ParquetNode.Pairs map -> object(map);
            case ParquetNode.Unread unread ->
                throw new ParquetFault(
                        "numbers, text, bytes, times, lists, maps or structs in column \"" + unread.path() + "\"",
                        unread.what());
        };
    }

    /// Whether `node` is there to `level`; where it is not, what stands for it is passed over.
    private boolean present(ParquetNode node, int level) throws IOException {
        var leaves = node.leaves();
        boolean present = cursor(leaves.getFirst()).definition() >= level;
        for (var leaf : leaves) {
            ParquetFault.require(
                    cursor(leaf).definition() >= level == present,
                    "columns that agree in what \"" + node.path() + "\" has",
                    "one that does not, \"" + leaf.path() + "\"");
        }
        if (!present) {
            for (var leaf : leaves) {
                cursor(leaf).advance();
            }
        }
        return present;
    }

    private Map<String, @Nullable Object> fields(ParquetNode.Struct struct) throws IOException {
        Map<String, @Nullable Object> values =
                LinkedHashMap.newLinkedHashMap(struct.fields().size());
        for (int i = 0; i < struct.fields().size(); i++) {
            values.put(struct.names().get(i), read(struct.fields().get(i)));
        }
        return values;
    }

    private @Nullable List<@Nullable Object> elements(ParquetNode.Elements list) throws IOException {
        if (!present(list, list.present())) {
            return null;
        }
        var elements = new ArrayList<@Nullable Object>();
        if (present(list, list.filled())) {
            do {
                elements.add(read(list.element()));
            } while (goesOn(list));
        }
        return elements;
    }

    private boolean goesOn(ParquetNode.Elements list) {
        int level = cursor(list.leaves().getFirst()).repetition();
        for (var leaf : list.leaves()) {
            int own = cursor(leaf).repetition();
            ParquetFault.require(
                    own == level && own <= list.repetition(),
                    "columns that agree in how long \"" + list.path() + "\" is",
                    "one that does not, \"" + leaf.path() + "\"");
        }
        return level == list.repetition();
    }

    private void putLists(Map<String, @Nullable Object> values, String name, ParquetNode.Pairs map) throws IOException {
        values.put(name + KEY, null);
        values.put(name + VALUE, null);
        var pairs = elements(map.entries());
        if (pairs != null) {
            var keys = new ArrayList<@Nullable Object>(pairs.size());
            var ofKeys = new ArrayList<@Nullable Object>(pairs.size());
            for (Object pair : pairs) {
                keys.add(part(pair, "key"));
                ofKeys.add(part(pair, "value"));
            }
            values.put(name + KEY, keys);
            values.put(name + VALUE, ofKeys);
        }
    }

    private static @Nullable Object part(@Nullable Object pair, String name) {
        return pair instanceof Map<?, ?> parts ? parts.get(name) : null;
    }

    private @Nullable Map<String, @Nullable Object> object(ParquetNode.Pairs map) throws IOException {
        var pairs = elements(map.entries());
        if (pairs == null) {
            return null;
        }
        Map<String, @Nullable Object> object = LinkedHashMap.newLinkedHashMap(pairs.size());
        for (Object pair : pairs) {
            String key = switch (part(pair, "key")) {
                case String text -> text;
                case Long whole -> whole.toString();
                case Double number -> number.toString();
                case Boolean truth -> truth.toString();
                case null, default ->
                    throw new ParquetFault(
                            "keys of text or numbers in column \"" + map.path() + "\"", "others" + AS_LISTS);
            };
            if (object.containsKey(key)) {
                throw new ParquetFault(
                        "different keys in a map in column \"" + map.path() + "\"", "\"" + key + "\" twice" + AS_LISTS);
            }
            object.put(key, part(pair, "value"));
        }
        return object;
    }
}
