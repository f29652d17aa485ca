package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.posttrain.recipe.PipelineFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The recipes that ship are recipes.
class RecipeFilesTest {
    private static final Path FOLDER =
            R1ZeroCommandTest.baseModel().resolve("../../recipes").normalize();

    private static final Pattern SHOWN = Pattern.compile(
            "(?m)^#   torrefy (?<kind>\\S+) (?<file>recipes/\\S+)(?<sets>(?: --set \\S+)*)(?: --out \\S+)?$");
    private static final Pattern SET = Pattern.compile("--set (\\S+)");

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

    /// Commands that its comments show are those of its kind, and their settings keys of it.
    @ParameterizedTest
    @MethodSource("files")
    void itsCommentsAreCommands(Path file) throws IOException {
        Map<String, RecipeKind> kinds = PipelineKeys.kinds();
        String text = Files.readString(file).replace("\\\n#", "");
        int shown = 0;
        Matcher command = SHOWN.matcher(text);
        while (command.find()) {
            shown++;
            assertThat(command.group("file")).isEqualTo("recipes/" + file.getFileName());
            if (kinds.containsKey(command.group("kind"))) {
                List<String> sets = SET.matcher(command.group("sets"))
                        .results()
                        .map(set -> set.group(1))
                        .toList();
                assertThat(kinds.get(command.group("kind"))
                                .schema()
                                .read(file, sets)
                                .toMap())
                        .isNotEmpty();
            } else {
                assertThat(command.group("kind")).isEqualTo("pipeline");
            }
        }
        assertThat(shown).as("commands in its comments").isPositive();
    }

    /// What trains by a recipe has one to begin with.
    @Test
    void everyKindOfTrainingHasOne() throws IOException {
        Set<String> kinds = new TreeSet<>(PipelineKeys.kinds().keySet());
        kinds.removeAll(Set.of("pretrain", "sample")); // commands with options of their own
        for (Path file : files().toList()) {
            for (String line : Files.readAllLines(file)) {
                kinds.remove(line.replaceFirst("^recipe: ", ""));
            }
        }
        assertThat(kinds).isEmpty();
    }
}
