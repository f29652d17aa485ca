package io.torrefy.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// A field of a Parquet schema: single values, structures, lists and maps, with the levels that tell where they are
/// missing, empty, or go on (Melnik et al., "Dremel", 2010).
sealed interface ParquetNode {
    /// Names from the root, with dots between; a list's element has its list's.
    String path();

    /// The columns of values in it, in the order of the file.
    List<Leaf> leaves();

    /// A column of values.
    ///
    /// @param index the number of the column in the file
    /// @param steps the names of the schema's elements from the root, with dots between, as chunks have them
    /// @param definition the level of a value that is there
    /// @param repetition the level of a value that goes on with the innermost list
    record Leaf(String path, int index, String steps, ParquetType type, int definition, int repetition)
            implements ParquetNode {
        @Override
        public List<Leaf> leaves() {
            return List.of(this);
        }
    }

    /// @param present the level from which on it is there
    record Struct(String path, List<String> names, List<ParquetNode> fields, int present, List<Leaf> leaves)
            implements ParquetNode {}

    /// @param present the level from which on it is there
    /// @param filled the level from which on it has elements
    /// @param repetition the level of its elements but the first
    record Elements(String path, ParquetNode element, int present, int filled, int repetition) implements ParquetNode {
        @Override
        public List<Leaf> leaves() {
            return element.leaves();
        }
    }

    /// A map is a list of pairs, each a structure of a key and perhaps a value.
    record Pairs(String path, Elements entries) implements ParquetNode {
        @Override
        public List<Leaf> leaves() {
            return entries.leaves();
        }
    }

    /// What no [Row] holds: a `VARIANT`. It is an error to read it.
    record Unread(String path, String what, List<Leaf> leaves) implements ParquetNode {}

    /// The root of a schema, from its elements in the order of the file.
    static Struct schema(List<ParquetElement> elements) {
        return new Builder(elements).root();
    }

    /// Puts the tree together that the elements are in depth-first order.
    final class Builder {
        /// Deeper than any table, and shallow enough for every stack.
        private static final int DEPTH = 64;

        private final List<ParquetElement> elements;
        private int next;
        private int columns;
        private int depth;

        /// Where an element lies.
        private record Place(String path, String steps, int definition, int repetition) {}

        private Builder(List<ParquetElement> elements) {
            this.elements = elements;
        }

        private Struct root() {
            var root = take();
            ParquetFault.require(root.children().isPresent(), "a schema whose root has fields", "a column");
            var struct = struct("", root.children().getAsInt(), new Place("", "", 0, 0));
            ParquetFault.require(
                    next == elements.size(), "a schema of " + next + " elements", elements.size() + " elements");
            return struct;
        }

        private ParquetElement take() {
            ParquetFault.require(next < elements.size(), "the fields that a schema says it has", "its end");
            return elements.get(next++);
        }

        private Struct struct(String path, int count, Place place) {
            var names = new ArrayList<String>();
            var fields = new ArrayList<ParquetNode>();
            var seen = new HashSet<String>();
            depth++;
            ParquetFault.require(depth <= DEPTH, "a schema at most " + DEPTH + " deep", "more at \"" + path + "\"");
            for (int i = 0; i < count; i++) {
                var element = take();
                String name = element.name();
                ParquetFault.require(
                        !name.isEmpty() && seen.add(name),
                        "another name for each column in the schema",
                        "the name \"" + name + "\"" + (name.isEmpty() ? "" : " twice"));
                names.add(name);
                fields.add(field(element, path.isEmpty() ? name : path + "." + name, place));
            }
            depth--;
            var leaves =
                    fields.stream().flatMap(field -> field.leaves().stream()).toList();
            ParquetFault.require(
                    !leaves.isEmpty() || path.isEmpty(), "a group with fields", "none in \"" + path + "\"");
            return new Struct(path, names, fields, place.definition, leaves);
        }

        /// A field that is repeated without a list around it is one, which is never missing.
        private ParquetNode field(ParquetElement element, String path, Place outer) {
            var place = inside(element, path, outer);
            if (element.repetition() == ParquetElement.REPEATED) {
                return new Elements(path, value(element, place), outer.definition, place.definition, place.repetition);
            }
            return value(element, place);
        }

        private static Place inside(ParquetElement element, String path, Place outer) {
            return new Place(
                    path,
                    outer.steps.isEmpty() ? element.name() : outer.steps + "." + element.name(),
                    outer.definition + (element.repetition() == 0 ? 0 : 1),
                    outer.repetition + (element.repetition() == ParquetElement.REPEATED ? 1 : 0));
        }

        private ParquetNode value(ParquetElement element, Place place) {
            Optional<ParquetType> type = element.type();
            if (type.isPresent()) {
                return new Leaf(place.path, columns++, place.steps, type.get(), place.definition, place.repetition);
            }
            int count = element.children().orElse(0);
            boolean one = count == 1 && next < elements.size();
            if (one && elements.get(next).repetition() == ParquetElement.REPEATED) {
                if (element.logical() == ParquetElement.LIST) {
                    return list(place);
                }
                if (element.logical() == ParquetElement.MAP
                        || element.keyValues()
                        || elements.get(next).keyValues()) {
                    return map(place);
                }
            }
            var struct = struct(place.path, count, place);
            return element.logical() == ParquetElement.VARIANT
                    ? new Unread(place.path, "VARIANT", struct.leaves())
                    : struct;
        }

        /// The repeated field is a wrapper around the element, or, as older writers have it, the element itself
        /// (Apache Parquet, "Logical types", backward compatibility of lists).
        private ParquetNode list(Place place) {
            var repeated = take();
            var inner = inside(repeated, place.path, place);
            boolean wrapper = repeated.children().orElse(0) == 1
                    && next < elements.size()
                    && elements.get(next).repetition() != ParquetElement.REPEATED
                    && !repeated.name().equals("array")
                    && !repeated.name().equals(lastStep(place) + "_tuple");
            ParquetNode element;
            if (wrapper) {
                var only = take();
                element = value(only, inside(only, place.path, inner));
            } else {
                element = value(repeated, inner);
            }
            return new Elements(place.path, element, place.definition, inner.definition, inner.repetition);
        }

        private static String lastStep(Place place) {
            return place.steps.substring(place.steps.lastIndexOf('.') + 1);
        }

        private ParquetNode map(Place place) {
            var repeated = take();
            var inner = inside(repeated, place.path, place);
            int count = repeated.children().orElse(0);
            ParquetFault.require(
                    count == 1 || count == 2, "a map of keys and values", count + " fields in " + place.path);
            var fields = new ArrayList<ParquetNode>();
            for (int i = 0; i < count; i++) {
                fields.add(field(take(), place.path, inner));
            }
            var leaves =
                    fields.stream().flatMap(field -> field.leaves().stream()).toList();
            var names = List.of("key", "value").subList(0, count);
            var pair = new Struct(place.path, names, fields, inner.definition, leaves);
            return new Pairs(
                    place.path, new Elements(place.path, pair, place.definition, inner.definition, inner.repetition));
        }
    }
}
