package io.torrefy.examples;

import io.torrefy.rl.Env;
import io.torrefy.rl.deep.A2c;
import io.torrefy.rl.deep.Agent;
import io.torrefy.rl.deep.Behavior;
import io.torrefy.rl.deep.Ddpg;
import io.torrefy.rl.deep.Dqn;
import io.torrefy.rl.deep.OffPolicyActorCritic;
import io.torrefy.rl.deep.Ppo;
import io.torrefy.rl.deep.Qac;
import io.torrefy.rl.deep.Reinforce;
import io.torrefy.rl.envs.Envs;
import io.torrefy.rl.plot.CurvePlot;
import io.torrefy.rl.plot.Picture;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// The pictures of `docs/rl.md` that networks make. The runs are short: they show learning, and few of them its end.
final class RlNetworks {
    private static final int SEEDS = 3;
    private static final int POINTS = 40;
    private static final String RECENT = "mean return of the last 100 episodes";
    private static final String GREEDY = "mean return of 10 episodes";

    private RlNetworks() {}

    private static Supplier<Env<float[], Integer>> cartPole() {
        return () -> Envs.discrete("CartPole-v1");
    }

    /// @param measure what is drawn of an agent
    private static <A> CurvePlot.Line line(
            String name,
            int points,
            long steps,
            LongFunction<? extends Agent<float[], A>> make,
            ToDoubleFunction<Agent<float[], A>> measure) {
        double[] at = new double[points];
        double[][] runs = new double[SEEDS][points];
        for (int seed = 0; seed < SEEDS; seed++) {
            try (Agent<float[], A> agent = make.apply(seed + 1)) {
                for (int p = 0; p < points; p++) {
                    agent.train(steps * (p + 1) / points);
                    at[p] = steps * (p + 1.0) / points;
                    runs[seed][p] = measure.applyAsDouble(agent);
                }
            }
        }
        return new CurvePlot.Line(name, at, runs);
    }

    private static <A> CurvePlot.Line recent(String name, long steps, LongFunction<? extends Agent<float[], A>> make) {
        return line(name, POINTS, steps, make, agent -> agent.progress().meanReturn());
    }

    static Picture dqn() {
        long steps = 50_000;
        return CurvePlot.of(
                        "Q-learning with networks on CartPole",
                        "steps",
                        RECENT,
                        List.of(
                                recent("DQN", steps, seed -> Dqn.of(cartPole(), dqn(seed))),
                                recent(
                                        "double, duelling",
                                        steps,
                                        seed -> Dqn.of(
                                                cartPole(),
                                                dqn(seed).doubleQ(true).duelling(true)))))
                .picture();
    }

    /// CleanRL's settings, hurried: it explores for 250 000 steps.
    private static Dqn.Settings dqn(long seed) {
        return Dqn.settings()
                .seed(seed)
                .hidden(64, 64)
                .learningRate(1e-3)
                .learningStarts(1000)
                .epsilon(1, 0.05, 15_000);
    }

    static Picture policyGradient() {
        long steps = 80_000;
        return CurvePlot.of(
                        "Policy gradients on CartPole",
                        "steps",
                        RECENT,
                        List.of(
                                recent(
                                        "REINFORCE without a baseline",
                                        steps,
                                        seed -> Reinforce.of(
                                                cartPole(),
                                                Reinforce.settings().seed(seed).baseline(false))),
                                recent(
                                        "REINFORCE with one",
                                        steps,
                                        seed -> Reinforce.of(
                                                cartPole(), Reinforce.settings().seed(seed))),
                                recent(
                                        "A2C",
                                        steps,
                                        seed -> A2c.of(
                                                cartPole(), A2c.settings().seed(seed))),
                                recent(
                                        "PPO",
                                        steps,
                                        seed -> Ppo.of(
                                                cartPole(), Ppo.settings().seed(seed)))))
                .picture();
    }

    static Picture actorCritic() {
        long steps = 60_000;
        return CurvePlot.of(
                        "Actor-critics on CartPole: what the greedy policy earns",
                        "steps",
                        GREEDY,
                        List.of(
                                greedy(
                                        "QAC",
                                        steps,
                                        cartPole(),
                                        seed -> Qac.of(
                                                cartPole(), Qac.settings().seed(seed))),
                                greedy(
                                        "A2C",
                                        steps,
                                        cartPole(),
                                        seed -> A2c.of(
                                                cartPole(), A2c.settings().seed(seed))),
                                greedy(
                                        "off-policy, from random actions",
                                        steps,
                                        cartPole(),
                                        seed -> OffPolicyActorCritic.of(
                                                cartPole(),
                                                Behavior.UNIFORM,
                                                OffPolicyActorCritic.settings().seed(seed)))))
                .picture();
    }

    private static <A> CurvePlot.Line greedy(
            String name, long steps, Supplier<Env<float[], A>> env, LongFunction<? extends Agent<float[], A>> make) {
        return line(
                name,
                15,
                steps,
                make,
                agent -> agent.evaluate(env.get(), 10, 1_000).meanReturn());
    }

    static Picture ddpg() {
        Supplier<Env<float[], float[]>> pendulum = () -> Envs.continuous("Pendulum-v1");
        return CurvePlot.of(
                        "DDPG on Pendulum: what the policy earns without noise",
                        "steps",
                        GREEDY,
                        List.of(greedy("DDPG", 10_000, pendulum, seed -> Ddpg.of(pendulum, ClassicControl.ddpg(seed)))))
                .picture();
    }
}
