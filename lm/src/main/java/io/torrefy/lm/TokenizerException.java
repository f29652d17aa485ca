package io.torrefy.lm;

import io.torrefy.export.Export;

/// A tokenizer that cannot be read, cannot be trained, or does not fit what it is asked to do. The message says what
/// was expected, what was found, and what to do.
@Export(value = "lm.TokenizerException", since = "0.1")
public final class TokenizerException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// With a full message.
    public TokenizerException(String message) {
        super(message);
    }

    /// With a full message and what caused it.
    public TokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
