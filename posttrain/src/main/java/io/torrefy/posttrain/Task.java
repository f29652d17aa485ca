package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// A source of problems with an exact verifier.
///
/// Training, validation and held-out problems are disjoint by construction: a hash of the canonical problem decides its
/// side, the same for every seed. Training problems are addressed by number rather than drawn from a stateful stream,
/// so that a resumed run asks for problem 1234 and gets the one the uninterrupted run had.
@Export(value = "posttrain.Task", since = "0.1")
public interface Task {
    /// A short lower-case name, as in `--task countdown`.
    String name();

    /// Training problem number `index` (from 0) in the order of `seed`.
    Problem training(long seed, long index);

    /// The first `count` held-out problems, all different, always the same ones in the same order. Fewer when the
    /// task does not have so many.
    List<Problem> heldOut(int count);

    /// The first `count` validation problems, as [#heldOut]; none where the task keeps no such problems.
    default List<Problem> validation(int count) {
        return List.of();
    }

    /// Judges a completion of `problem.prompt()`.
    Verdict verify(Problem problem, String completion);

    /// Whether [#verify] can tell right from wrong; without it every verdict is that there is no answer.
    default boolean verifies() {
        return true;
    }

    /// The endless training problems of a seed, or the others (finite lists, whatever the seed).
    default Stream<Problem> problems(Split split, long seed) {
        return switch (split) {
            case TRAINING -> LongStream.iterate(0, i -> i + 1).mapToObj(i -> training(seed, i));
            case VALIDATION -> validation(Integer.MAX_VALUE).stream();
            case HELD_OUT -> heldOut(Integer.MAX_VALUE).stream();
        };
    }

    /// The accuracy reward of R1-Zero: 1 for a correct answer, otherwise 0.
    default Reward accuracy() {
        return (problem, completion) -> verify(problem, completion).correct() ? 1 : 0;
    }
}
