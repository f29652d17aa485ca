package io.torrefy.posttrain.preference;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.tensor.Rng;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A random model of two layers, and answers that are preferred by a rule that it can learn.
final class TinyPairs {
    static final int VOCAB = 24;
    private static final int END = 0;
    private static final int GOOD = 1;
    private static final int BAD = 2;

    private TinyPairs() {}

    static CausalLm model(long seed) {
        return model(seed, VOCAB);
    }

    static CausalLm model(long seed, int vocab) {
        return CausalLm.create(DecoderConfig.llama(vocab, 16, 2, 2, 32, 40), Rng.of(seed));
    }

    /// Chosen answers have the good token somewhere, rejected ones the bad one; lengths differ.
    static List<PreferencePair> pairs(int count, long seed) {
        Random random = new Random(seed);
        List<PreferencePair> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = words(random, 2 + random.nextInt(4), END);
            prompt[prompt.length - 1] = 3;
            pairs.add(new PreferencePair(
                    prompt, words(random, 2 + random.nextInt(6), GOOD), words(random, 2 + random.nextInt(6), BAD)));
        }
        return pairs;
    }

    static List<UnpairedExample> unpaired(int count, long seed) {
        List<UnpairedExample> examples = new ArrayList<>();
        for (PreferencePair pair : pairs((count + 1) / 2, seed)) {
            examples.add(new UnpairedExample(pair.prompt(), pair.chosen(), true));
            examples.add(new UnpairedExample(pair.prompt(), pair.rejected(), false));
        }
        return examples.subList(0, count);
    }

    /// Steps of a few tokens; those with the bad token are wrong.
    static List<StepwiseExample> stepwise(int count, long seed) {
        Random random = new Random(seed);
        List<StepwiseExample> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<int[]> steps = new ArrayList<>();
            double[] labels = new double[1 + random.nextInt(3)];
            for (int s = 0; s < labels.length; s++) {
                labels[s] = random.nextInt(2);
                steps.add(words(random, 2 + random.nextInt(3), labels[s] == 1 ? GOOD : BAD));
            }
            examples.add(new StepwiseExample(words(random, 2, END), steps, labels));
        }
        return examples;
    }

    private static int[] words(Random random, int length, int mark) {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++) {
            ids[i] = 4 + random.nextInt(VOCAB - 4);
        }
        ids[random.nextInt(length - 1)] = mark;
        ids[length - 1] = END;
        return ids;
    }
}
