package io.torrefy.export;

/// What an exported name stands for.
@Export(value = "export.Kind", since = "0.1")
public enum Kind {
    CLASS,
    RECORD,
    ENUM,
    INTERFACE,
    ANNOTATION,
    METHOD,
    CONSTRUCTOR,
    /// A static final field, such as a constant of an enum.
    CONSTANT;

    /// Whether it is a type.
    public boolean isType() {
        return compareTo(METHOD) < 0;
    }
}
