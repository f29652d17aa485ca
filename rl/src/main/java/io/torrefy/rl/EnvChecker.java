package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Says what is wrong with an environment, as Gymnasium's `check_env` and Stable-Baselines3's do, as far as types do
/// not say it already; of an environment with a model also where the two disagree ([ModelChecker]). It resets and steps
/// the environment.
@Export(value = "rl.EnvChecker", since = "0.1", members = "rl.checks")
public final class EnvChecker {
    /// What was found.
    ///
    /// @param error whether learning would go wrong; else it may be meant
    /// @param rule what was looked at: `same-seed`
    public record Finding(boolean error, String rule, String text) {
        /// `error same-seed: two resets with seed 123 ...`.
        @Override
        public String toString() {
            return (error ? "error " : "warning ") + rule + ": " + text;
        }
    }

    private static final int SEED = 123;
    private static final int STEPS = 200;

    private final List<Finding> findings = new ArrayList<>();

    private EnvChecker() {}

    /// Everything that was found; empty for an environment with nothing to say about.
    public static List<Finding> check(Env<?, ?> env) {
        var checker = new EnvChecker();
        checker.all(env);
        return List.copyOf(checker.findings);
    }

    /// Refuses an environment with an error.
    ///
    /// @throws IllegalArgumentException that lists its errors
    public static void require(Env<?, ?> env) {
        List<String> errors = check(env).stream()
                .filter(Finding::error)
                .map(finding -> finding.rule() + ": " + finding.text())
                .toList();
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(
                    "[check] expected an environment that keeps its contract; got " + String.join("; ", errors));
        }
    }

    private <O, A> void all(Env<O, A> env) {
        spaces(env);
        try {
            seeds(env);
            steps(env);
            order(env);
        } catch (RuntimeException e) {
            error("fails", "reset or step threw " + e);
        }
        env.find(FiniteEnv.class).ifPresent(finite -> findings.addAll(ModelChecker.check(finite)));
        closing(env);
    }

    private void spaces(Env<?, ?> env) {
        if (env.observationSpace() instanceof Box box) {
            for (int i = 0; i < box.size(); i++) {
                if (box.low(i) == box.high(i)) {
                    warn("observation-space", "number " + i + " can only be " + box.low(i));
                }
            }
        }
        if (env.actionSpace() instanceof Box box) {
            for (int i = 0; i < box.size(); i++) {
                if (box.low(i) != -1 || box.high(i) != 1) {
                    warn(
                            "action-space",
                            "number " + i + " is in [" + box.low(i) + ", " + box.high(i)
                                    + "], where learners expect [-1, 1]. Hint: TransformAction.rescale(env)");
                    break;
                }
            }
        }
        if (env.actionSpace() instanceof Discrete discrete && discrete.start() != 0) {
            warn("action-space", "actions are numbered from " + discrete.start() + ", where learners expect 0");
        }
    }

    private <O, A> void seeds(Env<O, A> env) {
        List<A> actions = actions(env, 20);
        List<Step<O>> first = new ArrayList<>();
        List<Step<O>> second = new ArrayList<>();
        O begin = env.reset(SEED);
        O next = env.reset();
        run(env, actions, first);
        O again = env.reset(SEED);
        O nextAgain = env.reset();
        run(env, actions, second);
        if (!same(begin, again)) {
            error("same-seed", "two resets with seed " + SEED + " gave " + text(begin) + " and " + text(again));
        } else if (!same(next, nextAgain)) {
            error(
                    "same-seed",
                    "the resets after two with seed " + SEED + " gave " + text(next) + " and " + text(nextAgain));
        }
        for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
            String difference = difference(first.get(i), second.get(i));
            if (!difference.isEmpty()) {
                error("same-seed", "step " + (i + 1) + " after the same seed and actions had two " + difference);
                break;
            }
        }
        if (first.size() != second.size()) {
            error(
                    "same-seed",
                    "episodes of " + first.size() + " and " + second.size() + " steps after the same seed and actions");
        }
    }

    private static <O, A> List<A> actions(Env<O, A> env, int count) {
        var random = new SplitMix(SEED, 1);
        List<A> actions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            actions.add(env.actionSpace().sample(random));
        }
        return actions;
    }

    private static <O, A> void run(Env<O, A> env, List<A> actions, List<Step<O>> into) {
        for (A action : actions) {
            Step<O> step = env.step(action);
            into.add(step);
            if (step.done()) {
                return;
            }
        }
    }

    private static String difference(Step<?> one, Step<?> two) {
        if (!same(one.observation(), two.observation())) {
            return "observations, " + text(one.observation()) + " and " + text(two.observation());
        }
        if (Double.compare(one.reward(), two.reward()) != 0) {
            return "rewards, " + one.reward() + " and " + two.reward();
        }
        boolean flags = one.terminated() == two.terminated() && one.truncated() == two.truncated();
        return flags ? "" : "ends, " + one + " and " + two;
    }

    private <O, A> void steps(Env<O, A> env) {
        Space<O> space = env.observationSpace();
        O observation = env.reset(SEED + 1);
        space.problem(observation)
                .ifPresent(problem -> error("observation", "of reset is not in " + space + ": " + problem));
        boolean outside = false;
        boolean infinite = false;
        int begun = 0;
        O kept = observation;
        String before = text(kept);
        for (A action : actions(env, STEPS)) {
            Step<O> step = env.step(action);
            begun++;
            Optional<String> problem = space.problem(step.observation());
            if (problem.isPresent() && !outside) {
                outside = true;
                error("observation", "of a step is not in " + space + ": " + problem.get());
            }
            if (!Double.isFinite(step.reward()) && !infinite) {
                infinite = true;
                error("reward", "of a step is " + step.reward());
            }
            if (step.truncated() && begun == 1) {
                warn("truncated", "the first step of an episode is truncated");
            }
            if (oneObject(step.observation(), kept) && !(kept instanceof Number)) {
                error(
                        "owned",
                        "a step gave the same object as the one before, which its receiver owns. Hint: give a"
                                + " new array");
                return;
            }
            if (!text(kept).equals(before)) {
                error("owned", "a step changed the observation that was given before");
                return;
            }
            kept = step.observation();
            if (step.done()) {
                begun = 0;
                kept = env.reset();
            }
            before = text(kept);
        }
    }

    /// Steps where no episode runs have to be refused, and only they.
    private <O, A> void order(Env<O, A> env) {
        List<A> actions = actions(env, 5000);
        env.reset(SEED);
        for (int i = 0; i < actions.size() - 1; i++) {
            if (env.step(actions.get(i)).done()) {
                try {
                    env.step(actions.get(i + 1));
                    warn("order", "a step after the end of an episode is taken. Hint: new OrderEnforcing<>(env)");
                } catch (IllegalStateException _) {
                    // as it should
                }
                return;
            }
        }
    }

    private void closing(Env<?, ?> env) {
        try {
            env.close();
            env.close();
        } catch (RuntimeException e) {
            error("close", "twice threw " + e);
        }
    }

    private static boolean same(Object one, Object two) {
        return Arrays.deepEquals(new Object[] {one}, new Object[] {two});
    }

    @SuppressWarnings("ReferenceEquality") // identity is the question
    private static boolean oneObject(Object one, Object two) {
        return one == two;
    }

    private static String text(Object value) {
        String list = Arrays.deepToString(new Object[] {value});
        return list.substring(1, list.length() - 1);
    }

    private void error(String rule, String text) {
        findings.add(new Finding(true, rule, text));
    }

    private void warn(String rule, String text) {
        findings.add(new Finding(false, rule, text));
    }
}
