package io.torrefy.data;

import io.torrefy.export.Export;
import java.nio.file.Path;

/// A file whose contents are not what its format promises. The message names the file and the place in it.
@Export(value = "data.MalformedDataException", since = "0.1")
public class MalformedDataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final long position;

    /// `position` is a line number (from 1) in text formats and a byte offset in binary ones.
    public MalformedDataException(Path file, long position, String message) {
        super(message);
        this.file = file;
        this.position = position;
    }

    /// The file that is malformed.
    public Path file() {
        return file;
    }

    /// The line number (from 1) in text formats, the byte offset in binary ones.
    public long position() {
        return position;
    }
}
