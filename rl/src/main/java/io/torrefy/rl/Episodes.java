package io.torrefy.rl;

/// What environments say about calls out of order.
final class Episodes {
    private Episodes() {}

    static IllegalStateException over() {
        return new IllegalStateException(
                "[env] expected reset() first; got step() where no episode runs. Hint: call reset() once before the"
                        + " first step, and again after each step that is done().");
    }
}
