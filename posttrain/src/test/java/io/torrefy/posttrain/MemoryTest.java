package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.ppo.Optimization;
import io.torrefy.posttrain.ppo.Ppo;
import io.torrefy.posttrain.ppo.RolloutOptions;
import io.torrefy.posttrain.ppo.Scorer;
import io.torrefy.posttrain.preference.Dpo;
import io.torrefy.posttrain.preference.PreferencePair;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.sft.Sft;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A thousand steps take the memory of a few.
class MemoryTest {
    private static final int STEPS = 1000;
    private static final Rewards EVEN = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);

    /// A trainer's step and all that it is made of, to be closed in this order.
    private record Run(LongConsumer step, List<AutoCloseable> parts) implements AutoCloseable {
        @Override
        public void close() throws Exception {
            for (AutoCloseable part : parts) {
                part.close();
            }
        }
    }

    enum Trainer {
        SFT {
            @Override
            Run open() {
                CausalLm model = model(3);
                var random = new SplitMix(1, 0);
                List<TokenSequence> samples = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    int[] ids = words(random);
                    boolean[] trained = new boolean[ids.length];
                    Arrays.fill(trained, 1, ids.length, true);
                    samples.add(new TokenSequence(ids, trained, "sample " + i));
                }
                Sft sft = Sft.of(
                        model,
                        samples,
                        Sft.Options.defaults().withMaxSteps(STEPS).withBatch(2, 2));
                return new Run(sft::step, List.of(sft, model));
            }
        },
        DPO {
            @Override
            Run open() {
                CausalLm policy = model(3);
                CausalLm reference = model(3);
                var random = new SplitMix(2, 0);
                List<PreferencePair> pairs = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    pairs.add(new PreferencePair(words(random), words(random), words(random)));
                }
                PreferenceTraining training =
                        PreferenceTraining.of(STEPS, 1e-4).withBatchSize(3).withMicroBatchTokens(20);
                Dpo dpo = Dpo.of(policy, reference, pairs, Dpo.Options.defaults(training));
                return new Run(dpo::step, List.of(dpo, policy, reference));
            }
        },
        PPO {
            @Override
            Run open() {
                CausalLm policy = model(3);
                CausalLm reference = model(3);
                ValueModel critic = ValueModel.ofZeros(model(4));
                var options = Ppo.Options.of(
                        new RolloutOptions(2, 1, 4, 1, 0, 60, 5),
                        new Optimization(STEPS, 1e-4, 0, true, 1, 1, 1),
                        1e-4);
                Ppo ppo = Ppo.of(
                        policy,
                        critic,
                        reference,
                        TinyBase.tokenizer(),
                        Countdown.standard(),
                        Scorer.of(EVEN),
                        options);
                return new Run(ppo::step, List.of(ppo, policy, critic, reference));
            }
        },
        GRPO {
            @Override
            Run open() {
                CausalLm policy = model(3);
                CausalLm reference = model(3);
                var options = new Grpo.Options(
                        STEPS,
                        1,
                        2,
                        4,
                        1,
                        1e-4,
                        0,
                        true,
                        1,
                        Advantages.Scale.GROUP,
                        GrpoLoss.Options.defaults().withBeta(0.1),
                        1,
                        60,
                        5);
                Grpo grpo = Grpo.of(policy, reference, TinyBase.tokenizer(), Countdown.standard(), EVEN, options);
                return new Run(grpo::step, List.of(grpo, policy, reference));
            }
        };

        abstract Run open();

        static CausalLm model(long seed) {
            int vocabulary = TinyBase.tokenizer().vocabSize();
            return CausalLm.create(DecoderConfig.llama(vocabulary, 16, 1, 2, 32, 128), Rng.of(seed));
        }

        /// Two to nine words.
        static int[] words(SplitMix random) {
            int[] ids = new int[random.between(2, 9)];
            for (int t = 0; t < ids.length; t++) {
                ids[t] = random.between(1, 99);
            }
            return ids;
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryStaysFlatOverAThousandSteps(Trainer trainer) throws Exception {
        long start = Memory.stats().liveBytes();
        Set<Long> live = new TreeSet<>();
        long heapEarly = 0;
        long heapLate = 0;
        try (Run run = trainer.open()) {
            for (int step = 0; step < STEPS; step++) {
                run.step.accept(step);
                if (step > 0) {
                    live.add(Memory.stats().liveBytes());
                }
                if (step == 199) {
                    heapEarly = heap();
                }
            }
            heapLate = heap();
        }
        assertThat(live).as("bytes of tensors after each step but the first").hasSize(1);
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
        assertThat(heapLate - heapEarly)
                .as("bytes of heap that 800 steps have left, below 4 KB a step")
                .isLessThan(800 * 4096);
    }

    /// What is left on the heap after collections.
    private static long heap() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            Thread.sleep(20);
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
