package io.torrefy.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// A Parquet file with what its footer says. No checksum covers the footer, so its numbers have to agree with each
/// other and with the file: a count that is wrong would leave rows out in silence or make a reader take memory for rows
/// that are not there. Numbers of fields are those of `parquet.thrift`.
final class ParquetFile implements AutoCloseable {
    /// The magic number at the start, and at the end with the length of the footer.
    private static final int HEAD = 4;

    private static final int TAIL = 8;
    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ENCRYPTED = "PARE".getBytes(StandardCharsets.US_ASCII);

    private final FileChannel channel;
    private final long length;
    private final ParquetNode.Struct schema;
    private final List<Group> groups;

    /// A column of a row group.
    ///
    /// @param codec the number of the compression
    /// @param values how many, those that are missing too
    /// @param from where its pages start in the file
    record Chunk(String steps, int physical, int codec, long values, long from, long bytes) {}

    /// Rows, as a chunk for each column.
    record Group(List<Chunk> chunks, long rows) {}

    private record Footer(List<ParquetElement> schema, List<Group> groups, long rows) {}

    private ParquetFile(FileChannel channel) throws IOException {
        this.channel = channel;
        this.length = channel.size();
        ParquetFault.require(length >= HEAD + TAIL, "a Parquet file, of at least 12 bytes", length);
        var tail = ByteBuffer.wrap(read(length - TAIL, TAIL)).order(ByteOrder.LITTLE_ENDIAN);
        int size = tail.getInt();
        magic(read(0, HEAD), 0);
        magic(Arrays.copyOfRange(tail.array(), TAIL - HEAD, TAIL), length - HEAD);
        long start = length - TAIL - size;
        ParquetFault.require(
                size > 0 && start >= HEAD, "a footer in the file", size + " bytes of it at byte " + (length - TAIL));
        Footer footer = parse(read(start, size), start);
        this.schema = ParquetNode.schema(footer.schema());
        this.groups = footer.groups();
        check(footer, start);
    }

    /// @throws ParquetFault where the footer is damaged
    static ParquetFile open(Path file) throws IOException {
        var channel = FileChannel.open(file);
        try {
            return new ParquetFile(channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static void magic(byte[] found, long offset) {
        ParquetFault.require(
                !Arrays.equals(found, ENCRYPTED), "a file that is not encrypted", "\"PARE\" at byte " + offset);
        ParquetFault.require(
                Arrays.equals(found, MAGIC),
                "a Parquet file, with \"PAR1\" at its start and its end",
                Arrays.toString(found) + " at byte " + offset);
    }

    private static Footer parse(byte[] bytes, long start) {
        var in = new ThriftReader(bytes, bytes.length, start);
        try {
            return footer(in);
        } catch (ThriftReader.Cut e) {
            throw new ParquetFault("a whole footer", String.valueOf(e.getMessage()));
        }
    }

    /// `FileMetaData`.
    private static Footer footer(ThriftReader in) {
        var schema = new ArrayList<ParquetElement>();
        var groups = new ArrayList<Group>();
        long rows = -1;
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 2 -> {
                    for (int left = in.list(ThriftReader.STRUCT); left > 0; left--) {
                        schema.add(ParquetElement.read(in));
                    }
                }
                case 3 -> rows = in.i64();
                case 4 -> {
                    for (int left = in.list(ThriftReader.STRUCT); left > 0; left--) {
                        groups.add(group(in));
                    }
                }
                default -> in.skip();
            }
        }
        return new Footer(schema, groups, rows);
    }

    /// `RowGroup`.
    private static Group group(ThriftReader in) {
        var chunks = new ArrayList<Chunk>();
        long rows = -1;
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 1 -> {
                    for (int left = in.list(ThriftReader.STRUCT); left > 0; left--) {
                        chunks.add(chunk(in));
                    }
                }
                case 3 -> rows = in.i64();
                default -> in.skip();
            }
        }
        return new Group(chunks, rows);
    }

    /// `ColumnChunk`.
    private static Chunk chunk(ThriftReader in) {
        Chunk chunk = null;
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 1 -> throw new ParquetFault("all columns in the file", "one in \"" + in.string() + "\"");
                case 3 -> chunk = metadata(in);
                case 8, 9 -> throw new ParquetFault("columns that are not encrypted", "one that is");
                default -> in.skip();
            }
        }
        if (chunk == null) {
            throw new ParquetFault("metadata for each column", "none");
        }
        return chunk;
    }

    /// `ColumnMetaData`.
    private static Chunk metadata(ThriftReader in) {
        in.requireStruct();
        int physical = -1;
        var steps = new ArrayList<String>();
        int codec = -1;
        long values = -1;
        long bytes = -1;
        long data = -1;
        long dictionary = 0;
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 1 -> physical = in.i32();
                case 3 -> {
                    for (int left = in.list(ThriftReader.BINARY); left > 0; left--) {
                        steps.add(in.element());
                    }
                }
                case 4 -> codec = in.i32();
                case 5 -> values = in.i64();
                case 7 -> bytes = in.i64();
                case 9 -> data = in.i64();
                case 11 -> dictionary = in.i64();
                default -> in.skip();
            }
        }
        return new Chunk(String.join(".", steps), physical, codec, values, dictionary > 0 ? dictionary : data, bytes);
    }

    private void check(Footer footer, long end) {
        var leaves = schema.leaves();
        long rows = 0;
        var chunks = new ArrayList<Chunk>();
        for (Group group : groups) {
            ParquetFault.require(
                    group.rows() >= 0 && group.rows() <= Long.MAX_VALUE - rows, "row groups of rows", group.rows());
            rows += group.rows();
            ParquetFault.require(
                    group.chunks().size() == leaves.size(),
                    "the " + leaves.size() + " columns of the schema in each row group",
                    group.chunks().size());
            for (int i = 0; i < leaves.size(); i++) {
                check(group.chunks().get(i), leaves.get(i), group.rows(), end);
            }
            chunks.addAll(group.chunks());
        }
        ParquetFault.require(rows == footer.rows(), "the " + rows + " rows that the row groups have", footer.rows());
        // The fields that count rows can be lost together, as a field number is the difference to the one before.
        ParquetFault.require(
                !groups.isEmpty() || end == HEAD, "row groups in a file that holds pages", "none in the footer");
        ParquetFault.require(rows == 0 || !leaves.isEmpty(), "columns for " + rows + " rows", "none in the schema");
        checkApart(chunks);
    }

    /// A column of single values has as many as there are rows, one of lists at least that many.
    private static void check(Chunk chunk, ParquetNode.Leaf leaf, long rows, long end) {
        String column = " in column \"" + leaf.path() + "\"";
        ParquetFault.require(
                chunk.steps().equals(leaf.steps())
                        && chunk.physical() == leaf.type().physical().ordinal(),
                "the pages of " + leaf.steps() + " of type "
                        + leaf.type().physical().ordinal(),
                "those of " + chunk.steps() + " of type " + chunk.physical());
        long values = chunk.values();
        ParquetFault.require(
                leaf.repetition() == 0 ? values == rows : values >= rows,
                (leaf.repetition() == 0 ? "" : "at least ") + rows + " values, one for each row" + column,
                values);
        ParquetFault.require(
                chunk.from() >= HEAD && chunk.bytes() >= 0 && chunk.from() <= end - chunk.bytes(),
                "pages between byte " + HEAD + " and the footer at byte " + end + column,
                chunk.bytes() + " bytes of them at byte " + chunk.from());
    }

    /// Two columns in the same bytes: one of them would show the values of the other.
    private static void checkApart(List<Chunk> chunks) {
        chunks.sort(Comparator.comparingLong(Chunk::from));
        for (int i = 1; i < chunks.size(); i++) {
            var before = chunks.get(i - 1);
            ParquetFault.require(
                    before.from() + before.bytes() <= chunks.get(i).from(),
                    "columns in bytes of their own",
                    "\"" + before.steps() + "\" and \"" + chunks.get(i).steps() + "\" both at byte "
                            + chunks.get(i).from());
        }
    }

    ParquetNode.Struct schema() {
        return schema;
    }

    List<Group> groups() {
        return groups;
    }

    /// The bytes from `offset` on, which are in the file.
    byte[] read(long offset, int count) throws IOException {
        ParquetFault.require(
                offset >= 0 && count >= 0 && offset <= length - count,
                "bytes in a file of " + length,
                count + " at byte " + offset);
        var bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, offset + bytes.position()) < 0) {
                throw new ParquetFault("a file that stays as it is", "its end " + bytes.remaining() + " bytes early");
            }
        }
        return bytes.array();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
