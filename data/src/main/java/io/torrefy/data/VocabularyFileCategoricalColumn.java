package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.data.internal.WordChecks;
import io.torrefy.export.Export;
import java.util.Map;

/// Strings or integers by their line in a file, as [VocabularyListCategoricalColumn] does it with a list. The file is
/// read when an encoder is made.
///
/// @param key the raw feature
/// @param vocabularyFile one entry a line, or one a record
/// @param vocabularySize how many entries count, from the first
/// @param numOovBuckets how many ids unknown values share; not together with a default
/// @param dtype string or an integer
/// @param defaultValue the id of an unknown value; -1 is none
/// @param fileFormat `text`, or `tfrecord_gzip`: a compressed TFRecord file
@Export(value = "feature_column.VocabularyFileCategoricalColumn", since = "0.1")
public record VocabularyFileCategoricalColumn(
        String key,
        String vocabularyFile,
        long vocabularySize,
        int numOovBuckets,
        FeatureType dtype,
        long defaultValue,
        String fileFormat)
        implements CategoricalColumn {
    /// The format of compressed TFRecord files.
    public static final String TFRECORD_GZIP = "tfrecord_gzip";
    /// The format of lines of text.
    public static final String TEXT = "text";

    public VocabularyFileCategoricalColumn {
        var problems = Problems.of("categoricalColumnWithVocabularyFile")
                .expect(!vocabularyFile.isEmpty(), "a vocabulary_file in " + key, "none")
                .expect(
                        fileFormat.equals(TEXT) || fileFormat.equals(TFRECORD_GZIP),
                        "a file_format of text or tfrecord_gzip in " + key,
                        fileFormat)
                .expect(
                        vocabularySize >= 1 && vocabularySize <= Integer.MAX_VALUE - 8,
                        "a vocabulary_size of at least 1 in " + key,
                        vocabularySize);
        WordChecks.unknown(problems, key, numOovBuckets, defaultValue);
        WordChecks.type(problems, key, dtype);
        problems.raise();
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
        return vocabularySize + numOovBuckets;
    }
}
