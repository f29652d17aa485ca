package io.torrefy.lm.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A Jinja template, of the part of the language that chat templates are written in. Follows Jinja 3.1 in the immutable
/// sandbox of `transformers`.
public final class Template {
    private final String source;
    private final List<Stmt> body;

    private Template(String source, List<Stmt> body) {
        this.source = source;
        this.body = body;
    }

    /// Reads a template.
    ///
    /// @throws JinjaException with line and column if it is not understood
    public static Template parse(String text) {
        String source = text.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        try {
            return new Template(source, Parser.parse(source));
        } catch (JinjaException e) {
            throw e.in(source);
        }
    }

    /// Renders with variables of strings, numbers, booleans, null, lists and maps.
    ///
    /// @throws JinjaException with line and column if the template fails or calls `raise_exception`
    public String render(Map<String, ? extends @Nullable Object> variables) {
        return renderMarked(variables).text();
    }

    /// Characters `from` to before `to` of a rendered text.
    public record Span(int from, int to) {}

    /// A rendered text and what its `{% generation %}` blocks wrote, in their order.
    public record Marked(String text, List<Span> generated) {}

    /// As [#render], with the places of what `{% generation %}` blocks wrote.
    public Marked renderMarked(Map<String, ? extends @Nullable Object> variables) {
        Map<String, Object> values = new HashMap<>();
        variables.forEach((name, value) -> values.put(name, Values.of(value)));
        try {
            return new Interpreter(values).render(body);
        } catch (JinjaException e) {
            throw e.in(source);
        }
    }
}
