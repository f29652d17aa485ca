package io.torrefy.data.internal;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/// The known name that somebody most likely meant.
public final class Nearest {
    private Nearest() {}

    /// `did you mean "age"?` where a known name is near, else an empty text.
    public static String hint(String name, Collection<String> known) {
        return known.stream()
                .filter(k -> distance(name, k) <= Math.max(1, Math.min(name.length(), k.length()) / 3))
                .min(Comparator.<String>comparingInt(k -> distance(name, k)).thenComparing(Comparator.naturalOrder()))
                .map(k -> "did you mean \"" + k + "\"?")
                .orElse("");
    }

    /// How many characters to insert, delete, replace or swap with their neighbour (Damerau 1964, each place edited
    /// once); case does not count.
    static int distance(String a, String b) {
        String x = a.toLowerCase(Locale.ROOT);
        String y = b.toLowerCase(Locale.ROOT);
        if (Math.abs(x.length() - y.length()) > 40 || x.length() > 200) {
            return Integer.MAX_VALUE;
        }
        var edits = new int[x.length() + 1][y.length() + 1];
        for (int j = 0; j <= y.length(); j++) {
            edits[0][j] = j;
        }
        for (int i = 1; i <= x.length(); i++) {
            edits[i][0] = i;
            for (int j = 1; j <= y.length(); j++) {
                int replaced = edits[i - 1][j - 1] + (x.charAt(i - 1) == y.charAt(j - 1) ? 0 : 1);
                edits[i][j] = Math.min(replaced, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
                if (swapped(x, i, y, j)) {
                    edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
                }
            }
        }
        return edits[x.length()][y.length()];
    }

    private static boolean swapped(String x, int i, String y, int j) {
        return i > 1 && j > 1 && x.charAt(i - 1) == y.charAt(j - 2) && x.charAt(i - 2) == y.charAt(j - 1);
    }
}
