package io.torrefy.lm;

import io.torrefy.export.Export;

/// A model folder that cannot be used; the message says what, where and what to do.
@Export(value = "lm.ModelException", since = "0.1")
public final class ModelException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public ModelException(String message) {
        super(message);
    }

    public ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
