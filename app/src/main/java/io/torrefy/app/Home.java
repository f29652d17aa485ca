package io.torrefy.app;

import java.nio.file.Path;

/// The checkout that the launcher runs from.
final class Home {
    private Home() {}

    /// The folder that `./torrefy` lies in; without the launcher, the working directory.
    static Path folder() {
        return Path.of(System.getProperty("torrefy.home", ""));
    }

    /// The base model that ships.
    static Path baseModel() {
        return folder().resolve("models").resolve("base");
    }
}
