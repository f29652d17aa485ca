package io.torrefy.posttrain.ppo;

import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.lm.TrainedBpe;
import io.torrefy.nn.Module;
import io.torrefy.posttrain.Corpus;
import io.torrefy.posttrain.Countdown;
import io.torrefy.posttrain.Task;
import io.torrefy.tensor.Rng;
import java.util.Map;
import java.util.TreeMap;

/// A random model of two layers, and each algorithm on it.
final class Tiny {
    private static final TrainedBpe BPE = BpeTrainer.of(320)
            .endOfText("<|endoftext|>")
            .train(Corpus.standard().documents(1).limit(200).map(Corpus.Document::text)::iterator);

    /// The share of even token ids, which a model can raise by its output matrix alone.
    static final Scorer EVEN = Scorer.ofFunction("even", rollout -> {
        int even = 0;
        for (int id : rollout.completion().ids()) {
            even += (id & 1) == 0 ? 1 : 0;
        }
        return (double) even / rollout.tokens();
    });

    private Tiny() {}

    static Tokenizer tokenizer() {
        return BPE.tokenizer();
    }

    static Task task() {
        return Countdown.standard();
    }

    static CausalLm model(long seed) {
        return model(seed, tokenizer().vocabSize());
    }

    static CausalLm model(long seed, int vocab) {
        return CausalLm.create(DecoderConfig.llama(vocab, 32, 2, 2, 64, 256), Rng.of(seed));
    }

    static RolloutOptions rollout(int problems, int numGenerations, int microBatchTokens) {
        return new RolloutOptions(problems, numGenerations, 8, 1, 0, microBatchTokens, 5);
    }

    static Optimization optimization(long steps, double learningRate, int epochs, int miniBatches) {
        return new Optimization(steps, learningRate, 0, false, epochs, miniBatches, 1);
    }

    /// Copies of all parameters.
    static Map<String, float[]> weights(Module model) {
        Map<String, float[]> weights = new TreeMap<>();
        model.namedParameters().forEach((name, tensor) -> weights.put(name, tensor.toFloats()));
        return weights;
    }

    /// Metrics without what a clock says.
    static Map<String, Double> timeless(Map<String, Double> metrics) {
        Map<String, Double> kept = new TreeMap<>(metrics);
        kept.keySet()
                .removeIf(name -> name.startsWith("time") || name.equals("eps") || name.equals("tokens_per_second"));
        return kept;
    }
}
