package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.AdamW;
import io.torrefy.tensor.LinearCrossEntropy;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// One training step of a GPT-2 (layer norms, learned positions, GELU by tanh, tied embeddings): forward, mean
/// cross-entropy, backward, AdamW on all parameters. `bench/peers/training.py` does the same, and its losses are the
/// same to six digits from the same weights: `save` writes ours to a folder, and the peer's `--weights` reads them.
///
/// Arguments: `layers`, `hidden`, `heads`, `sequence`, `batch`, `vocab`. A unit of work is a token.
public final class Training implements Case {
    private static final double LEARNING_RATE = 3e-4;
    private static final double WEIGHT_DECAY = 0.1;

    private final CausalLm model;
    private final AdamW optimizer;
    private final List<int[]> inputs = new ArrayList<>();
    private final int[] targets;

    public Training(JsonNode args, int threads) {
        int sequence = args.path("sequence").asInt(256);
        int batch = args.path("batch").asInt(8);
        int vocab = args.path("vocab").asInt(8192);
        model = CausalLm.create(
                DecoderConfig.gpt2(
                        vocab,
                        args.path("hidden").asInt(384),
                        args.path("layers").asInt(6),
                        args.path("heads").asInt(6),
                        sequence),
                Rng.of(1));
        optimizer = AdamW.of(model.namedParameters(), LEARNING_RATE)
                .withBetas(0.9, 0.95)
                .withWeightDecay(WEIGHT_DECAY);
        targets = new int[batch * sequence];
        long state = 12345;
        for (int b = 0; b < batch; b++) {
            int[] row = new int[sequence + 1];
            for (int i = 0; i <= sequence; i++) {
                // The peer's ids: any will do, but both sides are to see the same.
                state = (state * 1103515245 + 12345) % (1L << 31);
                row[i] = (int) ((state >> 8) % vocab);
            }
            inputs.add(Arrays.copyOf(row, sequence));
            System.arraycopy(row, 1, targets, b * sequence, sequence);
        }
    }

    /// Writes the weights as they are now.
    public void save(Path folder) throws java.io.IOException {
        model.save(folder);
    }

    @Override
    public Work work() {
        return new Work(targets.length, "tokens");
    }

    @Override
    public void run() {
        step();
    }

    /// One step; gives its loss.
    public double step() {
        try (Scope _ = Scope.open()) {
            Tensor loss = LinearCrossEntropy.crossEntropy(
                    model.hidden(TokenBatch.pack(inputs)), model.outputMatrix(), Tensor.of(targets, targets.length));
            loss.backward();
            optimizer.step();
            return loss.item();
        }
    }

    @Override
    public void close() {
        optimizer.close();
        model.close();
    }
}
