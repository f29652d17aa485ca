package io.torrefy.lm.jinja;

import java.util.List;

/// The variable `loop` of a for loop.
final class Loop {
    private final List<Object> items;
    int index;

    Loop(List<Object> items) {
        this.items = items;
    }

    Object attribute(String name) {
        int n = items.size();
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) n - index;
            case "revindex0" -> n - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == n - 1;
            case "length" -> (long) n;
            case "depth" -> 1L; // of recursion, which loops here do not have
            case "depth0" -> 0L;
            case "previtem" -> index > 0 ? items.get(index - 1) : new Values.Undefined("there is no previous item");
            case "nextitem" -> index + 1 < n ? items.get(index + 1) : new Values.Undefined("there is no next item");
            case "cycle" ->
                (Values.Callable)
                        args -> args.positional().get(index % args.positional().size());
            default -> new Values.Undefined("loop has no attribute '" + name + "'");
        };
    }
}
