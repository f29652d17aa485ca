package io.torrefy.data;

import io.torrefy.export.Export;

/// A record that is no `tf.Example`, or one whose features are not what was asked for. The message names the feature,
/// the record and, where they are known, the file and the offset in it.
@Export(value = "data.ExampleException", since = "0.1")
public final class ExampleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ExampleException(String message) {
        super(message);
    }
}
