package io.torrefy.export.processor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Version numbers as `since` has them.
final class Versions {
    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})(\\.\\d{1,9})?(-.*)?");

    private Versions() {}

    /// Major and minor of a version, the unit in which names come and go.
    record Minor(int major, int minor) implements Comparable<Minor> {
        @Override
        public int compareTo(Minor other) {
            return major == other.major ? Integer.compare(minor, other.minor) : Integer.compare(major, other.major);
        }

        @Override
        public String toString() {
            return major + "." + minor;
        }
    }

    static boolean isVersion(String text) {
        return NUMBERS.matcher(text).matches();
    }

    /// Of `0.2`, `0.2.1` or `0.2.0-SNAPSHOT`, 0.2.
    static Minor minor(String version) {
        Matcher numbers = NUMBERS.matcher(version);
        if (!numbers.matches()) {
            throw new IllegalArgumentException("[export] a version such as 0.2 was expected; got '" + version + "'");
        }
        return new Minor(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)));
    }
}
