package io.torrefy.posttrain.formats;

import io.torrefy.export.Export;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.TokenizerException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What to know of a chat template before it is trained with.
@Export(value = "posttrain.formats.TemplateChecks", since = "0.1")
public final class TemplateChecks {
    private TemplateChecks() {}

    /// Whether a template renders the beginning of a conversation alike whatever follows, which turns that are
    /// trained one by one, and episodes with tools, rely on: a question and an answer, then another question; and
    /// as
    /// `is_chat_template_prefix_preserving` of trl 1.13 does it, a tool call, then what the tool says. Turns that
    /// the template refuses are not counted against it.
    ///
    /// @return what differs, or empty where nothing does
    public static Optional<String> prefixBreak(ChatTemplate template) {
        Map<String, Object> question = Map.of("role", "user", "content", "dummy");
        Map<String, Object> answer = Map.of("role", "assistant", "content", "<think>\ndummy\n</think>\n\ndummy");
        Map<String, Object> told = Map.of("role", "tool", "name", "dummy", "content", "dummy");
        Optional<String> found = difference(template, List.of(question, answer), question);
        for (Object arguments : List.of(Map.of(), "{}")) {
            Map<String, Object> call = Map.of(
                    "role",
                    "assistant",
                    "content",
                    "",
                    "tool_calls",
                    List.of(Map.of("type", "function", "function", Map.of("name", "dummy", "arguments", arguments))));
            found = found.or(() -> difference(template, List.of(question, call), told));
        }
        return found;
    }

    private static Optional<String> difference(
            ChatTemplate template, List<Map<String, Object>> first, Map<String, Object> more) {
        List<Map<String, Object>> all = new ArrayList<>(first);
        all.add(more);
        try {
            String before = template.renderMaps(first, false, Map.of());
            String after = template.renderMaps(all, true, Map.of());
            return after.startsWith(before) ? Optional.empty() : Optional.of(difference(before, after));
        } catch (TokenizerException e) {
            return Optional.empty();
        }
    }

    /// Where two texts part, in words.
    static String difference(String expected, String got) {
        int at = 0;
        while (at < Math.min(expected.length(), got.length()) && expected.charAt(at) == got.charAt(at)) {
            at++;
        }
        return "\"" + excerpt(got, at) + "\" where \"" + excerpt(expected, at) + "\" was expected, at character "
                + (at + 1);
    }

    private static String excerpt(String text, int at) {
        int to = Math.min(text.length(), at + 24);
        return (text.substring(Math.max(0, at - 12), to) + (to < text.length() ? "…" : "")).replace("\n", "\\n");
    }
}
