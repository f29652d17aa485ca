package io.torrefy.app;

import io.torrefy.posttrain.recipe.PipelineFile;
import io.torrefy.posttrain.recipe.RecipeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy pipeline`.
@Command(
        name = "pipeline",
        description = {
            "Runs recipes one after the other, of which later ones take what earlier ones left, as a YAML file says: the"
                    + " whole of DeepSeek-R1's is recipes/r1.yaml.",
            "The file is checked whole before anything runs. --resume goes on where a killed pipeline was."
        })
final class PipelineCommand extends RunCommand {
    @Parameters(paramLabel = "FILE", arity = "0..1", description = "The pipeline.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description =
                    "A value in place of the file's, such as stages.reasoning.recipe.steps=10; may be given again.")
    private List<String> set = List.of();

    @Option(
            names = "--template",
            description = "Write the keys beside the stages, and what may be a stage, to standard output, and exit.")
    private boolean template;

    @Override
    public Integer call() throws IOException {
        common.apply();
        PipelineKeys keys = new PipelineKeys();
        if (template) {
            common.out().print(keys.template());
            common.out().flush();
            return 0;
        }
        run(keys.plan(read(keys), common));
        return 0;
    }

    private PipelineFile.Read read(PipelineKeys keys) throws IOException {
        try {
            return PipelineFile.read(
                    file.orElseThrow(() -> common.bad(
                            "Missing required parameter: 'FILE'. Hint: pipeline --template says" + " what it holds")),
                    set,
                    keys.schema(),
                    keys.commands());
        } catch (RecipeException e) {
            throw common.bad(String.valueOf(e.getMessage()));
        }
    }
}
