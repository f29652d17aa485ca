package io.torrefy.export;

/// What may be expected of an exported name. Names follow the API Guardian.
@Export(value = "export.Status", since = "0.1")
public enum Status {
    /// Changes only with a deprecation of one minor release.
    STABLE,
    /// Stays as it is in this minor release.
    MAINTAINED,
    /// May change at any time.
    EXPERIMENTAL,
    /// Will go.
    DEPRECATED
}
