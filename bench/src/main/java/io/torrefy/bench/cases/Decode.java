package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.bench.Case;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Greedy generation by [Generator], reading the prompts included, as `bench/peers/decode.py` has transformers do it,
/// with the arguments told there; `weights` is the format of the weights in decoding. A unit of work is a generated
/// token.
///
/// With a folder as `model` the weights are saved there for the peer, and the tokens too: `tokens-torrefy-BATCH.json`.
public final class Decode implements Case {
    private final CausalLm model;
    private final Generator generator;
    private final List<int[]> prompts;
    private final Sampling sampling;

    public Decode(JsonNode args, int threads) throws IOException {
        DecoderConfig config = DecoderConfig.llama(
                args.path("vocab").asInt(),
                args.path("hidden").asInt(),
                args.path("layers").asInt(),
                args.path("heads").asInt(),
                args.path("intermediate").asInt(),
                args.path("positions").asInt(512));
        int batch = args.path("batch").asInt();
        model = CausalLm.create(config, Rng.of(1));
        String format = args.path("weights").asText("f32").toUpperCase(Locale.ROOT);
        generator = Generator.of(model, null, batch, PackedWeights.Format.valueOf(format));
        prompts = prompts(batch, args.path("prompt").asInt(), config.vocab());
        sampling = Sampling.greedy(args.path("new").asInt());
        List<Completion> done = generator.generate(prompts, sampling);
        if (done.stream().anyMatch(c -> c.ids().length != sampling.maxNewTokens())) {
            throw new IllegalStateException("[decode] expected " + sampling.maxNewTokens() + " new tokens each");
        }
        if (args.has("model")) {
            share(Path.of(args.path("model").asText()), done);
        }
    }

    /// Ids that the peer makes too.
    private static List<int[]> prompts(int batch, int length, int vocab) {
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            int[] ids = new int[length];
            for (int j = 0; j < length; j++) {
                ids[j] = (int) (3 + (7919L * (i * (long) length + j) + 104_729) % (vocab - 3));
            }
            prompts.add(ids);
        }
        return prompts;
    }

    private void share(Path folder, List<Completion> done) throws IOException {
        if (!Files.exists(folder.resolve("config.json"))) {
            model.save(folder);
        }
        Path tokens = folder.resolve("tokens-torrefy-" + prompts.size() + ".json");
        new ObjectMapper()
                .writeValue(tokens.toFile(), done.stream().map(Completion::ids).toList());
    }

    @Override
    public Work work() {
        return new Work((double) prompts.size() * sampling.maxNewTokens(), "tokens");
    }

    @Override
    public void run() {
        generator.generate(prompts, sampling);
    }

    @Override
    public void close() {
        generator.close();
        model.close();
    }
}
