package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;

/// What takes records in their order: a file, or the shards of one.
@Export(value = "data.RecordSink", since = "0.1")
@FunctionalInterface
public interface RecordSink {
    /// Takes one record, which may be empty.
    void write(byte[] data) throws IOException;
}
