package io.torrefy.export.processor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.Elements;
import org.jspecify.annotations.Nullable;

/// The first sentence of an element's documentation.
final class Summaries {
    private static final Pattern SENTENCE = Pattern.compile("(?s)(.*?[.!?])(?=\\s+[^\\s\\p{Ll}]|\\s*$)");

    /// A reference to another element, which only the documentation tool can follow.
    private static final Pattern LINK =
            Pattern.compile("\\[((?:[A-Z]\\w+[\\w.]*)?(?:#\\w+(?:\\([\\w, .]*\\))?)?)\\](?![(\\[])(?<!\\[\\])");

    private Summaries() {}

    /// Its own, or for a method without any that of an overload in the same type; empty if there is none.
    static String of(Elements elements, Element element, TypeElement owner) {
        String own = first(elements.getDocComment(element));
        if (!own.isEmpty() || element.getKind() != ElementKind.METHOD) {
            return own;
        }
        return owner.getEnclosedElements().stream()
                .filter(other -> other.getKind() == ElementKind.METHOD)
                .filter(other -> other.getSimpleName().equals(element.getSimpleName()))
                .map(other -> first(elements.getDocComment(other)))
                .filter(summary -> !summary.isEmpty())
                .findFirst()
                .orElse("");
    }

    /// The first sentence of a comment, on one line.
    static String first(@Nullable String comment) {
        if (comment == null) {
            return "";
        }
        String paragraph = comment.strip()
                .split("\\R\\s*(\\R|@|[-*] |```|\\|)", 2)[0]
                .replaceAll("\\s+", " ")
                .strip();
        if (paragraph.startsWith("@")) {
            return "";
        }
        String text = LINK.matcher(paragraph).replaceAll(link -> "`" + name(link.group(1)) + "`");
        Matcher sentence = SENTENCE.matcher(text);
        return sentence.find() ? sentence.group(1) : text;
    }

    /// `Scope#open()` is `Scope.open()`.
    private static String name(String reference) {
        return Matcher.quoteReplacement(
                (reference.startsWith("#") ? reference.substring(1) : reference).replace('#', '.'));
    }
}
