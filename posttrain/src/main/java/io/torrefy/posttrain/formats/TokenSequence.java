package io.torrefy.posttrain.formats;

import io.torrefy.export.Export;
import java.util.Arrays;

/// A sample as the ids that a model reads, with a mask of those it is taught to write. Arrays are shared, not copied.
///
/// @param ids token ids (tokens)
/// @param trained which ids are targets (tokens); the first id is none whatever its mask, as nothing precedes it
/// @param place where the sample comes from, `file:line`, for errors
@Export(value = "posttrain.formats.TokenSequence", since = "0.1")
public record TokenSequence(int[] ids, boolean[] trained, String place) {
    public TokenSequence {
        if (ids.length != trained.length) {
            throw new IllegalArgumentException("[formats] expected a mask of " + ids.length + " tokens at " + place
                    + "; got one of " + trained.length);
        }
    }

    /// All of whose ids are targets.
    public static TokenSequence whole(int[] ids, String place) {
        boolean[] trained = new boolean[ids.length];
        Arrays.fill(trained, true);
        return new TokenSequence(ids, trained, place);
    }

    /// Whose ids from `promptLength` on are targets.
    public static TokenSequence completion(int[] ids, int promptLength, String place) {
        boolean[] trained = new boolean[ids.length];
        Arrays.fill(trained, Math.min(promptLength, ids.length), ids.length, true);
        return new TokenSequence(ids, trained, place);
    }

    /// Number of ids.
    public int length() {
        return ids.length;
    }

    /// Number of targets: trained ids that another one precedes.
    public int targets() {
        int count = 0;
        for (int i = 1; i < trained.length; i++) {
            count += trained[i] ? 1 : 0;
        }
        return count;
    }

    /// The ids from `from` to before `to`.
    public TokenSequence slice(int from, int to) {
        return new TokenSequence(Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(trained, from, to), place);
    }

    /// One after the other.
    static int[] joined(int[] a, int[] b) {
        int[] out = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, out, a.length, b.length);
        return out;
    }
}
