package io.torrefy.posttrain.distill;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/// Whether teacher and student mean the same by a token id, without which their distributions cannot be compared.
@Export(value = "posttrain.distill.SharedVocabulary", since = "0.1")
public final class SharedVocabulary {
    private static final int SHOWN = 3;

    private SharedVocabulary() {}

    /// Refuses models of different vocabularies, and a teacher that has positions for less than the student.
    ///
    /// @throws IllegalArgumentException naming what differs
    public static void check(CausalLm student, CausalLm teacher) {
        int own = student.config().vocab();
        int theirs = teacher.config().vocab();
        if (own != theirs) {
            throw new IllegalArgumentException("[distill] expected a teacher of the student's vocabulary, " + own
                    + " tokens; got " + theirs
                    + ". Hint: distributions over other words cannot be compared; take a teacher of the same tokenizer,"
                    + " or let it write texts and train on those (method sequence).");
        }
        if (teacher == student) {
            throw new IllegalArgumentException(
                    "[distill] expected a teacher beside the student; got the student itself,"
                            + " from which it has nothing to learn. Hint: load it twice.");
        }
        if (teacher.config().maxPositions() < student.config().maxPositions()) {
            throw new IllegalArgumentException("[distill] expected a teacher of at least the student's "
                    + student.config().maxPositions() + " positions; got "
                    + teacher.config().maxPositions() + ". Hint: it reads what the student writes.");
        }
    }

    /// Whether both give every id to the same token.
    public static boolean isSame(Tokenizer a, Tokenizer b) {
        for (int id = 0; id <= Math.max(a.highestId(), b.highestId()); id++) {
            if (!a.idToToken(id).equals(b.idToToken(id))) {
                return false;
            }
        }
        return true;
    }

    /// Refuses tokenizers that give an id to different tokens.
    ///
    /// @throws IllegalArgumentException naming the first such ids
    public static void check(Tokenizer student, Tokenizer teacher) {
        List<String> different = new ArrayList<>();
        int count = 0;
        for (int id = 0; id <= Math.max(student.highestId(), teacher.highestId()); id++) {
            String own = student.idToToken(id).orElse("none");
            String theirs = teacher.idToToken(id).orElse("none");
            if (!own.equals(theirs) && ++count <= SHOWN) {
                different.add(id + " is '" + own + "' and '" + theirs + "'");
            }
        }
        if (count > 0) {
            throw new IllegalArgumentException("[distill] expected a teacher with the student's tokenizer; got another:"
                    + " " + String.join(", ", different)
                    + (count > SHOWN ? " and " + (count - SHOWN) + " more" : "")
                    + ". Hint: distil by sequences (method sequence), which takes the teacher's text.");
        }
    }
}
