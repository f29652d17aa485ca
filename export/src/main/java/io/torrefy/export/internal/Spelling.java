package io.torrefy.export.internal;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Names that are spelt nearly alike.
public final class Spelling {
    private Spelling() {}

    /// The `most` names nearest to a misspelt one, nearest first: by edit distance of the whole name, or of its
    /// last word where only the prefix is wrong. None that differ by more than a third.
    public static List<String> nearest(String wrong, Collection<String> names, int most) {
        record Near(String name, int distance) {}
        int limit = Math.max(2, wrong.length() / 3);
        return names.stream()
                .map(name -> new Near(name, between(wrong, name)))
                .filter(near -> near.distance() <= limit)
                .sorted(Comparator.comparingInt(Near::distance).thenComparing(Near::name))
                .limit(most)
                .map(Near::name)
                .toList();
    }

    private static int between(String wrong, String name) {
        String a = wrong.toLowerCase(Locale.ROOT);
        String b = name.toLowerCase(Locale.ROOT);
        String last = b.substring(b.lastIndexOf('.') + 1);
        boolean sameWord = a.substring(a.lastIndexOf('.') + 1).equals(last);
        return sameWord ? Math.min(2, distance(a, b)) : distance(a, b);
    }

    /// Edits (insertions, deletions, replacements) from one string to the other: Levenshtein's distance.
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
