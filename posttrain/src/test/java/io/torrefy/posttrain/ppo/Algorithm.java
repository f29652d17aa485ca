package io.torrefy.posttrain.ppo;

import io.torrefy.lm.CausalLm;
import io.torrefy.nn.Module;
import io.torrefy.posttrain.ValueModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The trainers, by one interface.
enum Algorithm {
    PPO {
        @Override
        Run open(long seed, Setup setup) {
            CausalLm policy = Tiny.model(seed);
            CausalLm reference = Tiny.model(3);
            ValueModel critic = ValueModel.ofZeros(Tiny.model(seed + 1));
            var options = Ppo.Options.of(setup.rollout, setup.optimization, setup.optimization.learningRate())
                    .withKl(setup.kl);
            Ppo ppo = Ppo.of(policy, critic, reference, Tiny.tokenizer(), Tiny.task(), setup.scorer, options);
            return new Run(
                    ppo::step,
                    ppo::save,
                    ppo::restore,
                    List.of(policy, critic),
                    List.of(ppo, policy, critic, reference));
        }
    },
    RLOO {
        @Override
        Run open(long seed, Setup setup) {
            CausalLm policy = Tiny.model(seed);
            CausalLm reference = Tiny.model(3);
            var options = Rloo.Options.of(setup.rollout, setup.optimization).withKl(setup.kl);
            Rloo rloo = Rloo.of(policy, reference, Tiny.tokenizer(), Tiny.task(), setup.scorer, options);
            return new Run(rloo::step, rloo::save, rloo::restore, List.of(policy), List.of(rloo, policy, reference));
        }
    },
    REINFORCE_PLUS_PLUS {
        @Override
        Run open(long seed, Setup setup) {
            return reinforce(seed, setup, false);
        }
    },
    REINFORCE_PLUS_PLUS_BASELINE {
        @Override
        Run open(long seed, Setup setup) {
            return reinforce(seed, setup, true);
        }
    },
    ONLINE_DPO {
        @Override
        Run open(long seed, Setup setup) {
            CausalLm policy = Tiny.model(seed);
            CausalLm reference = Tiny.model(3);
            var options = OnlineDpo.Options.of(setup.rollout, setup.optimization);
            OnlineDpo dpo = OnlineDpo.of(policy, reference, Tiny.tokenizer(), Tiny.task(), setup.scorer, options);
            return new Run(dpo::step, dpo::save, dpo::restore, List.of(policy), List.of(dpo, policy, reference));
        }
    };

    record Setup(RolloutOptions rollout, Optimization optimization, KlPenalty kl, Scorer scorer) {
        /// Eight completions a step, two epochs of two mini-batches, an adaptive coefficient.
        static Setup of(long steps, int microBatchTokens) {
            return new Setup(
                    Tiny.rollout(4, 2, microBatchTokens),
                    Tiny.optimization(steps, 1e-2, 2, 2),
                    KlPenalty.adaptive(0.05, 0.5),
                    Tiny.EVEN);
        }

        Setup withScorer(Scorer value) {
            return new Setup(rollout, optimization, kl, value);
        }
    }

    interface Files {
        void at(Path folder) throws IOException;
    }

    interface Steps {
        TrainingStep step(long step);
    }

    /// A trainer with its models.
    record Run(Steps steps, Files save, Files restore, List<Module> trained, List<AutoCloseable> all)
            implements AutoCloseable {
        TrainingStep step(long step) {
            return steps.step(step);
        }

        @Override
        public void close() throws Exception {
            for (AutoCloseable one : all) {
                one.close();
            }
        }
    }

    /// A trainer of a policy with the weights of `seed`; the reference has those of seed 3.
    abstract Run open(long seed, Setup setup);

    private static Run reinforce(long seed, Setup setup, boolean baseline) {
        CausalLm policy = Tiny.model(seed);
        CausalLm reference = Tiny.model(3);
        var options = ReinforcePlusPlus.Options.of(setup.rollout, setup.optimization, baseline)
                .withKl(setup.kl);
        ReinforcePlusPlus trainer =
                ReinforcePlusPlus.of(policy, reference, Tiny.tokenizer(), Tiny.task(), setup.scorer, options);
        return new Run(
                trainer::step, trainer::save, trainer::restore, List.of(policy), List.of(trainer, policy, reference));
    }
}
