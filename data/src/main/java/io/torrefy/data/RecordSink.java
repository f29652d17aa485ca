package io.torrefy.data;

import java.io.IOException;

/// What takes records in their order: a file, or the shards of one.
@FunctionalInterface
public interface RecordSink {
    /// Takes one record, which may be empty.
    void write(byte[] data) throws IOException;
}
