package io.torrefy.data;

import io.torrefy.data.internal.Call;
import io.torrefy.data.internal.Cells;
import io.torrefy.data.internal.InputState;
import io.torrefy.data.internal.Nearest;
import io.torrefy.data.internal.Problems;
import java.util.ArrayList;
import java.util.List;

/// Guesses what a model is to see of each input.
final class SchemaInference {
    private static final int FEW_INTEGERS = 20;
    private static final int FEW_WORDS = 32;

    private SchemaInference() {}

    static FeatureSchema infer(FeatureBatch sample, String label) {
        Problems.of("infer")
                .expect(
                        label.isEmpty() || sample.find(label).isPresent(),
                        "a label among the inputs " + sample.features().keySet(),
                        "\"" + label + "\"",
                        Nearest.hint(label, sample.features().keySet()))
                .raise();
        List<SchemaFeature> all = new ArrayList<>();
        var call = new Call(sample, new ColumnBuffers());
        sample.features().forEach((name, data) -> {
            if (name.equals(label)) {
                all.add(SchemaFeature.label(name, type(data)));
            } else {
                infer(call.raw(name), type(data), all);
            }
        });
        return new FeatureSchema(all);
    }

    private static FieldType type(FeatureData data) {
        return switch (data.values()) {
            case FeatureValues.Strings _ -> FieldType.STRING;
            case FeatureValues.Longs _ -> FieldType.LONG;
            case FeatureValues.Floats _ -> FieldType.DOUBLE;
        };
    }

    private static void infer(Cells cells, FieldType type, List<SchemaFeature> all) {
        String name = cells.key();
        var state = new InputState(type, FitOptions.DEFAULT.maxValues(), FitOptions.DEFAULT.maxCharacters());
        state.add(cells, 0, cells.rows());
        if (state.values() == 0) {
            return;
        }
        int distinct = state.frequencies().entries().size();
        switch (state.type()) {
            case DOUBLE -> {
                if (state.most() == 1) {
                    all.add(SchemaFeature.standardize(name));
                }
            }
            case LONG -> {
                boolean few = distinct <= FEW_INTEGERS && 2L * distinct <= state.values();
                if (few || state.most() > 1) {
                    all.add(words(name, FieldType.LONG, distinct));
                } else {
                    all.add(SchemaFeature.standardize(name));
                }
            }
            case STRING -> {
                boolean mostlyDifferent = distinct > FEW_WORDS && 2L * distinct > state.values();
                all.add(mostlyDifferent ? SchemaFeature.hashed(name, 1000) : words(name, FieldType.STRING, distinct));
            }
        }
    }

    private static SchemaFeature words(String name, FieldType type, int distinct) {
        var words = SchemaFeature.vocabulary(name, type);
        return distinct > FEW_WORDS ? words.embedding(8) : words;
    }
}
