package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.posttrain.recipe.PipelineFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The recipes that ship are recipes.
class RecipeFilesTest {
    private static final Path FOLDER =
            R1ZeroCommandTest.baseModel().resolve("../../recipes").normalize();

    static Stream<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void isOneOfItsKind(Path file) throws IOException {
        Map<String, RecipeKind> kinds = PipelineKeys.kinds();
        String kind = Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("recipe: "))
                .findFirst()
                .orElseThrow()
                .substring("recipe: ".length());
        if (kind.equals("pipeline")) {
            PipelineKeys keys = new PipelineKeys();
            PipelineFile.Read read = PipelineFile.read(file, List.of(), keys.schema(), keys.commands());
            PipelineFile pipeline = read.pipeline();
            assertThat(pipeline.stages()).isNotEmpty();
            // What a run saves of it is the same pipeline.
            PipelineFile.Read again = PipelineFile.parse(
                    "resolved", pipeline.resolved(read.general()), List.of(), keys.schema(), keys.commands());
            assertThat(again.pipeline().stages()).isEqualTo(pipeline.stages());
            for (PipelineFile.Stage stage : pipeline.stages()) {
                assertThat(again.pipeline().recipe(stage, FOLDER).resolved())
                        .isEqualTo(pipeline.recipe(stage, FOLDER).resolved());
            }
        } else {
            assertThat(kinds).containsKey(kind);
            assertThat(kinds.get(kind).schema().read(file, List.of()).toMap()).isNotEmpty();
        }
    }
}
