package io.torrefy.data.internal;

/// What error messages share.
public final class Texts {
    private Texts() {}

    /// At most 60 characters of `text`.
    public static String shorten(String text) {
        return shorten(text, 60);
    }

    /// At most `most` characters of `text`.
    public static String shorten(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 3) + "...";
    }
}
