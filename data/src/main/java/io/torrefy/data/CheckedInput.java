package io.torrefy.data;

import dev.hardwood.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// A file for Hardwood that refuses ranges which are not in it. Where the metadata of a damaged file promise more bytes
/// than there are, Hardwood asks for empty ranges for ever.
final class CheckedInput implements InputFile {
    private final InputFile input;

    CheckedInput(Path file) {
        this.input = InputFile.of(file);
    }

    @Override
    public void open() throws IOException {
        input.open();
    }

    @Override
    public ByteBuffer readRange(long offset, int length) throws IOException {
        long size = input.length();
        if (offset < 0 || length <= 0 || offset > size - length) {
            throw new IOException("metadata that point to " + length + " bytes at " + offset + " of " + size);
        }
        return input.readRange(offset, length);
    }

    @Override
    public long length() throws IOException {
        return input.length();
    }

    @Override
    public String name() {
        return input.name();
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
