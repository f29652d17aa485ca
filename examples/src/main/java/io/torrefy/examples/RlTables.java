package io.torrefy.examples;

import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.approximation.Features;
import io.torrefy.rl.approximation.FourierFeatures;
import io.torrefy.rl.approximation.LinearEpisode;
import io.torrefy.rl.approximation.LinearEvaluation;
import io.torrefy.rl.approximation.LinearQLearning;
import io.torrefy.rl.approximation.LinearSarsa;
import io.torrefy.rl.approximation.LinearSettings;
import io.torrefy.rl.approximation.PolynomialFeatures;
import io.torrefy.rl.approximation.TileCoding;
import io.torrefy.rl.envs.CliffWalking;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.rl.envs.MountainCar;
import io.torrefy.rl.montecarlo.McBasic;
import io.torrefy.rl.montecarlo.McEpsilonGreedy;
import io.torrefy.rl.montecarlo.McExploringStarts;
import io.torrefy.rl.montecarlo.Visits;
import io.torrefy.rl.planning.Bellman;
import io.torrefy.rl.planning.Plan;
import io.torrefy.rl.planning.PolicyIteration;
import io.torrefy.rl.planning.Stop;
import io.torrefy.rl.planning.TruncatedPolicyIteration;
import io.torrefy.rl.planning.ValueIteration;
import io.torrefy.rl.plot.CurvePlot;
import io.torrefy.rl.plot.GridView;
import io.torrefy.rl.plot.Picture;
import io.torrefy.rl.plot.ValueScale;
import io.torrefy.rl.temporal.DoubleQLearning;
import io.torrefy.rl.temporal.ExpectedSarsa;
import io.torrefy.rl.temporal.NStepSarsa;
import io.torrefy.rl.temporal.QLearning;
import io.torrefy.rl.temporal.Sarsa;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// The pictures of `docs/rl.md` whose values are tables, or linear in features: grids, and curves of control.
final class RlTables {
    private static final double GAMMA = 0.9;
    private static final GridWorld BOOK = GridWorld.book();
    private static final TabularPolicy ALIKE = TabularPolicy.uniform(BOOK.states(), BOOK.actions());

    private RlTables() {}

    // ---- the model is known ----------------------------------------------------------------------------------------

    static Picture bellman() {
        Plan best = PolicyIteration.of(BOOK.mdp(), GAMMA);
        return Picture.row(
                GridView.of(BOOK)
                        .withValues(Bellman.solve(BOOK.mdp(), ALIKE, GAMMA))
                        .withTitle("Every action as likely as another")
                        .picture(),
                solved(BOOK, best, "The best policy"));
    }

    private static Picture solved(GridWorld world, Plan plan, String title) {
        return GridView.of(world)
                .withValues(plan.values())
                .withPolicy(plan.choice())
                .withTitle(title)
                .picture();
    }

    static Picture planning() {
        Stop stop = Stop.change(1e-3);
        return new CurvePlot(
                        "Planning in the grid world",
                        "rounds",
                        "largest change of a value",
                        List.of(
                                CurvePlot.Line.of(
                                        "value iteration",
                                        ValueIteration.of(BOOK.mdp(), GAMMA, stop)
                                                .residuals()),
                                CurvePlot.Line.of("truncated: 3 sweeps a round", truncated(3, stop)),
                                CurvePlot.Line.of("10 sweeps", truncated(10, stop)),
                                CurvePlot.Line.of(
                                        "policy iteration",
                                        PolicyIteration.of(BOOK.mdp(), GAMMA).residuals())),
                        true)
                .picture();
    }

    private static double[] truncated(int sweeps, Stop stop) {
        return TruncatedPolicyIteration.of(BOOK.mdp(), GAMMA, sweeps, stop).residuals();
    }

    // ---- Monte Carlo -----------------------------------------------------------------------------------------------

    static Picture mcBasic() {
        return Picture.row(mcBasic(3), mcBasic(30));
    }

    private static Picture mcBasic(int length) {
        McBasic.Result result = McBasic.learn(BOOK, GAMMA, new int[BOOK.states()], 1, length, 50, 1);
        return GridView.of(BOOK)
                .withValues(result.q().max())
                .withPolicy(result.choice())
                .withScale(new ValueScale(0, 0, 10))
                .withTitle("Episodes of " + length + " steps")
                .picture();
    }

    static Picture mcControl() {
        double epsilon = 0.5;
        double[] best = PolicyIteration.of(BOOK.mdp(), GAMMA).values();
        double[] bestExploring =
                PolicyIteration.of(BOOK.mdp(), GAMMA, ALIKE, epsilon).values();
        return CurvePlot.of(
                        "Monte Carlo control in the grid world",
                        "episodes of 100 steps",
                        "RMS error of the values",
                        List.of(
                                errors(
                                        "exploring starts, to the best policy",
                                        settings -> McExploringStarts.learn(GridWorld.book(), Visits.EVERY, settings),
                                        q -> RlCurves.rms(q.max(), best)),
                                errors(
                                        "epsilon-greedy (0.5), to the best that explores so",
                                        settings -> McEpsilonGreedy.learn(
                                                GridWorld.book(), Visits.EVERY, settings.epsilon(epsilon)),
                                        q -> RlCurves.rms(exploring(q, epsilon), bestExploring))))
                .picture();
    }

    private static CurvePlot.Line errors(
            String name, Consumer<TabularSettings> learner, ToDoubleFunction<ActionValues> error) {
        int episodes = 5000;
        double[][] runs = new double[5][episodes];
        for (int seed = 0; seed < runs.length; seed++) {
            double[] run = runs[seed];
            learner.accept(TabularSettings.of(GAMMA)
                    .episodes(episodes)
                    .maxSteps(100)
                    .dropLast(44)
                    .seed(seed)
                    .listener((e, _, _, q) -> run[e] = error.applyAsDouble(q)));
        }
        return RlCurves.blocks(name, runs, 100);
    }

    /// What acting epsilon-greedily is worth in each state.
    private static double[] exploring(ActionValues q, double epsilon) {
        double[] v = q.max();
        for (int s = 0; s < v.length; s++) {
            double mean = Arrays.stream(q.values(), s * q.actions(), (s + 1) * q.actions())
                    .average()
                    .orElseThrow();
            v[s] = (1 - epsilon) * v[s] + epsilon * mean;
        }
        return v;
    }

    static Picture epsilonGreedy() {
        GridWorld world = GridWorld.bookMap().forbiddenReward(-10).build();
        return Picture.row(exploring(world, 0.1), exploring(world, 0.5));
    }

    private static Picture exploring(GridWorld world, double epsilon) {
        return solved(
                world,
                PolicyIteration.of(world.mdp(), GAMMA, ALIKE, epsilon),
                "Best while exploring, epsilon " + epsilon);
    }

    // ---- temporal differences --------------------------------------------------------------------------------------

    @FunctionalInterface
    private interface Learner {
        TabularResult learn(Env<Integer, Integer> env, TabularSettings settings);
    }

    private static TabularSettings cliffSettings(long seed) {
        return TabularSettings.of(1).alpha(0.5).epsilon(0.1).episodes(500).seed(seed);
    }

    static Picture cliff() {
        return CurvePlot.of(
                        "CliffWalking while exploring (epsilon 0.1), after the first 50 episodes",
                        "episodes",
                        "return, mean of 25 episodes",
                        List.of(
                                returns("Sarsa", Sarsa::learn),
                                returns("expected Sarsa", ExpectedSarsa::learn),
                                returns(
                                        "4-step Sarsa",
                                        (env, settings) -> NStepSarsa.learn(env, 4, settings.alpha(0.2))),
                                returns("Q-learning", QLearning::learn),
                                returns("double Q-learning", DoubleQLearning::learn)))
                .picture();
    }

    private static CurvePlot.Line returns(String name, Learner learner) {
        double[][] runs = new double[50][];
        Arrays.setAll(
                runs,
                seed -> learner.learn(CliffWalking.of(false), cliffSettings(seed))
                        .returns());
        CurvePlot.Line all = RlCurves.blocks(name, runs, 25);
        // The bands of fifty seeds would hide each other: their mean alone.
        double[] mean = new double[all.at().length];
        Arrays.setAll(
                mean,
                i -> Arrays.stream(all.runs())
                        .mapToDouble(run -> run[i])
                        .average()
                        .orElseThrow());
        int first = 2;
        return new CurvePlot.Line(name, Arrays.copyOfRange(all.at(), first, mean.length), new double[][] {
            Arrays.copyOfRange(mean, first, mean.length)
        });
    }

    static Picture cliffPaths() {
        return Picture.column(
                path("Sarsa: away from the edge", Sarsa::learn), path("Q-learning: along the edge", QLearning::learn));
    }

    /// One episode of the greedy policy.
    private static Picture path(String title, Learner learner) {
        CliffWalking env = CliffWalking.of(false);
        ActionValues q = learner.learn(env, cliffSettings(2)).q();
        int[] states = new int[50];
        states[0] = env.reset(0);
        int length = 1;
        boolean ended = false;
        while (!ended && length < states.length) {
            int row = env.move(q.greedy(states[length - 1]));
            states[length++] = env.mdp().next()[row];
            ended = env.mdp().terminal()[row];
        }
        return GridView.of(env)
                .withTrajectory(Arrays.copyOf(states, length))
                .withTitle(title)
                .picture();
    }

    /// Sutton and Barto, Example 6.7: to the left lies a state whose actions pay -0.1 on the mean, more or less by
    /// 1; to the right the episode ends for nothing. With ten actions, half of which go left at the start.
    static Picture maximisationBias() {
        Supplier<TableEnv> env = () -> new TableEnv(FiniteMdp.of(2, 10, FiniteMdp.startIn(0, 2), (s, a, to) -> {
            if (s == 1) {
                to.add(0.5, 1, 0.9, true);
                to.add(0.5, 1, -1.1, true);
            } else {
                to.add(1, 1, 0, a >= 5);
            }
        }));
        return CurvePlot.of(
                        "How often the worse way is taken; exploring alone makes it 5 %",
                        "episodes",
                        "% to the left",
                        List.of(
                                left("Q-learning", settings -> QLearning.learn(env.get(), settings)),
                                left("double Q-learning", settings -> DoubleQLearning.learn(env.get(), settings))))
                .picture();
    }

    private static CurvePlot.Line left(String name, Function<TabularSettings, TabularResult> learner) {
        int seeds = 2000;
        int episodes = 300;
        double[] share = new double[episodes];
        for (int seed = 0; seed < seeds; seed++) {
            TabularResult result = learner.apply(TabularSettings.of(1)
                    .alpha(0.1)
                    .epsilon(0.1)
                    .episodes(episodes)
                    .seed(seed));
            for (int e = 0; e < episodes; e++) {
                share[e] += result.lengths()[e] == 2 ? 100.0 / seeds : 0;
            }
        }
        return RlCurves.blocks(name, new double[][] {share}, 5);
    }

    // ---- linear in features ----------------------------------------------------------------------------------------

    static Picture linearValues() {
        double[] v = Bellman.solve(BOOK.mdp(), ALIKE, GAMMA);
        ValueScale scale = ValueScale.of(v);
        return Picture.row(
                values(v, scale, "The values, 25 numbers"),
                values(fixedPoint(PolynomialFeatures.of(2, 1), -1), scale, "A plane, 3 weights"),
                values(fixedPoint(FourierFeatures.of(2, 3), 0), scale, "Fourier's, 16 weights"));
    }

    private static Picture values(double[] v, ValueScale scale, String title) {
        return GridView.of(BOOK).withValues(v).withScale(scale).withTitle(title).picture();
    }

    /// What TD comes to with features of the column and the row, scaled to [from, 1].
    private static double[] fixedPoint(Features features, double from) {
        int states = BOOK.states();
        double[][] phi = new double[states][];
        Arrays.setAll(phi, s -> features.vector(from + (1 - from) * (s % 5) / 4, from + (1 - from) * (s / 5) / 4));
        double[] alike = new double[states];
        Arrays.fill(alike, 1.0 / states);
        LinearEvaluation linear = LinearEvaluation.of(BOOK.mdp(), ALIKE.probability(), phi, alike, GAMMA);
        return linear.values(linear.fixedPoint());
    }

    /// Sutton and Barto, section 10.1.
    static Picture mountainCar() {
        return new CurvePlot(
                        "MountainCar with eight tilings of 8 x 8",
                        "episodes",
                        "steps to the goal",
                        List.of(steps("linear Sarsa", true), steps("linear Q-learning", false)),
                        true)
                .picture();
    }

    private static CurvePlot.Line steps(String name, boolean sarsa) {
        double[][] runs = new double[5][300];
        for (int seed = 0; seed < runs.length; seed++) {
            var q = new io.torrefy.rl.approximation.ActionValues(
                    TileCoding.of(8, 8, new double[] {-1.2, -0.07}, new double[] {0.6, 0.07}), 3);
            var settings = new LinearSettings(0.5 / 8, 1, 0, 10_000);
            var car = new MountainCar();
            Supplier<LinearEpisode> episodes = sarsa
                    ? new LinearSarsa<float[]>(car, RlTables::state, q, settings, seed)::episode
                    : new LinearQLearning<float[]>(car, RlTables::state, q, settings, seed)::episode;
            Arrays.setAll(runs[seed], _ -> episodes.get().steps());
        }
        return RlCurves.blocks(name, runs, 5);
    }

    private static double[] state(float[] observation) {
        return new double[] {observation[0], observation[1]};
    }
}
