package io.torrefy.posttrain.search;

import io.torrefy.export.Export;

/// A way to find a solution with a model: how many texts to write, which of them to write on, and which to believe.
/// Implementations are values; the same session gives the same solution on any number of threads.
@Export(value = "posttrain.search.Search", since = "0.1")
public interface Search extends AutoCloseable {
    /// The solution that it settles on.
    Solution solve(Session session);

    /// Whether it asks the task's verifier, as [ProcessScorer#asksVerifier] says.
    default boolean asksVerifier() {
        return false;
    }

    /// Closes its scorer, if it has one.
    @Override
    default void close() {}
}
