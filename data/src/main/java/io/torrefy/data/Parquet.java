package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Reads Parquet files without Hadoop: flat columns, lists, maps and structs, dictionary-encoded or not, uncompressed
/// or in Snappy, GZIP or Zstandard.
///
/// All integers become `Long`, `FLOAT`, `DOUBLE` and decimals `Double`, strings `String`, raw bytes `byte[]`, lists
/// `List`, structs and maps `Map` (a map's keys as text), or, where [#mapsAsLists] asks for it, two lists; dates, times
/// and time stamps become their ISO 8601 text. An unsigned integer from 2^63 on is an error, and text that is no UTF-8.
///
/// One page of each column is held at a time, of at most an eighth of the heap (24 MB in a small one), and one row, of
/// at most a quarter: what needs more is an error, as is a file that is damaged, a [MalformedDataException] that names
/// the file, the row, and the byte where the page starts. Counts, sizes, levels and checksums are held against each
/// other; what a page without a checksum says of its values is believed.
@Export(value = "data.Parquet", since = "0.1")
public final class Parquet implements RecordSource<Row> {
    private final List<String> columns;
    private final boolean mapsAsLists;

    private Parquet(List<String> columns, boolean mapsAsLists) {
        this.columns = columns;
        this.mapsAsLists = mapsAsLists;
    }

    /// All columns.
    public static Parquet rows() {
        return new Parquet(List.of(), false);
    }

    /// Some columns, the others are not even read.
    public static Parquet columns(String... names) {
        return new Parquet(List.of(names), false);
    }

    /// With each column `m` of maps as two fields, `m.key` and `m.value`: lists of the same length, which
    /// tf.Examples can hold. Maps within lists and structs stay objects.
    public Parquet mapsAsLists() {
        return new Parquet(columns, true);
    }

    /// All rows of `file`.
    public static List<Row> read(Path file) throws IOException {
        return Records.read(rows(), file);
    }

    /// The rows of `file`, read as they are asked for; close the stream. Reading may throw
    /// [java.io.UncheckedIOException].
    public static Stream<Row> stream(Path file) throws IOException {
        return Records.stream(rows(), file);
    }

    /// How many rows `file` has, from its footer.
    public static long count(Path file) throws IOException {
        return ParquetRows.count(file);
    }

    @Override
    public Reader<Row> open(Path file, Position from) throws IOException {
        return ParquetRows.open(file, columns, mapsAsLists, from.offset());
    }

    @Override
    public String name() {
        return "parquet";
    }
}
