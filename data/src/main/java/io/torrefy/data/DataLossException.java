package io.torrefy.data;

import io.torrefy.export.Export;
import java.nio.file.Path;

/// Damage in a record file: a checksum that does not match, a record cut short, a length that cannot be. The message
/// names the file, the number of the record and its offset; [#position] is that offset.
@Export(value = "data.DataLossException", since = "0.1")
public final class DataLossException extends MalformedDataException {
    private static final long serialVersionUID = 1L;

    private final long record;

    /// @param record the number of the damaged record, counted from 0 over the sound ones before it
    /// @param offset where it starts, in bytes (of the inflated data where the file is compressed)
    public DataLossException(Path file, long record, long offset, String message) {
        super(file, offset, message);
        this.record = record;
    }

    /// The number of the damaged record, counted from 0 over the sound ones before it.
    public long record() {
        return record;
    }
}
