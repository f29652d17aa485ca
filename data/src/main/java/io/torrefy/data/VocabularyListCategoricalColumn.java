package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.data.internal.WordChecks;
import io.torrefy.export.Export;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// Strings or integers by their place in a list. Others get `defaultValue`, or one of `numOovBuckets` ids behind the
/// list by their hash.
///
/// @param key the raw feature
/// @param vocabularyList strings, or integers (kept as `Long`), no two the same
/// @param dtype string or an integer, as the list
/// @param defaultValue the id of an unknown value; -1 is none
/// @param numOovBuckets how many ids unknown values share; not together with a default
@Export(value = "feature_column.VocabularyListCategoricalColumn", since = "0.1")
public record VocabularyListCategoricalColumn(
        String key, List<?> vocabularyList, FeatureType dtype, long defaultValue, int numOovBuckets)
        implements CategoricalColumn {
    public VocabularyListCategoricalColumn {
        vocabularyList = vocabularyList.stream()
                .map(v ->
                        v instanceof Integer || v instanceof Short || v instanceof Byte ? ((Number) v).longValue() : v)
                .toList();
        Class<?> wanted = dtype == FeatureType.STRING ? String.class : Long.class;
        String column = ", column_name: " + key;
        var problems = Problems.of("categoricalColumnWithVocabularyList")
                .expect(!vocabularyList.isEmpty(), "a vocabulary_list that is non-empty" + column, vocabularyList)
                .expect(
                        new HashSet<Object>(vocabularyList).size() == vocabularyList.size(),
                        "no duplicate keys in vocabulary_list" + column,
                        duplicates(vocabularyList));
        WordChecks.unknown(problems, key, numOovBuckets, defaultValue);
        WordChecks.type(problems, key, dtype);
        problems.expect(
                        vocabularyList.stream().allMatch(wanted::isInstance),
                        "a vocabulary whose dtype matches " + dtype.typeName() + column,
                        vocabularyList.stream()
                                .filter(v -> !wanted.isInstance(v))
                                .limit(3)
                                .toList())
                .raise();
    }

    private static List<Object> duplicates(List<?> values) {
        var seen = new HashSet<Object>();
        var twice = new LinkedHashSet<Object>();
        values.stream().filter(v -> !seen.add(v)).forEach(twice::add);
        return twice.stream().limit(5).toList();
    }

    @Override
    public String name() {
        return key;
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return Map.of(key, Specs.varLen(dtype));
    }

    @Override
    public long numBuckets() {
        return vocabularyList.size() + (long) numOovBuckets;
    }
}
