package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.export.ExportException;
import io.torrefy.export.ExportRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Searches and scorers by name, as configurations and command lines say them:
/// `greedy,best-of-8,majority-8,beam-4,mcts:n=32,budget=1000,scorer=rollouts-4`.
///
/// A name without dots is one of `posttrain.search.` or, for a scorer, of `posttrain.search.scorers.`; `-` is as good
/// as
/// `_`, and a number at the end is the argument `n`. `scorer` names a scorer in the same way.
@Export(value = "posttrain.search.Searches", since = "0.1")
public final class Searches {
    private static final String SEARCHES = "posttrain.search.";
    private static final String SCORERS = "posttrain.search.scorers.";
    private static final String SCORER = "scorer";
    private static final Pattern COUNTED = Pattern.compile("(?<name>.+)-(?<n>\\d+)");
    /// A comma before an argument goes on with the search before it.
    private static final Pattern BETWEEN = Pattern.compile(",(?![^,:=]*=)");

    /// A search with its name.
    ///
    /// @param label as it was written
    /// @param family its name without number and arguments
    public record Named(String label, String family, Search search) {}

    private Searches() {}

    /// Reads a list of searches.
    ///
    /// @param scorer of those that need one and name none, by its name
    /// @throws IllegalArgumentException where a name or argument is not known, or is not as it must be
    public static List<Named> parse(String list, String scorer) {
        List<Named> searches = new ArrayList<>();
        Map<String, ProcessScorer> scorers = new HashMap<>(); // a model is loaded once
        for (String text : BETWEEN.split(list, -1)) {
            searches.add(search(text.strip(), scorer, scorers));
        }
        List<String> labels = searches.stream().map(Named::label).toList();
        if (labels.stream().distinct().count() < labels.size()) {
            throw new IllegalArgumentException("[search] expected every search once; got " + labels);
        }
        return searches;
    }

    private static Named search(String text, String scorer, Map<String, ProcessScorer> scorers) {
        Call call = Call.of(text, SEARCHES);
        Map<String, String> arguments = new LinkedHashMap<>(call.arguments);
        String named = arguments.remove(SCORER);
        ProcessScorer chosen = scorers.computeIfAbsent(named == null ? scorer : named, Searches::scorer);
        Search search = make(call.name, Search.class, arguments, Map.of(SCORER, chosen));
        return new Named(text, call.word, search);
    }

    /// A scorer by its name: `countdown`, `rollouts-4`, `log_prob`.
    ///
    /// @throws IllegalArgumentException where there is none of that name
    public static ProcessScorer scorer(String text) {
        Call call = Call.of(text, SCORERS);
        return make(call.name, ProcessScorer.class, call.arguments, Map.of());
    }

    private static <T> T make(String name, Class<T> bound, Map<String, String> arguments, Map<String, ?> offered) {
        try {
            return ExportRegistry.standard().make(name, bound, arguments, offered);
        } catch (ExportException e) {
            throw new IllegalArgumentException(
                    e.getMessage() + (ExportRegistry.standard().contains(name) ? "" : known(bound)), e);
        }
    }

    private static String known(Class<?> bound) {
        String prefix = bound == Search.class ? SEARCHES : SCORERS;
        List<String> words = ExportRegistry.standard().names().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .filter(word -> word.matches("[a-z_]+"))
                .toList();
        return "\n  There are: " + String.join(", ", words) + ".";
    }

    /// What a step ends at: `newline`, `comma`, `blank` (an empty line), or the text itself, in which `\n` is a
    /// newline.
    public static String separator(String text) {
        return switch (text) {
            case "newline" -> "\n";
            case "comma" -> ",";
            case "blank" -> "\n\n";
            default -> text.replace("\\n", "\n");
        };
    }

    /// A name with its arguments.
    ///
    /// @param word the name as it was written, without number and arguments
    private record Call(String name, String word, Map<String, String> arguments) {
        static Call of(String text, String prefix) {
            String[] parts = text.split(":", 2);
            Map<String, String> arguments = new LinkedHashMap<>();
            String word = parts[0].strip();
            Matcher counted = COUNTED.matcher(word);
            if (counted.matches()) {
                word = counted.group("name");
                arguments.put("n", counted.group("n"));
            }
            if (parts.length == 2) {
                for (String argument : parts[1].split(",", -1)) {
                    String[] pair = argument.split("=", 2);
                    if (pair.length != 2 || arguments.put(pair[0].strip(), pair[1].strip()) != null) {
                        throw new IllegalArgumentException(
                                "[search] expected NAME, NAME-N or NAME:ARGUMENT=VALUE,..., each argument once; got '"
                                        + argument + "' in " + text);
                    }
                }
            }
            String name = word.contains(".")
                    ? word
                    : prefix + word.toLowerCase(Locale.ROOT).replace('-', '_');
            return new Call(name, word, arguments);
        }
    }
}
