package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Datasets of files.
@Export(value = "data.Datasets", since = "0.1")
public final class Datasets {
    private static final int HEAD = 16;
    /// Of formats that only names tell.
    private static final Predicate<byte[]> NEVER = _ -> false;

    private Datasets() {}

    /// The lines of plain text files, one file after the other.
    public static Dataset<String> text(Path... files) {
        return Dataset.files(TextLines.lines(), List.of(files));
    }

    /// The records of JSON Lines files.
    public static Dataset<JsonLines.Line> jsonl(Path... files) {
        return Dataset.files(JsonLines.lines(), List.of(files));
    }

    /// The rows of CSV files in one format.
    public static Dataset<Row> csv(CsvFormat format, Path... files) {
        return Dataset.files(Csv.of(format), List.of(files));
    }

    /// The rows of Parquet files.
    public static Dataset<Row> parquet(Path... files) {
        return Dataset.files(Parquet.rows(), List.of(files));
    }

    /// The records of TFRecord files, as bytes.
    public static Dataset<byte[]> tfRecords(Path... files) {
        return Dataset.files(TfRecordSource.records(), List.of(files));
    }

    /// The rows of files whose format their suffixes tell, or else their first bytes. Formats are `.jsonl` and
    /// `.ndjson`, `.csv` and `.tsv` (with a header line and inferred types), `.parquet`, `.txt` (rows of one field
    /// `text`),
    /// `.tfrecord` (rows of one field `record`, bytes), and those of [RecordFormat] services.
    ///
    /// @throws IllegalArgumentException that names the suffixes there are, for each file of an unknown one
    public static Dataset<Row> open(Path... files) {
        requireKnown(List.of(files));
        var parts = Arrays.stream(files)
                .map(file -> Dataset.files(format(file).orElseThrow().rows(), List.of(file)))
                .toList();
        return parts.size() == 1 ? parts.getFirst() : Dataset.interleave(parts, 1, 1);
    }

    /// Rows of texts to train on: as [#open], but cells of CSV stay the text that they are, and records of
    /// `.tfrecord` files are taken for tf.Examples, whose features are the fields (see [ExampleRows]).
    ///
    /// @param seed of the order in which files are read, another one in every epoch; empty: as listed
    /// @throws IllegalArgumentException as [#open] does, and where there is no file
    public static Dataset<Row> texts(OptionalLong seed, List<Path> files) {
        if (files.isEmpty()) {
            throw new IllegalArgumentException("[dataset] expected at least one file; got none.");
        }
        requireKnown(files);
        return Dataset.files(new TextRows(), files, 1, 1, seed);
    }

    /// The format of `file`, where its name (of a shard, without `-00003-of-00010`) or its first bytes tell.
    public static Optional<RecordFormat> format(Path file) {
        return named(String.valueOf(file.getFileName())).or(() -> {
            byte[] head = head(file);
            return formats().stream().filter(format -> format.matches(head)).findFirst();
        });
    }

    /// The format of files of that name, where the name tells; a shard's (`x.csv-00003-of-00010`) too.
    public static Optional<RecordFormat> named(String fileName) {
        String name = Shards.stem(fileName).toLowerCase(Locale.ROOT);
        return formats().stream()
                .filter(format -> format.suffixes().stream().anyMatch(name::endsWith))
                .findFirst();
    }

    private static void requireKnown(List<Path> files) {
        var unknown = files.stream().filter(file -> format(file).isEmpty()).toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "[dataset] expected files that end in one of " + suffixes() + "; got " + unknown + ".");
        }
    }

    private static byte[] head(Path file) {
        if (!Files.isRegularFile(file)) {
            return new byte[0];
        }
        try (var in = Files.newInputStream(file)) {
            return in.readNBytes(HEAD);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> suffixes() {
        var suffixes = new TreeSet<String>();
        formats().forEach(format -> suffixes.addAll(format.suffixes()));
        return suffixes;
    }

    /// All formats that there are.
    public static List<RecordFormat> formats() {
        var tfRecord = new TfRecordFormat(TfRecordReader.Options.DEFAULT, Compression.NONE, 1);
        var formats = new ArrayList<RecordFormat>(List.of(
                new Known(
                        Set.of(".jsonl", ".ndjson"),
                        NEVER,
                        JsonLines.rows(),
                        JsonLines.rows(),
                        Optional.of(new JsonLinesFormat())),
                csv(".csv", CsvFormat.standard()),
                csv(".tsv", CsvFormat.tabs()),
                new Known(
                        Set.of(".parquet"),
                        Datasets::isParquet,
                        Parquet.rows(),
                        Parquet.rows(),
                        Optional.of(new ParquetTable(false))),
                new Known(
                        Set.of(".tfrecord", ".tfrecords", ".tfrecord.gz", ".tfrecords.gz"),
                        Datasets::isTfRecord,
                        mapped(TfRecordSource.records(), "record"),
                        new ExampleSource(TfRecordSource.records()),
                        Optional.of(tfRecord)),
                new Known(
                        Set.of(".txt"),
                        NEVER,
                        mapped(TextLines.lines(), "text"),
                        mapped(TextLines.lines(), "text"),
                        Optional.empty())));
        ServiceLoader.load(RecordFormat.class).forEach(formats::add);
        return formats;
    }

    private static RecordFormat csv(String suffix, CsvFormat format) {
        CsvFormat inferred = format.inferred();
        return new Known(Set.of(suffix), NEVER, Csv.of(inferred), Csv.of(format), Optional.of(new CsvTable(inferred)));
    }

    private static boolean isParquet(byte[] head) {
        return new String(head, StandardCharsets.ISO_8859_1).startsWith("PAR1");
    }

    /// A length with its checksum.
    private static boolean isTfRecord(byte[] head) {
        return head.length >= RecordFrame.HEADER && RecordFrame.lengthIsSound(head, 0);
    }

    /// Records as rows of one field.
    private static <T> RecordSource<Row> mapped(RecordSource<T> source, String field) {
        return new RecordSource<>() {
            @Override
            public Reader<Row> open(Path file, Position from) throws IOException {
                return new OneField<>(file, field, source.open(file, from));
            }

            @Override
            public String name() {
                return source.name();
            }
        };
    }

    private record OneField<T>(Path file, String field, RecordSource.Reader<T> records)
            implements RecordSource.Reader<Row> {
        @Override
        public Optional<RecordSource.Numbered<Row>> next() throws IOException {
            return records.next().map(one -> new RecordSource.Numbered<>(one.number(), row(one)));
        }

        private Row row(RecordSource.Numbered<T> one) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            values.put(field, one.value());
            return new Row(file, one.number(), values);
        }

        @Override
        public RecordSource.Position position() {
            return records.position();
        }

        @Override
        public void close() throws IOException {
            records.close();
        }
    }

    /// @param texts how the records are read as rows of texts
    private record Known(
            Set<String> suffixes,
            Predicate<byte[]> head,
            RecordSource<Row> rows,
            RecordSource<Row> texts,
            Optional<RowFormat> table)
            implements RecordFormat {
        @Override
        public boolean matches(byte[] bytes) {
            return head.test(bytes);
        }
    }

    /// Each file in its own format.
    private record TextRows() implements RecordSource<Row> {
        @Override
        public Reader<Row> open(Path file, Position from) throws IOException {
            RecordFormat format = format(file).orElseThrow();
            return (format instanceof Known known ? known.texts() : format.rows()).open(file, from);
        }

        @Override
        public String name() {
            return "texts";
        }
    }

    /// tf.Examples as rows.
    private record ExampleSource(RecordSource<byte[]> records) implements RecordSource<Row> {
        @Override
        public Reader<Row> open(Path file, Position from) throws IOException {
            Reader<byte[]> reader = records.open(file, from);
            return new Reader<>() {
                @Override
                public Optional<Numbered<Row>> next() throws IOException {
                    return reader.next().map(one -> new Numbered<>(one.number(), row(file, one)));
                }

                @Override
                public Position position() {
                    return reader.position();
                }

                @Override
                public void close() throws IOException {
                    reader.close();
                }
            };
        }

        private static Row row(Path file, Numbered<byte[]> one) {
            try {
                return new Row(file, one.number(), ExampleRows.toRow(Example.parse(one.value())));
            } catch (ExampleException e) {
                throw new MalformedDataException(
                        file,
                        one.number(),
                        "[dataset] expected a tf.Example in record " + one.number() + " of " + file + "; got "
                                + e.getMessage());
            }
        }

        @Override
        public String name() {
            return "examples";
        }
    }
}
