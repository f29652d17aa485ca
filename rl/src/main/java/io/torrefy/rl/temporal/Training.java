package io.torrefy.rl.temporal;

import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Choice;
import io.torrefy.rl.internal.Proper;
import io.torrefy.rl.internal.Walk;
import io.torrefy.rl.stochastic.Conditions;
import io.torrefy.rl.stochastic.StepSize;
import io.torrefy.tensor.SplitMix;

/// What learners share around their algorithm: the walk, the table, step sizes, exploration and the books.
final class Training {
    final Walk walk;
    final int actions;
    final double gamma;
    /// q(s, a) at `s * actions + a`; a learner of state values has one action here.
    final double[] q;

    final SplitMix random;
    /// max_a q(s, a) of what [#move] moves.
    private final double[] best;

    private final TabularSettings settings;
    private final ActionValues values;
    private final int[] visits;
    /// The step where it is always the same, else NaN.
    private final double constant;

    private final double[] returns;
    private final int[] lengths;
    private double epsilon;
    private int episode;
    private long steps;

    private Training(Env<Integer, Integer> env, TabularSettings settings, boolean control) {
        this.settings = settings;
        Proper.require(env, settings.gamma());
        walk = Walk.of(env, settings.seed());
        actions = control ? walk.actions() : 1;
        gamma = settings.gamma();
        values = ActionValues.of(walk.states(), actions, settings.initial());
        q = values.values();
        best = values.max();
        // The environment draws from position 0 of the seed, so that both keep their streams whatever the other does.
        random = new SplitMix(settings.seed(), 1);
        constant = settings.alpha() instanceof StepSize.Constant(double a) ? a : Double.NaN;
        visits = new int[Double.isNaN(constant) ? q.length : 0];
        returns = new double[settings.episodes()];
        lengths = new int[settings.episodes()];
        epsilon = settings.epsilon().at(0, settings.episodes());
    }

    /// For values of actions.
    static Training control(Env<Integer, Integer> env, TabularSettings settings) {
        return new Training(env, settings, true);
    }

    /// For values of states.
    static Training prediction(Env<Integer, Integer> env, TabularSettings settings) {
        return new Training(env, settings, false);
    }

    /// Whether there is an episode left.
    boolean more() {
        return episode < returns.length;
    }

    double epsilon() {
        return epsilon;
    }

    /// An epsilon-greedy action.
    int choose(int state) {
        return Choice.epsilonGreedy(q, state * actions, actions, epsilon, random);
    }

    /// The step size of the next update of an entry.
    double alpha(int entry) {
        return visits.length == 0 ? constant : settings.alpha().at(++visits[entry]);
    }

    /// Whether the episode goes on after `length` steps.
    boolean goesOn(int length) {
        return !walk.terminated() && !walk.truncated() && length < settings.maxSteps();
    }

    /// max_a q(s, a).
    double max(int state) {
        return best[state];
    }

    /// q(s, a) += alpha (target - q(s, a)), of the pair's entry.
    ///
    /// The greatest value of the state is kept, since it is asked for at every step and seldom another one: only
    /// where the greatest itself falls are all looked at.
    void move(int state, int pair, double target) {
        double old = q[pair];
        double now = old + alpha(pair) * (target - old);
        q[pair] = now;
        // Not >, so that what is no number shows.
        if (!(now <= best[state])) {
            best[state] = now;
        } else if (old == best[state]) {
            best[state] = Choice.max(q, state * actions, actions);
        }
    }

    /// Ends an episode.
    void end(double total, int length) {
        returns[episode] = total;
        lengths[episode] = length;
        steps += length;
        settings.listener().episode(episode, total, length, values);
        episode++;
        epsilon = settings.epsilon().at(episode, settings.episodes());
    }

    TabularResult result() {
        return new TabularResult(values, returns, lengths, steps, Conditions.bootstrapping(settings.alpha()));
    }
}
