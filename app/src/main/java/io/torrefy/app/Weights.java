package io.torrefy.app;

import io.torrefy.posttrain.RunFolder;
import java.io.IOException;
import java.nio.file.Path;

/// What a run trains: it goes into checkpoints, comes back from them, and is what the run leaves behind.
interface Weights extends AutoCloseable {
    /// Writes it into a checkpoint's folder.
    void save(Path folder) throws IOException;

    /// Takes the values of a checkpoint.
    void restore(Path folder) throws IOException;

    /// Leaves the result in the run's folder. The last thing that is done with it.
    void publish(RunFolder run) throws IOException;

    @Override
    void close();
}
