package io.torrefy.tensor;

import io.torrefy.export.Export;

/// A registered hook; closing it removes it.
@FunctionalInterface
@Export(value = "autograd.Hook", since = "0.1")
public interface Hook extends AutoCloseable {
    @Override
    void close();
}
