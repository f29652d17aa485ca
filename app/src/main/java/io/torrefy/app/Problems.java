package io.torrefy.app;

import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.ParameterException;

/// Collects what keeps a recipe from being run, so that all of it is said at once and before anything runs.
final class Problems {
    /// Of problems that may be as many as there are samples, as many are shown.
    private static final int SHOWN = 10;

    private final String op;
    private final List<String> all = new ArrayList<>();

    Problems(String op) {
        this.op = op;
    }

    void need(boolean holds, String problem) {
        if (!holds) {
            all.add(problem);
        }
    }

    /// Names keys that have a value of their own and no part in what is run.
    ///
    /// @param without why they have none: `trainer: orpo`
    void unused(Recipe recipe, String without, Key<?>... keys) {
        for (Key<?> key : keys) {
            need(
                    Objects.equals(recipe.get(key), key.standard()),
                    key.name() + ": expected its default, as it has no part with " + without + "; got "
                            + recipe.toMap().get(key.name()));
        }
    }

    /// Something that may fail for what the user wrote.
    @FunctionalInterface
    interface Attempt<T> {
        T make() throws IOException;
    }

    /// What was made, or nothing and one problem more.
    <T> Optional<T> attempt(Attempt<T> attempt) {
        try {
            return Optional.of(attempt.make());
        } catch (NoSuchFileException e) {
            all.add("expected a file; there is none: " + e.getMessage());
        } catch (IllegalArgumentException | RunException | ParameterException | IOException e) {
            all.add(String.valueOf(e.getMessage()));
        }
        return Optional.empty();
    }

    /// What was made; refuses at once where it could not be.
    <T> T orRefuse(Attempt<T> attempt) {
        Optional<T> made = attempt(attempt);
        refuse();
        return made.orElseThrow();
    }

    /// What each sample becomes; of those that cannot, some are named.
    <S, T> List<T> each(List<? extends S> samples, Function<S, T> become) {
        List<T> made = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (S sample : samples) {
            try {
                made.add(become.apply(sample));
            } catch (IllegalArgumentException e) {
                wrong.add(String.valueOf(e.getMessage()));
            }
        }
        all.addAll(wrong.subList(0, Math.min(SHOWN, wrong.size())));
        need(wrong.size() <= SHOWN, "and " + (wrong.size() - SHOWN) + " more samples of " + samples.size());
        return made;
    }

    /// @throws RunException naming the problems, if there are any
    void refuse() {
        if (!all.isEmpty()) {
            throw new RunException("[" + op + "] " + (all.size() == 1 ? "a problem" : all.size() + " problems")
                    + " before training:\n  " + String.join("\n", all).replace("\n", "\n  "));
        }
    }
}
