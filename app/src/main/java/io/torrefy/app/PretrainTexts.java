package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Tokenizer;
import io.torrefy.lm.TrainedBpe;
import io.torrefy.posttrain.Corpus;
import io.torrefy.posttrain.Pretraining;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.TextFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Texts to pre-train on, and the tokenizer that is made of them.
sealed interface PretrainTexts {
    /// As many texts, at most, as a tokenizer is trained on.
    long TOKENIZER_DOCUMENTS = 20_000;

    String END = "<|endoftext|>";

    /// Makes the tokenizer and writes it into `folder`.
    BpeTokenizer tokenizer(Path folder) throws IOException;

    /// The training of `model` on these texts.
    Pretraining training(CausalLm model, Tokenizer tokenizer, Pretraining.Options options);

    /// What tells them from other texts: a resumed run needs the same.
    Map<String, Object> description();

    private static BpeTokenizer trained(BpeTrainer trainer, Stream<String> texts, Path folder) {
        TrainedBpe trained = trainer.train(texts.limit(TOKENIZER_DOCUMENTS)::iterator);
        create(folder);
        trained.save(folder);
        return trained.tokenizer();
    }

    private static void create(Path folder) {
        try {
            java.nio.file.Files.createDirectories(folder);
        } catch (IOException e) {
            throw new RunException("[pretrain] cannot create " + folder + ": " + e.getMessage());
        }
    }

    /// The generated Countdown corpus.
    record Generated(Corpus corpus, long seed) implements PretrainTexts {
        private static final String WORDS_AND_NUMBERS = " ?\\p{N}{1,3}| ?\\p{L}+| ?[^\\s\\p{L}\\p{N}]+|\\s";

        @Override
        public BpeTokenizer tokenizer(Path folder) {
            BpeTrainer trainer = BpeTrainer.of(512)
                    .endOfText(END)
                    .added("<think>", "</think>", "<answer>", "</answer>")
                    .splitRegex(WORDS_AND_NUMBERS);
            return trained(trainer, corpus.documents(seed).map(Corpus.Document::text), folder);
        }

        @Override
        public Pretraining training(CausalLm model, Tokenizer tokenizer, Pretraining.Options options) {
            return Pretraining.of(
                    model,
                    i -> {
                        var document = corpus.document(seed, i);
                        return Pretraining.ids(tokenizer, document.problem().prompt(), document.completion());
                    },
                    options);
        }

        @Override
        public Map<String, Object> description() {
            return Map.of("corpus", "countdown");
        }
    }

    /// Texts in files.
    record Files(List<Path> files, TextFiles.Options options, int vocab, Optional<Path> tokenizer)
            implements PretrainTexts {
        /// There is a text: a wrong field or format is to be said before there is a folder.
        void requireOne() {
            try (Stream<String> texts = TextFiles.texts(files, options.field()).stream()) {
                if (texts.findFirst().isEmpty()) {
                    throw new RunException("[pretrain] expected a text that is not blank; got none in " + files);
                }
            }
        }

        @Override
        public BpeTokenizer tokenizer(Path folder) throws IOException {
            if (tokenizer.isEmpty()) {
                try (Stream<String> texts = TextFiles.texts(files, options.field()).stream()) {
                    return trained(BpeTrainer.of(vocab).endOfText(END), texts, folder);
                }
            }
            create(folder);
            for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
                Path from = tokenizer.get().resolve(name);
                if (java.nio.file.Files.exists(from)) {
                    java.nio.file.Files.write(folder.resolve(name), java.nio.file.Files.readAllBytes(from));
                }
            }
            return BpeTokenizer.load(folder);
        }

        @Override
        public Pretraining training(CausalLm model, Tokenizer tokenizer, Pretraining.Options training) {
            return Pretraining.of(model, TextFiles.batches(files, tokenizer, options), training);
        }

        @Override
        public Map<String, Object> description() {
            Map<String, Object> description = new LinkedHashMap<>();
            description.put("files", files.stream().map(Path::toString).toList());
            description.put("field", options.field());
            description.put("shuffle", options.shuffle());
            description.put("tokenizer", tokenizer.map(Path::toString).orElse("vocab " + vocab));
            return description;
        }
    }
}
