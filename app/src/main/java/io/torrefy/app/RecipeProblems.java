package io.torrefy.app;

import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ParameterException;

/// What is wrong with a recipe beyond its keys, all of it gathered before anything runs.
final class RecipeProblems {
    /// A check that throws, or makes what was checked.
    @FunctionalInterface
    interface Check<T> {
        T make() throws IOException;
    }

    private final List<String> problems = new ArrayList<>();

    /// What the check makes; empty, and noted, where it throws what was worded for a user.
    <T> Optional<T> check(Check<T> check) {
        try {
            return Optional.of(check.make());
        } catch (ParameterException | IllegalArgumentException | IOException | UncheckedIOException e) {
            problems.add(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    void expect(boolean fine, String key, String expected, Object got) {
        if (!fine) {
            problems.add(key + ": expected " + expected + "; got " + got);
        }
    }

    /// A key that a choice does not read has to be left at its default: what it says would not be done.
    ///
    /// @param choice the key that chooses, and what
    <T> void unread(Recipe recipe, Key<T> key, boolean read, String choice) {
        expect(
                read || recipe.get(key).equals(key.standard()),
                key.name(),
                "no such key with " + choice + ", which does not read it",
                recipe.get(key));
    }

    /// @throws ParameterException naming every problem, if there is any
    void refuse(CommonOptions common) {
        if (!problems.isEmpty()) {
            throw common.bad("[recipe] " + (problems.size() == 1 ? "a problem" : problems.size() + " problems")
                    + ":\n  " + String.join("\n  ", problems));
        }
    }
}
