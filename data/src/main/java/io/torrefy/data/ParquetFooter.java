package io.torrefy.data;

import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.FileMetaData;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.schema.ColumnSchema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Whether the numbers in the footer of a Parquet file agree with each other and with the file. No checksum covers
/// them, and a count that is wrong would leave rows out in silence or make a reader take memory for rows that are not
/// there.
final class ParquetFooter {
    /// The magic number at the start, and at the end with the length of the footer.
    private static final int HEAD = 4;

    private static final int TAIL = 8;

    private ParquetFooter() {}

    /// @throws IllegalStateException that says what does not agree
    static void check(ParquetFileReader reader, Path file) throws IOException {
        long length = Files.size(file);
        FileMetaData footer = reader.getFileMetaData();
        List<ColumnSchema> columns = reader.getFileSchema().getColumns();
        long rows = 0;
        for (RowGroup group : footer.rowGroups()) {
            require(group.numRows() >= 0, "a row group of " + group.numRows() + " rows");
            rows += group.numRows();
            require(
                    group.columns().size() == columns.size(),
                    "a row group of " + group.columns().size() + " columns, with " + columns.size() + " in the schema");
            for (int i = 0; i < columns.size(); i++) {
                check(group.columns().get(i), columns.get(i), group.numRows(), length);
            }
        }
        require(rows == footer.numRows(), footer.numRows() + " rows, with " + rows + " in the row groups");
        // The fields that count rows can be lost together, as a field number is the difference to the one before.
        require(
                !footer.rowGroups().isEmpty() || length - TAIL - footerLength(file, length) == HEAD,
                "no row group, in a file that holds pages");
    }

    private static int footerLength(Path file, long length) throws IOException {
        var tail = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (var channel = FileChannel.open(file)) {
            while (tail.hasRemaining() && channel.read(tail, length - TAIL + tail.position()) >= 0) {
                // until the number is there
            }
        }
        return tail.getInt(0);
    }

    /// A column of single values has as many as there are rows, one of lists at least that many.
    private static void check(ColumnChunk chunk, ColumnSchema column, long rows, long length) {
        long values = chunk.metaData().numValues();
        require(
                column.maxRepetitionLevel() == 0 ? values == rows : values >= rows,
                values + " values of column \"" + column.name() + "\" in " + rows + " rows");
        long from = chunk.chunkStartOffset();
        long bytes = chunk.metaData().totalCompressedSize();
        require(
                from >= HEAD && bytes >= 0 && from <= length - TAIL - bytes,
                bytes + " bytes of column \"" + column.name() + "\" at " + from + " of " + length);
    }

    private static void require(boolean sound, String got) {
        if (!sound) {
            throw new IllegalStateException("metadata of " + got);
        }
    }
}
