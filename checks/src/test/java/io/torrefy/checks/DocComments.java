package io.torrefy.checks;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Keeps the lines of `///` comments short enough for the formatter, which takes such a comment for one token, counts
/// its indentation twice, and cuts what seems too long without a new `///` before the rest.
final class DocComments {
    private static final int COLUMNS = 120;
    private static final Pattern LINE = Pattern.compile("( *)///( *)(.*)");
    private static final Pattern STARTS_A_BLOCK = Pattern.compile("[-*#|@>`].*|\\d+\\. .*|");

    private DocComments() {}

    /// The source with the words that overflow a comment's line moved to the line after it.
    static String refill(String source) {
        List<String> out = new ArrayList<>();
        List<String> rest = new ArrayList<>(source.lines().toList().reversed());
        boolean literal = false;
        while (!rest.isEmpty()) {
            String line = rest.removeLast();
            Matcher parts = LINE.matcher(line);
            boolean comment = parts.matches();
            literal = comment && (literal != parts.group(3).startsWith("```"));
            int most = comment ? COLUMNS - parts.group(1).length() : Integer.MAX_VALUE;
            int cut = line.length() > most ? line.lastIndexOf(' ', most) : -1;
            if (!comment || literal || cut <= parts.start(3)) {
                out.add(line);
                continue;
            }
            out.add(line.substring(0, cut).stripTrailing());
            prepend(line.substring(cut + 1).strip(), parts, rest);
        }
        return String.join("\n", out) + "\n";
    }

    /// Puts `words` in front of the next line where that goes on with the same text, and on a line of their own
    /// otherwise.
    private static void prepend(String words, Matcher cut, List<String> rest) {
        Matcher next = LINE.matcher(rest.isEmpty() ? "" : rest.getLast());
        boolean goesOn = next.matches()
                && next.group(1).equals(cut.group(1))
                && !STARTS_A_BLOCK.matcher(next.group(3)).matches()
                && next.group(2).length() < 5 + cut.group(2).length();
        if (goesOn) {
            rest.removeLast();
            rest.add(next.group(1) + "///" + next.group(2) + words + " " + next.group(3));
            return;
        }
        String hanging = cut.group(3).startsWith("@") ? "    " : cut.group(3).matches("[-*] .*") ? "  " : "";
        rest.add(cut.group(1) + "///" + cut.group(2) + hanging + words);
    }
}
