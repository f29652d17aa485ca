package io.torrefy.app;

import io.torrefy.export.Spelling;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteEnv;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.deep.A2c;
import io.torrefy.rl.deep.Agent;
import io.torrefy.rl.deep.Behavior;
import io.torrefy.rl.deep.Ddpg;
import io.torrefy.rl.deep.DeepSettings;
import io.torrefy.rl.deep.Dqn;
import io.torrefy.rl.deep.Evaluation;
import io.torrefy.rl.deep.OffPolicyActorCritic;
import io.torrefy.rl.deep.Ppo;
import io.torrefy.rl.deep.Qac;
import io.torrefy.rl.deep.Reinforce;
import io.torrefy.rl.envs.Envs;
import io.torrefy.rl.montecarlo.McEpsilonGreedy;
import io.torrefy.rl.montecarlo.McExploringStarts;
import io.torrefy.rl.montecarlo.Visits;
import io.torrefy.rl.planning.Plan;
import io.torrefy.rl.planning.PolicyIteration;
import io.torrefy.rl.planning.Stop;
import io.torrefy.rl.planning.TruncatedPolicyIteration;
import io.torrefy.rl.planning.ValueIteration;
import io.torrefy.rl.temporal.DoubleQLearning;
import io.torrefy.rl.temporal.ExpectedSarsa;
import io.torrefy.rl.temporal.NStepSarsa;
import io.torrefy.rl.temporal.QLearning;
import io.torrefy.rl.temporal.Sarsa;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.LongFunction;

/// An algorithm that `torrefy rl` runs, by its name.
///
/// @param about what it is, in a line
record RlAlgorithm(String name, Kind kind, String about, Runner runner) {
    /// What an algorithm needs of an environment.
    enum Kind {
        PLANNING("a finite model"),
        TABULAR("numbered states and actions"),
        DEEP("numbered actions"),
        CONTINUOUS("actions that are vectors");

        private final String needs;

        Kind(String needs) {
            this.needs = needs;
        }

        String needs() {
            return needs;
        }

        /// Whether it learns with networks, in runs that are worth going on with.
        boolean networks() {
            return this == DEEP || this == CONTINUOUS;
        }
    }

    /// Runs a task.
    @FunctionalInterface
    interface Runner {
        RlResult run(RlTask task, RlTask.Watcher watcher);
    }

    /// Sweeps that are shown one by one.
    private static final int FRAMES = 40;

    /// All of them, those that know the model first.
    static final List<RlAlgorithm> ALL = List.of(
            planning(
                    "value-iteration",
                    "Bellman's optimality equation, swept",
                    (mdp, task) -> ValueIteration.of(mdp, task.gamma(), Stop.error(task.error()))),
            planning(
                    "policy-iteration",
                    "a policy's exact values, then the better policy",
                    (mdp, task) -> PolicyIteration.of(mdp, task.gamma())),
            planning(
                    "truncated-policy-iteration",
                    "some sweeps of a policy's values, then the better policy",
                    (mdp, task) -> TruncatedPolicyIteration.of(mdp, task.gamma(), task.n(), Stop.error(task.error()))),
            tabular(
                    "mc-exploring-starts",
                    "returns of greedy episodes from any state and action",
                    (env, settings, _) -> McExploringStarts.learn(env, Visits.EVERY, settings)),
            tabular(
                    "mc-epsilon-greedy",
                    "returns of episodes that explore",
                    (env, settings, _) -> McEpsilonGreedy.learn(env, Visits.EVERY, settings)),
            tabular("sarsa", "bootstraps from the action taken next", (env, settings, _) -> Sarsa.learn(env, settings)),
            tabular(
                    "expected-sarsa",
                    "bootstraps from the policy's mean",
                    (env, settings, _) -> ExpectedSarsa.learn(env, settings)),
            tabular(
                    "n-step-sarsa",
                    "bootstraps after n rewards",
                    (env, settings, task) -> NStepSarsa.learn(env, task.n(), settings)),
            tabular(
                    "q-learning",
                    "bootstraps from the best action",
                    (env, settings, _) -> QLearning.learn(env, settings)),
            tabular(
                    "double-q-learning",
                    "two tables, which judge each other's choice",
                    (env, settings, _) -> DoubleQLearning.learn(env, settings)),
            deep(
                    "reinforce",
                    "policy gradient from whole returns, with a baseline",
                    task -> Reinforce.of(maker(task), set(Reinforce.settings(), task))),
            deep("qac", "actor and critic, step by step", task -> Qac.of(maker(task), set(Qac.settings(), task))),
            deep(
                    "a2c",
                    "actor and critic with generalised advantages",
                    task -> A2c.of(maker(task), set(A2c.settings(), task))),
            deep(
                    "off-policy-actor-critic",
                    "an actor from another's actions, weighted",
                    task -> OffPolicyActorCritic.of(
                            maker(task), Behavior.UNIFORM, set(OffPolicyActorCritic.settings(), task))),
            deep("dqn", "Q-learning with networks and replay", task -> Dqn.of(maker(task), dqn(task))),
            deep("ppo", "the clipped policy gradient", task -> Ppo.of(maker(task), ppo(task))),
            continuous());

    /// @throws IllegalArgumentException that names what is spelt alike, if there is none
    static RlAlgorithm of(String name) {
        return ALL.stream()
                .filter(algorithm -> algorithm.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("expected an algorithm; got '" + name
                        + "'. Hint: did you mean "
                        + String.join(" or ", Spelling.nearest(name, names(), 3)) + "? There are "
                        + String.join(", ", names()) + "."));
    }

    private static List<String> names() {
        return ALL.stream().map(RlAlgorithm::name).toList();
    }

    /// Whether it can run in an environment.
    boolean fits(String env) {
        try {
            switch (kind) {
                case PLANNING, TABULAR -> Envs.finite(env).close();
                case DEEP -> Envs.discrete(env).close();
                case CONTINUOUS -> Envs.continuous(env).close();
            }
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    // ---- planning --------------------------------------------------------------------------------------------------

    private static RlAlgorithm planning(String name, String about, BiFunction<FiniteMdp, RlTask, Plan> solve) {
        return new RlAlgorithm(name, Kind.PLANNING, about, (task, watcher) -> {
            FiniteMdp mdp = Envs.finite(task.env()).mdp();
            Plan plan = solve.apply(mdp, task);
            watcher.done(1, 1, plan.start());
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("rounds", plan.rounds());
            facts.put("sweeps", plan.sweeps());
            facts.put("converged", plan.converged());
            facts.put("start_value", plan.start());
            return new RlResult(
                    plan.values(),
                    plan.actionValues(),
                    plan.choice(),
                    new double[0],
                    new double[0],
                    plan.residuals(),
                    frames(mdp, task, plan),
                    facts,
                    plan.converged() ? List.of() : List.of("It has not converged in " + plan.sweeps() + " sweeps."));
        });
    }

    /// The first sweeps of value iteration, whatever found the plan: how values spread.
    private static List<RlResult.Frame> frames(FiniteMdp mdp, RlTask task, Plan plan) {
        List<RlResult.Frame> frames = new ArrayList<>();
        double[] v = new double[mdp.states()];
        int sweeps = (int) Math.min(FRAMES, Math.max(plan.residuals().length, 1));
        for (int k = 1; k <= sweeps; k++) {
            Plan next = ValueIteration.of(mdp, task.gamma(), Stop.sweeps(1), v);
            v = next.values();
            frames.add(new RlResult.Frame("Sweep " + k, v.clone(), next.choice()));
        }
        frames.add(new RlResult.Frame("Optimal", plan.values(), plan.choice()));
        return frames;
    }

    // ---- tables ----------------------------------------------------------------------------------------------------

    @FunctionalInterface
    private interface Learner {
        TabularResult learn(Env<Integer, Integer> env, TabularSettings settings, RlTask task);
    }

    private static RlAlgorithm tabular(String name, String about, Learner learner) {
        return new RlAlgorithm(name, Kind.TABULAR, about, (task, watcher) -> {
            FiniteEnv env = Envs.finite(task.env());
            int episodes = task.episodes();
            List<RlResult.Frame> frames = new ArrayList<>();
            TabularSettings settings = task.tabular().listener((episode, total, _, q) -> {
                watcher.done(episode + 1L, episodes, total);
                if (shown(episode + 1, episodes)) {
                    frames.add(new RlResult.Frame("Episode " + (episode + 1), q.max(), q.greedy()));
                }
            });
            TabularResult result = learner.learn(env, settings, task);
            ActionValues q = result.q();
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("episodes", episodes);
            facts.put("steps", result.steps());
            facts.put("mean_return_last_100", RlResult.lastMean(result.returns(), 100));
            double[] lengths =
                    java.util.Arrays.stream(result.lengths()).asDoubleStream().toArray();
            return new RlResult(
                    q.max(), q, q.greedy(), result.returns(), lengths, new double[0], frames, facts, result.warnings());
        });
    }

    /// Some episodes at the beginning, then ever fewer, and the last: learning is fast at first.
    private static boolean shown(int episode, int episodes) {
        if (episode == episodes || episode <= 4) {
            return true;
        }
        double place = FRAMES * Math.log(episode) / Math.log(episodes);
        return (int) place > (int) (FRAMES * Math.log(episode - 1.0) / Math.log(episodes));
    }

    // ---- networks --------------------------------------------------------------------------------------------------

    private static java.util.function.Supplier<Env<float[], Integer>> maker(RlTask task) {
        return () -> Envs.discrete(task.env());
    }

    private static <S extends DeepSettings<S>> S set(S settings, RlTask task) {
        settings.seed(task.seed()).gamma(task.gamma());
        task.rate().ifPresent(settings::learningRate);
        return settings;
    }

    /// As in CleanRL, where the learning rate falls to nothing over the run, however long it is.
    private static Ppo.Settings ppo(RlTask task) {
        return set(Ppo.settings(), task).annealSteps(task.steps());
    }

    /// As in CleanRL, where exploration falls over the first half of the run. It learns after 10 000 of 500 000
    /// steps; of a shorter run that would be a large part.
    private static Dqn.Settings dqn(RlTask task) {
        return set(Dqn.settings(), task)
                .epsilon(1, 0.05, Math.max(1, task.steps() / 2))
                .learningStarts((int) Math.min(10_000, task.steps() / 10));
    }

    private static RlAlgorithm deep(
            String name, String about, java.util.function.Function<RlTask, Agent<float[], Integer>> agent) {
        return new RlAlgorithm(
                name,
                Kind.DEEP,
                about,
                (task, watcher) -> train(agent.apply(task), _ -> Envs.discrete(task.env()), task, watcher));
    }

    private static RlAlgorithm continuous() {
        return new RlAlgorithm(
                "ddpg",
                Kind.CONTINUOUS,
                "the deterministic policy gradient",
                (task, watcher) -> train(
                        Ddpg.of(() -> Envs.continuous(task.env()), set(Ddpg.settings(), task)),
                        _ -> Envs.continuous(task.env()),
                        task,
                        watcher));
    }

    private static <A> RlResult train(
            Agent<float[], A> made, LongFunction<Env<float[], A>> env, RlTask task, RlTask.Watcher watcher) {
        try (Agent<float[], A> agent = made) {
            RlCurve curve = watcher.begins(agent);
            agent.listen(Math.max(1, task.steps() / 200), progress -> {
                watcher.done(Math.min(progress.steps(), task.steps()), task.steps(), progress.meanReturn());
                curve.add(progress.steps(), progress.meanReturn());
                watcher.reached(agent);
            });
            agent.train(task.steps());
            watcher.ended(agent);
            Evaluation greedy = agent.evaluate(env.apply(0), 100, 1_000_000);
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("steps", agent.steps());
            facts.put("episodes", agent.progress().episodes());
            facts.put("mean_return_last_100", agent.progress().meanReturn());
            facts.put("greedy_mean_return", greedy.meanReturn());
            facts.put("greedy_deviation", greedy.deviation());
            return new RlResult(
                    null, null, null, curve.values(), curve.at(), new double[0], List.of(), facts, List.of());
        }
    }
}
