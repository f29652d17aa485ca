package io.torrefy.lm.jinja;

/// A template that cannot be read or rendered, and where in it.
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int NOWHERE = -1;

    private final int offset;

    JinjaException(String message, int offset) {
        super(message);
        this.offset = offset;
    }

    /// An error of a value, which does not know where it stands.
    JinjaException(String message) {
        this(message, NOWHERE);
    }

    /// This error, at `offset` unless it has a place already.
    JinjaException at(int place) {
        if (offset != NOWHERE) {
            return this;
        }
        var placed = new JinjaException(String.valueOf(getMessage()), place);
        placed.setStackTrace(getStackTrace());
        return placed;
    }

    /// This error with line and column written out.
    JinjaException in(String source) {
        int place = Math.clamp(offset, 0, source.length());
        int line = 1
                + (int) source.substring(0, place)
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
        int column = place - source.lastIndexOf('\n', place - 1);
        return new JinjaException("line " + line + ", column " + column + ": " + getMessage(), place);
    }
}
