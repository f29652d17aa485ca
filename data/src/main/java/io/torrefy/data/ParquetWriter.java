package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Writes a Parquet file of flat columns and columns of lists, PLAIN-encoded, a data page a column and row group, each
/// with its CRC. Rows gather in memory, up to 16 MiB of them; the file lies beside its place and takes its name when
/// the writer is closed after [#finish], so nobody finds half a file. Not thread-safe.
///
/// The format is that of Apache Parquet, `parquet.thrift`; the numbers of its fields are in the methods that write
/// them.
@Export(value = "data.ParquetWriter", since = "0.1")
public final class ParquetWriter implements AutoCloseable {
    /// How pages are compressed.
    public enum Codec {
        NONE(0),
        GZIP(2);

        final int number;

        Codec(int number) {
            this.number = number;
        }
    }

    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final long GROUP_BYTES = 16 << 20;
    private static final int PLAIN = 0;
    private static final int RLE = 3;
    private static final int OPTIONAL = 1;
    private static final int REPEATED = 2;

    private final Path file;
    private final Path unfinished;
    private final Map<String, ParquetColumn> columns;
    private final Codec codec;
    private final OutputStream out;
    private final List<Group> groups = new ArrayList<>();
    private Map<String, ParquetChunk> chunks = new LinkedHashMap<>();
    private long written;
    private long rows;
    private long rowsBefore;
    private boolean open = true;
    private boolean failed;

    /// A column of a row group in the file.
    private record Page(String name, long offset, int values, long plainBytes, long bytes) {}

    private record Group(List<Page> pages, long rows) {}

    private ParquetWriter(Path file, Map<String, ParquetColumn> columns, Codec codec) throws IOException {
        if (columns.isEmpty() || columns.containsKey("")) {
            throw new IllegalArgumentException(
                    "[parquet] expected columns, each with a name; got " + columns.keySet() + ".");
        }
        this.file = file;
        this.columns = new LinkedHashMap<>(columns);
        this.codec = codec;
        this.unfinished = UnfinishedFiles.beside(file);
        this.out = new BufferedOutputStream(Files.newOutputStream(unfinished), 1 << 16);
    }

    /// A file of those columns, in that order.
    public static ParquetWriter create(Path file, Map<String, ParquetColumn> columns, Codec codec) throws IOException {
        var writer = new ParquetWriter(file, columns, codec);
        writer.put(MAGIC);
        writer.beginGroup();
        return writer;
    }

    /// Appends a row; a column that `values` lacks is missing.
    ///
    /// @throws IllegalArgumentException that names row and column of a value that the column does not hold, or
    ///     names that are no columns; after it the writer can only be closed
    public void write(Map<String, ? extends @Nullable Object> values) throws IOException {
        requireSound();
        rows++;
        var unknown = values.keySet().stream()
                .filter(name -> !columns.containsKey(name))
                .sorted()
                .toList();
        if (!unknown.isEmpty()) {
            throw bad("values for columns " + columns.keySet(), unknown.toString());
        }
        long size = 0;
        for (var chunk : chunks.entrySet()) {
            Object value = values.get(chunk.getKey());
            if (!chunk.getValue().add(value)) {
                throw bad(columns.get(chunk.getKey()) + " in column \"" + chunk.getKey() + "\"", Row.describe(value));
            }
            size += chunk.getValue().size();
        }
        if (size >= GROUP_BYTES) {
            endGroup();
            beginGroup();
        }
    }

    /// Columns of which some have a row more than others make no file.
    private void requireSound() {
        if (failed || !open) {
            throw new IllegalStateException("[parquet] expected an open writer that has not failed; " + file + " is "
                    + (failed ? "left out after an error." : "closed."));
        }
    }

    private IllegalArgumentException bad(String expected, String got) {
        failed = true;
        return new IllegalArgumentException(
                "[parquet] " + file + ", row " + rows + ": expected " + expected + "; got " + got + ".");
    }

    private void beginGroup() {
        rowsBefore = rows;
        chunks = new LinkedHashMap<>();
        columns.forEach((name, column) -> chunks.put(name, new ParquetChunk(column)));
    }

    private void endGroup() throws IOException {
        if (rows == rowsBefore) {
            return;
        }
        var pages = new ArrayList<Page>();
        for (var chunk : chunks.entrySet()) {
            pages.add(put(chunk.getKey(), chunk.getValue()));
        }
        groups.add(new Group(pages, rows - rowsBefore));
    }

    private Page put(String name, ParquetChunk chunk) throws IOException {
        byte[] plain = chunk.page();
        byte[] data = compressed(plain);
        byte[] header = pageHeader(chunk.count(), plain.length, data);
        long offset = written;
        put(header);
        put(data);
        return new Page(
                name, offset, chunk.count(), (long) header.length + plain.length, (long) header.length + data.length);
    }

    private byte[] compressed(byte[] plain) throws IOException {
        if (codec == Codec.NONE) {
            return plain;
        }
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(plain);
        }
        return bytes.toByteArray();
    }

    private void put(byte[] bytes) throws IOException {
        try {
            out.write(bytes);
            written += bytes.length;
        } catch (IOException e) {
            throw new IOException("[parquet] could not write " + file + ": " + e.getMessage(), e);
        }
    }

    /// `PageHeader` with a `DataPageHeader`.
    private static byte[] pageHeader(int values, int plainBytes, byte[] data) {
        var crc = new CRC32();
        crc.update(data);
        return new CompactThrift()
                .i32(1, 0)
                .i32(2, plainBytes)
                .i32(3, data.length)
                .i32(4, (int) crc.getValue())
                .begin(5)
                .i32(1, values)
                .i32(2, PLAIN)
                .i32(3, RLE)
                .i32(4, RLE)
                .end()
                .bytes();
    }

    /// `FileMetaData`.
    private byte[] footer() {
        var footer = new CompactThrift().i32(1, 1);
        int elements =
                1 + columns.values().stream().mapToInt(c -> c.list() ? 3 : 1).sum();
        footer.structList(2, elements);
        footer.beginElement().string(4, "schema").i32(5, columns.size()).end();
        columns.forEach((name, column) -> schema(footer, name, column));
        footer.i64(3, rows).structList(4, groups.size());
        groups.forEach(group -> group(footer, group));
        return footer.string(6, "torrefy").bytes();
    }

    /// `SchemaElement`s: one, or the three of a list.
    private static void schema(CompactThrift footer, String name, ParquetColumn column) {
        if (!column.list()) {
            leaf(footer, name, column.type());
            return;
        }
        int list = 3;
        footer.beginElement().i32(3, OPTIONAL).string(4, name).i32(5, 1).i32(6, list);
        footer.begin(10).begin(3).end().end().end();
        footer.beginElement().i32(3, REPEATED).string(4, "list").i32(5, 1).end();
        leaf(footer, "element", column.type());
    }

    private static void leaf(CompactThrift footer, String name, ParquetColumn.Type type) {
        footer.beginElement().i32(1, type.physical).i32(3, OPTIONAL).string(4, name);
        if (type == ParquetColumn.Type.STRING) {
            int utf8 = 0;
            footer.i32(6, utf8).begin(10).begin(1).end().end();
        }
        footer.end();
    }

    /// `RowGroup` with its `ColumnChunk`s and their `ColumnMetaData`.
    private void group(CompactThrift footer, Group group) {
        footer.beginElement().structList(1, group.pages().size());
        for (Page page : group.pages()) {
            var column = columns.getOrDefault(page.name(), ParquetColumn.of(ParquetColumn.Type.STRING));
            footer.beginElement().i64(2, page.offset()).begin(3);
            footer.i32(1, column.type().physical)
                    .i32List(2, PLAIN, RLE)
                    .stringList(3, column.list() ? List.of(page.name(), "list", "element") : List.of(page.name()))
                    .i32(4, codec.number)
                    .i64(5, page.values())
                    .i64(6, page.plainBytes())
                    .i64(7, page.bytes())
                    .i64(9, page.offset());
            footer.end().end();
        }
        footer.i64(2, group.pages().stream().mapToLong(Page::plainBytes).sum())
                .i64(3, group.rows())
                .end();
    }

    /// Writes what waits and the footer, gives the file its name, in the place of one that was there, and closes.
    public void finish() throws IOException {
        requireSound();
        endGroup();
        byte[] footer = footer();
        put(footer);
        put(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(footer.length)
                .array());
        put(MAGIC);
        out.close();
        open = false;
        UnfinishedFiles.move(unfinished, file);
    }

    /// Closes; a file that was not finished goes.
    @Override
    public void close() throws IOException {
        if (open) {
            open = false;
            try (out) {
                Files.deleteIfExists(unfinished);
            }
        }
    }
}
