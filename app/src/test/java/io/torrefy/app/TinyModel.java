package io.torrefy.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A model folder with random weights, for commands that only need one to be there.
final class TinyModel {
    private TinyModel() {}

    static Path save(Path folder) throws IOException {
        return save(folder, BpeTrainer.of(300).endOfText("<|endoftext|>"));
    }

    static Path save(Path folder, BpeTrainer trainer) throws IOException {
        var trained = trainer.train(List.of("Numbers: 1 2 3. Target: 6.\n<answer>1 + 2 + 3</answer>"));
        trained.save(folder);
        int vocab = trained.tokenizer().highestId() + 1;
        CausalLm.create(DecoderConfig.llama(vocab, 16, 1, 2, 24, 512), Rng.of(3))
                .save(folder);
        return folder;
    }

    static JsonNode json(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.lastLine());
    }
}
