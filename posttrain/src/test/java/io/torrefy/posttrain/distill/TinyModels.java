package io.torrefy.posttrain.distill;

import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.lm.TrainedBpe;
import io.torrefy.posttrain.Corpus;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.SplitMix;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A random student and a random teacher that is wider, and sure of what it says.
final class TinyModels {
    private static final TrainedBpe BPE = BpeTrainer.of(300)
            .endOfText("<|endoftext|>")
            .train(Corpus.standard().documents(1).limit(200).map(Corpus.Document::text)::iterator);

    private TinyModels() {}

    static Tokenizer tokenizer() {
        return BPE.tokenizer();
    }

    static CausalLm student(long seed) {
        return CausalLm.create(DecoderConfig.llama(tokenizer().vocabSize(), 24, 1, 2, 48, 128), Rng.of(seed));
    }

    static CausalLm teacher() {
        CausalLm teacher = CausalLm.create(DecoderConfig.llama(tokenizer().vocabSize(), 32, 1, 2, 48, 128), Rng.of(90));
        try (Autograd.Mode _ = Autograd.noGrad()) {
            Tensor output = teacher.outputMatrix();
            output.mulInPlace(12);
        }
        return teacher;
    }

    /// Prompts of some words, with answers of some.
    static List<TokenSequence> samples(int count) {
        List<TokenSequence> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SplitMix random = new SplitMix(4, i);
            int[] ids = new int[5 + i % 4];
            for (int t = 0; t < ids.length; t++) {
                ids[t] = random.below(tokenizer().vocabSize());
            }
            samples.add(TokenSequence.completion(ids, 2 + i % 2, "sample " + i));
        }
        return samples;
    }

    /// Copies of all parameters.
    static Map<String, float[]> weights(CausalLm model) {
        Map<String, float[]> weights = new TreeMap<>();
        model.namedParameters().forEach((name, tensor) -> weights.put(name, tensor.toFloats()));
        return weights;
    }
}
