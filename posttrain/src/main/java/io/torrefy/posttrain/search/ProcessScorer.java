package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import java.util.List;

/// How good a solution is so far: a process reward model, a rule, or any function of a partial text.
@Export(value = "posttrain.search.ProcessScorer", since = "0.1")
@FunctionalInterface
public interface ProcessScorer extends AutoCloseable {
    /// A score from 0 to 1 for every draft, whole or not. 1 on a draft that is over says that none can be better.
    ///
    /// @param session of these drafts, for scorers that write on
    double[] score(Session session, List<Draft> drafts);

    /// Whether it asks the task's verifier, which may know the answer. Such a search is for training, and an upper
    /// bound of what another scorer could do; nobody can serve it, except where the verifier needs the question
    /// alone, as Countdown's does.
    default boolean asksVerifier() {
        return false;
    }

    /// Gives back what it holds, such as a model's memory.
    @Override
    default void close() {}
}
