package io.torrefy.data;

/// What error messages share.
final class Texts {
    private Texts() {}

    /// At most 60 characters of `text`.
    static String shorten(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
