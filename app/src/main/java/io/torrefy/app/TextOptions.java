package io.torrefy.app;

import io.torrefy.posttrain.Corpus;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// What `pretrain` reads: files of texts, or the generated corpus.
final class TextOptions {
    @Option(
            names = "--data",
            paramLabel = "FILE",
            arity = "1..*",
            description = "Texts to train on: JSON Lines, CSV, TSV, Parquet, TFRecord of tf.Examples, or plain text, of"
                    + " which a line is a text. Shards are files, or the name without -00000-of-00010.")
    private List<Path> data = List.of();

    @Option(
            names = "--field",
            paramLabel = "NAME",
            description = "The field of --data that holds the text. Default: text.")
    private Optional<String> field = Optional.empty();

    @Option(
            names = "--shuffle",
            paramLabel = "N",
            description = "Texts of --data among which the next one is drawn; 1 keeps their order. Default: 10000.")
    private Optional<Integer> shuffle = Optional.empty();

    @Option(
            names = "--vocab",
            paramLabel = "N",
            description = "Tokens that the tokenizer learns from --data. Default: 512.")
    private Optional<Integer> vocab = Optional.empty();

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "A model's folder whose tokenizer is taken for --data, in place of a new one.")
    private Optional<Path> tokenizer = Optional.empty();

    boolean given() {
        return !data.isEmpty();
    }

    PretrainTexts open(CommonOptions common, long seed, int length, int rows) throws IOException {
        shuffle.ifPresent(n -> common.check(n >= 1, "--shuffle", "at least 1", n));
        vocab.ifPresent(n -> common.check(n >= 257, "--vocab", "at least 257, the bytes and an end", n));
        if (!given()) {
            boolean alone = field.isEmpty() && shuffle.isEmpty() && vocab.isEmpty() && tokenizer.isEmpty();
            if (!alone) {
                throw common.bad("Options '--field', '--shuffle', '--vocab' and '--tokenizer' are for --data");
            }
            return new PretrainTexts.Generated(Corpus.standard(), seed);
        }
        if (vocab.isPresent() && tokenizer.isPresent()) {
            throw common.bad("Options '--vocab' and '--tokenizer' exclude each other");
        }
        if (tokenizer.isPresent() && !Files.exists(tokenizer.get().resolve("tokenizer.json"))) {
            throw new RunException("[pretrain] expected a folder with tokenizer.json; got " + tokenizer.get());
        }
        var options = new TextFiles.Options(field.orElse("text"), length, rows, shuffle.orElse(10_000), seed);
        var texts = new PretrainTexts.Files(DataFiles.expand(data), options, vocab.orElse(512), tokenizer);
        texts.requireOne();
        return texts;
    }
}
