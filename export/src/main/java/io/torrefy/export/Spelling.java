package io.torrefy.export;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Names that are spelt nearly alike, for messages about one that is not known.
@Export(value = "export.Spelling", since = "0.1")
public final class Spelling {
    /// No name of a person's making is longer; what is comes from a damaged file.
    private static final int LONGEST = 200;

    private Spelling() {}

    /// The `most` known names nearest to a misspelt one, nearest first: by edits of the whole name, at most one in
    /// three of the shorter name's letters; of names with dots, those whose last word is right too. Case does not
    /// count.
    public static List<String> nearest(String wrong, Collection<String> names, int most) {
        record Near(String name, int distance) {}
        String a = wrong.toLowerCase(Locale.ROOT);
        return names.stream()
                .map(name -> new Near(name, between(a, name.toLowerCase(Locale.ROOT))))
                .filter(near -> near.distance() < Integer.MAX_VALUE)
                .sorted(Comparator.comparingInt(Near::distance).thenComparing(Near::name))
                .limit(most)
                .map(Near::name)
                .toList();
    }

    private static int between(String a, String b) {
        if (a.length() > LONGEST || b.length() > LONGEST) {
            return Integer.MAX_VALUE;
        }
        int limit = Math.max(1, Math.min(a.length(), b.length()) / 3);
        int distance = Math.abs(a.length() - b.length()) > limit ? Integer.MAX_VALUE : distance(a, b);
        if (distance <= limit) {
            return distance;
        }
        boolean dotted = a.contains(".") || b.contains(".");
        return dotted && lastWord(a).equals(lastWord(b)) ? limit + 1 : Integer.MAX_VALUE;
    }

    private static String lastWord(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /// How many characters to insert, delete, replace or swap with their neighbour to make one of the other
    /// (Damerau 1964, each place edited once).
    public static int distance(String a, String b) {
        int[][] edits = new int[a.length() + 1][b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            edits[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            edits[i][0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = edits[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                edits[i][j] = Math.min(replaced, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
                if (swapped(a, i, b, j)) {
                    edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
                }
            }
        }
        return edits[a.length()][b.length()];
    }

    private static boolean swapped(String a, int i, String b, int j) {
        return i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    }
}
