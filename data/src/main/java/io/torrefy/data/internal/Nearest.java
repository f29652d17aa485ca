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

    /// How many characters to insert, delete or replace (Levenshtein 1966); case does not count.
    static int distance(String a, String b) {
        String x = a.toLowerCase(Locale.ROOT);
        String y = b.toLowerCase(Locale.ROOT);
        if (Math.abs(x.length() - y.length()) > 40 || x.length() > 200) {
            return Integer.MAX_VALUE;
        }
        var row = new int[y.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= x.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (x.charAt(i - 1) == y.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[y.length()];
    }
}
