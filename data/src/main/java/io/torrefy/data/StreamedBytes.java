package io.torrefy.data;

import java.io.IOException;
import java.io.InputStream;

/// Bytes of what cannot be mapped: pipes and devices.
record StreamedBytes(InputStream in) implements RecordBytes {
    @Override
    public int read(byte[] target, int at, int length) throws IOException {
        return in.read(target, at, length);
    }

    @Override
    public long left() {
        return Long.MAX_VALUE;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
