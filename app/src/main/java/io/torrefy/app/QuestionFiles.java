package io.torrefy.app;

import io.torrefy.posttrain.QaFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// How a command reads files of questions and answers.
final class QuestionFiles {
    static final String FORMATS =
            "JSON Lines (GSM8K's format too), or by its suffix CSV, TSV, Parquet, or TFRecord of" + " tf.Examples.";

    @Option(
            names = "--question",
            paramLabel = "FIELD",
            description = "The field of --data with the question; by default question, prompt or problem.")
    private Optional<String> question = Optional.empty();

    @Option(
            names = "--answer",
            paramLabel = "FIELD",
            description = "The field of --data with the answer; by default answer or solution.")
    private Optional<String> answer = Optional.empty();

    /// Whether fields are named, which only files have.
    boolean named() {
        return question.isPresent() || answer.isPresent();
    }

    /// Reads files; shards are named by what they have in common.
    QaFile load(CommonOptions common, List<Path> files, double heldOut) throws IOException {
        QaFile.Options options = QaFile.Options.DEFAULT.heldOutFraction(heldOut);
        if (named()) {
            if (question.isEmpty() || answer.isEmpty()) {
                throw common.bad("Options '--question' and '--answer' go together");
            }
            options = options.fields(question.get(), answer.get());
        }
        return QaFile.load(DataFiles.expand(files), options);
    }
}
