package io.torrefy.lm;

/// A model folder that cannot be used; the message says what, where and what to do.
public final class ModelException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public ModelException(String message) {
        super(message);
    }

    public ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
