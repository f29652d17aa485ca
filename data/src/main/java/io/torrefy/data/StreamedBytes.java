package io.torrefy.data;

import java.io.IOException;
import java.io.InputStream;

/// Bytes of what cannot be mapped: pipes and devices.
final class StreamedBytes implements RecordBytes {
    private final InputStream in;
    private long consumed;

    StreamedBytes(InputStream in) {
        this.in = in;
    }

    @Override
    public int read(byte[] target, int at, int length) throws IOException {
        int n = in.read(target, at, length);
        consumed += Math.max(n, 0);
        return n;
    }

    @Override
    public long left() {
        return Long.MAX_VALUE;
    }

    @Override
    public long consumed() {
        return consumed;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
