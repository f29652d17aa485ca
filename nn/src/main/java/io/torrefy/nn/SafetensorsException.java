package io.torrefy.nn;

import io.torrefy.export.Export;
import java.nio.file.Path;
import java.util.Optional;

/// A checkpoint that is not what the safetensors format promises. The message names the file and, where the fault is
/// one tensor's, the tensor.
@Export(value = "nn.SafetensorsException", since = "0.1")
public final class SafetensorsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final String tensor;

    SafetensorsException(Path file, String tensor, String problem) {
        super("[safetensors] " + file + (tensor.isEmpty() ? "" : ", tensor \"" + tensor + "\"") + ": " + problem);
        this.file = file;
        this.tensor = tensor;
    }

    /// The file that is malformed or missing.
    public Path file() {
        return file;
    }

    /// The tensor that the fault is about.
    public Optional<String> tensor() {
        return tensor.isEmpty() ? Optional.empty() : Optional.of(tensor);
    }
}
