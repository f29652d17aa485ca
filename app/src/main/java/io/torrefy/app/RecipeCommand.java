package io.torrefy.app;

import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A command that runs a recipe, a YAML file that is checked whole before anything runs. What it runs is its
/// [RecipeKind]; a command of its own adds a name and a description:
///
/// ```java
/// @Command(name = "grpo", description = ...)
/// final class GrpoCommand extends RecipeCommand {
///     GrpoCommand() { super(GrpoRecipe::new); }
/// }
/// ```
abstract class RecipeCommand extends RunCommand {
    private final Supplier<RecipeKind> kinds;

    @Parameters(paramLabel = "RECIPE", arity = "0..1", description = "The recipe.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A value in place of the recipe's; may be given again. A list is [A, B].")
    private List<String> set = List.of();

    @Option(names = "--template", description = "Write a recipe with every key to standard output, and exit.")
    private boolean template;

    /// @param kinds makes what it runs once it is asked to: every command is made at every start
    RecipeCommand(Supplier<RecipeKind> kinds) {
        this.kinds = kinds;
    }

    @Override
    public Integer call() throws IOException {
        common.apply();
        RecipeKind kind = kinds.get();
        if (template) {
            common.out().print(kind.schema().template());
            common.out().flush();
        } else {
            run(kind.plan(read(kind), common));
        }
        return 0;
    }

    private Recipe read(RecipeKind kind) throws IOException {
        try {
            return kind.schema()
                    .read(
                            file.orElseThrow(() -> common.bad("Missing required parameter: 'RECIPE'. Hint: "
                                    + spec().name() + " --template > recipe.yaml writes one to begin with")),
                            set);
        } catch (RecipeException e) {
            throw common.bad(String.valueOf(e.getMessage()));
        }
    }
}
