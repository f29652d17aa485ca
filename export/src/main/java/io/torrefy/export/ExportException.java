package io.torrefy.export;

/// A name that is not exported, or cannot be used the way it was; or an index that cannot be read.
@Export(value = "export.ExportException", since = "0.1")
public final class ExportException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public ExportException(String message) {
        super(message);
    }

    public ExportException(String message, Throwable cause) {
        super(message, cause);
    }
}
