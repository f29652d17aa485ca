package io.torrefy.app;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Which model a command runs.
final class ModelOption {
    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Folder with config.json, model.safetensors and tokenizer.json. Default: the base model that"
                    + " ships.")
    private Optional<Path> folder = Optional.empty();

    Path folder() {
        return folder.orElseGet(Home::baseModel);
    }

    Loaded load() {
        return Loaded.from(folder());
    }
}
