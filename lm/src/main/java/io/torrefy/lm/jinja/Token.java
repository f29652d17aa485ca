package io.torrefy.lm.jinja;

/// A token of a template.
///
/// @param text of a string its value, of everything else its spelling
/// @param offset where it begins in the source
record Token(Kind kind, String text, int offset) {
    enum Kind {
        DATA,
        EXPRESSION_BEGIN,
        EXPRESSION_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind kind, String text) {
        return this.kind == kind && this.text.equals(text);
    }

    boolean isOperator(String text) {
        return is(Kind.OPERATOR, text);
    }

    boolean isName(String text) {
        return is(Kind.NAME, text);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case DATA -> "text";
            case END -> "the end of the template";
            case STRING -> "string '" + text + "'";
            default -> "'" + text + "'";
        };
    }
}
