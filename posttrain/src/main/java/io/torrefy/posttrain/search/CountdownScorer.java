package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Countdown;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Countdown by its rules: 1 while the numbers at hand can still reach the target, else 0. It needs the puzzle alone.
///
/// Numbers at hand are followed through the last line that computes: all at its beginning, and after `a op b = c` the
/// result in the place of a and b. A computation that is wrong or uses what is not at hand scores 0. So does a draft
/// that is over with a wrong answer, or with none, and one that has given a wrong answer and goes on. After a line
/// break all numbers are at hand again, as a new attempt begins.
@Export(value = "posttrain.search.CountdownScorer", since = "0.1")
public final class CountdownScorer implements ProcessScorer {
    private static final Pattern COMPUTATION =
            Pattern.compile("(?<a>\\d{1,9})\\s*(?<op>[-+*/])\\s*(?<b>\\d{1,9})\\s*=\\s*(?<c>\\d{1,9})(?!\\d)");
    private static final String ANSWER = "<answer>";
    private static final String ANSWER_END = "</answer>";
    private static final String THINK_END = "</think>";

    private CountdownScorer() {}

    /// Whether Countdown's numbers at hand can still reach the target.
    @Export(value = "posttrain.search.scorers.countdown", since = "0.1")
    public static CountdownScorer of() {
        return new CountdownScorer();
    }

    @Override
    public double[] score(Session session, List<Draft> drafts) {
        if (!(session.task() instanceof Countdown countdown)) {
            throw new IllegalArgumentException("[scorer countdown] expected the task countdown; got "
                    + session.task().name() + ". Hint: the scorers rollouts and log_prob take every task.");
        }
        return drafts.stream()
                .mapToDouble(draft -> alive(countdown, session, draft) ? 1 : 0)
                .toArray();
    }

    private static boolean alive(Countdown countdown, Session session, Draft draft) {
        String text = draft.text();
        if (!draft.open() || text.contains(ANSWER_END)) {
            return countdown.verify(session.problem(), text).correct();
        }
        return alive(countdown, session.problem().goal(Countdown.Puzzle.class), text);
    }

    /// Whether the last line of a draft that goes on can still reach the target.
    static boolean alive(Countdown countdown, Countdown.Puzzle puzzle, String text) {
        int over = text.indexOf(THINK_END);
        String thought = over < 0 ? text : text.substring(0, over);
        if (text.contains(ANSWER) && over < 0) {
            return true; // an answer without thoughts, not yet complete
        }
        String line = thought.substring(thought.lastIndexOf('\n') + 1);
        List<Integer> atHand = new ArrayList<>(puzzle.numbers());
        Matcher matcher = COMPUTATION.matcher(line);
        boolean computed = false;
        while (matcher.find()) {
            Integer a = Integer.valueOf(matcher.group("a"));
            Integer b = Integer.valueOf(matcher.group("b"));
            int c = Integer.parseInt(matcher.group("c"));
            if (!atHand.remove(a)
                    || !atHand.remove(b)
                    || !right(a, matcher.group("op").charAt(0), b, c)) {
                return false;
            }
            atHand.addFirst(c);
            computed = true;
        }
        return !computed || countdown.reaches(atHand, puzzle.target());
    }

    private static boolean right(long a, char operation, long b, long c) {
        return switch (operation) {
            case '+' -> a + b == c;
            case '-' -> a - b == c;
            case '*' -> a * b == c;
            default -> b != 0 && b * c == a;
        };
    }
}
