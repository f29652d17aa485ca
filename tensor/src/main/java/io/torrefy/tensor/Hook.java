package io.torrefy.tensor;

/// A registered hook; closing it removes it.
@FunctionalInterface
public interface Hook extends AutoCloseable {
    @Override
    void close();
}
