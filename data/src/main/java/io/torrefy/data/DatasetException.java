package io.torrefy.data;

import io.torrefy.export.Export;

/// A stage of a [Dataset] that failed. The message names the stage and the record.
@Export(value = "data.DatasetException", since = "0.1")
public final class DatasetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DatasetException(String message) {
        super(message);
    }

    public DatasetException(String message, Throwable cause) {
        super(message, cause);
    }
}
