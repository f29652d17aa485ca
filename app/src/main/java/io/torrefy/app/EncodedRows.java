package io.torrefy.app;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.EncodedBatch;
import io.torrefy.data.EncodedColumn;
import io.torrefy.data.Example;
import io.torrefy.data.Feature;
import io.torrefy.data.FieldType;
import io.torrefy.data.FittedSchema;
import io.torrefy.data.Row;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A batch that a schema has encoded, for files: the numbers and ids of each column, weights of ids in a field of their
/// own, and the label as it is trained on, if it is wanted.
record EncodedRows(FittedSchema schema, EncodedBatch encoded, Optional<Labels> labels) {
    /// The field of labels.
    static final String LABEL = "label";

    /// Classes by their number, -1 where a row has none that is known; or numbers.
    record Labels(long[] classes, float[] numbers) {
        static Labels of(FittedSchema schema, List<Row> rows) {
            boolean numbers = schema.schema()
                    .label()
                    .filter(l -> l.type() == FieldType.DOUBLE)
                    .isPresent();
            return numbers
                    ? new Labels(new long[0], schema.targets(rows))
                    : new Labels(schema.labels(rows), new float[0]);
        }
    }

    /// The field of the weights of a column's ids.
    static String weightsOf(String column) {
        return column + " weights";
    }

    /// A row as an object.
    ObjectNode json(int row) {
        var line = JsonNodeFactory.instance.objectNode();
        for (var column : schema.columns()) {
            String name = column.name();
            if (encoded.column(name) instanceof EncodedColumn.Ids ids) {
                ArrayNode all = line.putArray(name);
                for (int i = ids.rowSplits()[row]; i < ids.rowSplits()[row + 1]; i++) {
                    all.add(ids.ids()[i]);
                }
                if (ids.weights().length > 0) {
                    ArrayNode weights = line.putArray(weightsOf(name));
                    for (int i = ids.rowSplits()[row]; i < ids.rowSplits()[row + 1]; i++) {
                        weights.add(ids.weights()[i]);
                    }
                }
            } else {
                line.put(name, encoded.dense(name).values()[row]);
            }
        }
        labels.ifPresent(l -> {
            if (l.numbers().length > 0) {
                line.put(LABEL, l.numbers()[row]);
            } else {
                line.put(LABEL, l.classes()[row]);
            }
        });
        return line;
    }

    /// A row as a tf.Example.
    Example example(int row) {
        Map<String, Feature> features = new LinkedHashMap<>();
        for (var column : schema.columns()) {
            String name = column.name();
            if (encoded.column(name) instanceof EncodedColumn.Ids ids) {
                int from = ids.rowSplits()[row];
                int to = ids.rowSplits()[row + 1];
                features.put(name, Feature.of(Arrays.copyOfRange(ids.ids(), from, to)));
                if (ids.weights().length > 0) {
                    features.put(weightsOf(name), Feature.of(Arrays.copyOfRange(ids.weights(), from, to)));
                }
            } else {
                features.put(name, Feature.of(encoded.dense(name).values()[row]));
            }
        }
        labels.ifPresent(l -> features.put(
                LABEL, l.numbers().length > 0 ? Feature.of(l.numbers()[row]) : Feature.of(l.classes()[row])));
        return Example.of(features);
    }
}
