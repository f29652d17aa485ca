package io.torrefy.posttrain.search;

import io.torrefy.export.Export;

/// The most likely token each time: one completion, no choice.
@Export(value = "posttrain.search.Greedy", since = "0.1")
public record Greedy() implements Search {
    /// The most likely token each time.
    @Export(value = "posttrain.search.greedy", since = "0.1")
    public static Greedy of() {
        return new Greedy();
    }

    @Override
    public Solution solve(Session session) {
        Draft draft = session.extend(session.start(1), 0, "").getFirst();
        return new Solution(draft, draft.logProb());
    }
}
