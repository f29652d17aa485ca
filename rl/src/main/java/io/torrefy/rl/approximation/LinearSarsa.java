package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;
import java.util.Optional;
import java.util.function.Function;

/// Semi-gradient Sarsa with linear action values (Sutton and Barto, section 10.1; S. Zhao, "Mathematical Foundations of
/// Reinforcement Learning", algorithm 8.2):
///
/// ```
/// for every episode: s, a = s_0, an epsilon-greedy action
///   repeat: take a, see r and s';  choose a' epsilon-greedily in s'
///     delta = r + gamma q(s', a') - q(s, a)                  nothing behind a terminal s'
///     w_a  += alpha delta phi(s);  s, a = s', a'
/// ```
///
/// @param <O> observations
@Export(value = "rl.approximation.LinearSarsa", since = "0.1")
public final class LinearSarsa<O> {
    private final Env<O, Integer> env;
    private final Function<O, double[]> state;
    private final ActionValues q;
    private final LinearSettings settings;
    private final Divergence divergence;
    private final SplitMix random;

    /// @param env whose actions are 0 to `q.actions() - 1`; it is reset with the seed
    /// @param state what the features take of an observation
    public LinearSarsa(
            Env<O, Integer> env, Function<O, double[]> state, ActionValues q, LinearSettings settings, long seed) {
        this.env = env;
        this.state = state;
        this.q = q;
        this.settings = settings;
        this.divergence = new Divergence(settings.gamma());
        this.random = new SplitMix(seed, 1);
        env.reset(seed);
    }

    /// Learns from one episode.
    ///
    /// @return its steps and its undiscounted return
    public LinearEpisode episode() {
        double[] s = state.apply(env.reset());
        int a = q.epsilonGreedy(s, settings.epsilon(), random);
        double sum = 0;
        for (int t = 1; ; t++) {
            Step<O> step = env.step(a);
            double[] next = state.apply(step.observation());
            int then = q.epsilonGreedy(next, settings.epsilon(), random);
            double estimate = q.at(s, a);
            double bootstrap = step.terminated() ? 0 : settings.gamma() * q.at(next, then);
            double delta = step.reward() + bootstrap - estimate;
            q.move(settings.alpha() * delta, s, a);
            divergence.see(step.reward(), estimate);
            sum += step.reward();
            if (step.done() || t == settings.maxSteps()) {
                return new LinearEpisode(t, sum);
            }
            s = next;
            a = then;
        }
    }

    /// What tells that the weights diverge, if anything does.
    public Optional<String> warning() {
        return divergence.warning();
    }
}
