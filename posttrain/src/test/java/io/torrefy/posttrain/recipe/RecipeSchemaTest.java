package io.torrefy.posttrain.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeSchemaTest {
    private enum Loss {
        DAPO,
        DR_GRPO
    }

    private final RecipeSchema schema = new RecipeSchema("grpo");
    private final Key<Path> model = schema.path("model", "folder of the base model");
    private final Key<List<Path>> data = schema.paths("data", "question files");
    private final Key<Long> group =
            schema.integer("num_generations", 16, "completions a problem").where(n -> n >= 2, "at least 2, a group");
    private final Key<Double> rate =
            schema.number("learning_rate", 1e-6, "the peak").where(x -> x > 0, "more than 0");
    private final Key<Boolean> decay = schema.flag("decay", true, "whether the rate falls");
    private final Key<Loss> loss = schema.choice("loss.type", Loss.DAPO, "how tokens are weighed");
    private final Key<Double> beta = schema.number("loss.beta", 0, "weight of the divergence");
    private final Key<String> format = schema.text("format", "think", "the reward beside accuracy");

    private Recipe parse(String yaml, String... set) {
        return schema.parse("r.yaml", yaml, List.of(set));
    }

    private List<String> problems(String yaml, String... set) {
        return catchThrowableOfType(RecipeException.class, () -> parse(yaml, set))
                .problems();
    }

    @Test
    void readsValuesAndDefaults() {
        Recipe recipe = parse("""
                recipe: grpo
                model: models/base   # a comment
                data: [a.jsonl, "b c.csv"]
                num_generations: 8
                learning_rate: 1e-5
                loss:
                  type: dr_grpo
                  beta: .04
                """);
        assertThat(recipe.get(model)).isEqualTo(Path.of("models/base"));
        assertThat(recipe.get(data)).containsExactly(Path.of("a.jsonl"), Path.of("b c.csv"));
        assertThat(recipe.get(group)).isEqualTo(8);
        assertThat(recipe.get(rate)).isEqualTo(1e-5);
        assertThat(recipe.get(decay)).isTrue();
        assertThat(recipe.get(loss)).isEqualTo(Loss.DR_GRPO);
        assertThat(recipe.get(beta)).isEqualTo(0.04);
        assertThat(recipe.get(format)).isEqualTo("think");
    }

    @Test
    void dottedKeysAreNestedOnes() {
        assertThat(parse("{model: m, loss.beta: 1}").get(beta)).isEqualTo(1);
    }

    @Test
    void theCommandLineWins() {
        Recipe recipe =
                parse("{model: m, num_generations: 8}", "num_generations=4", "data=[x, y]", "loss.type=dr_grpo");
        assertThat(recipe.get(group)).isEqualTo(4);
        assertThat(recipe.get(data)).containsExactly(Path.of("x"), Path.of("y"));
        assertThat(recipe.get(loss)).isEqualTo(Loss.DR_GRPO);
    }

    @Test
    void saysEveryProblemAtOnceWithItsLine() {
        assertThat(problems("""
                        num_generation: 8
                        learning_rate: -1
                        loss:
                          type: dappo
                          beta: high
                        decay: yes
                        """, "num_generations=1", "nonsense"))
                .containsExactly(
                        "--set nonsense: expected KEY=VALUE",
                        "missing: model, folder of the base model",
                        "--set num_generations=1: num_generations: expected at least 2, a group; got '1'",
                        "line 2: learning_rate: expected more than 0; got '-1'",
                        "line 6: decay: expected true or false; got 'yes'",
                        "line 4: loss.type: expected one of dapo, dr_grpo; got 'dappo'",
                        "line 5: loss.beta: expected a finite number; got 'high'",
                        "line 1: unknown key 'num_generation'. Hint: did you mean num_generations?");
    }

    @Test
    void anUnknownKeyFarFromAllNamesThem() {
        assertThat(problems("{model: m, zebra: 1}"))
                .singleElement()
                .asString()
                .contains("zebra", "num_generations, learning_rate");
    }

    @ParameterizedTest
    @CsvSource({
        "'model: m\nmodel: n', line 2: model: expected once; it stands in line 1 too",
        "'model:', line 1: model: expected a value. Hint: leave the key out for its default",
        "'- a', 'line 1: expected keys with values, ''key: value'''",
        "'model: [a, b]', 'line 1: model: expected a path; got [a, b]'",
        "'{model: m, recipe: dpo}', line 1: recipe: expected grpo; got 'dpo'",
        "'{model: m, data: [{a: b}]}', line 1: data: expected a list of plain values",
    })
    void namesWhatIsNoRecipe(String yaml, String problem) {
        assertThat(problems(yaml)).contains(problem);
    }

    @Test
    void namesTheLineOfWhatIsNoYaml() {
        assertThat(problems("model: m\ndata: [a, b\nnum: 1\n"))
                .first()
                .asString()
                .startsWith("line ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1f", "NaN", "Infinity", "1e999", "0x1p3", "", "[1]"})
    void whatIsNoNumberIsRefused(String text) {
        assertThat(problems("{model: m}", "loss.beta=" + text))
                .singleElement()
                .asString()
                .contains("a ", "number");
    }

    /// The law of what is saved with a run.
    @Test
    void whatIsResolvedReadsAsTheSame() {
        Recipe recipe =
                parse("{model: \"a b/\\\"c\\\"\", data: [x, 'true', \"7\"], format: \"1e5\", learning_rate: 3.3e-7}");
        Recipe again = parse(recipe.resolved());
        assertThat(again.toMap()).isEqualTo(recipe.toMap());
        assertThat(again.get(model)).isEqualTo(Path.of("a b/\"c\""));
        assertThat(again.get(data)).containsExactly(Path.of("x"), Path.of("true"), Path.of("7"));
        assertThat(again.resolved()).isEqualTo(recipe.resolved());
    }

    @Test
    void theTemplateNamesEveryKey() {
        assertThat(schema.template().lines())
                .hasSize(1 + schema.keys().size())
                .contains(
                        "num_generations: 16  # completions a problem", "model: # required: folder of the base model");
    }

    @Test
    void readsFiles(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("r.yaml");
        assertThatThrownBy(() -> schema.read(file, List.of()))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("a problem in", "r.yaml", "there is none");
        Files.writeString(file, "model: m");
        assertThat(schema.read(file, List.of()).get(model)).isEqualTo(Path.of("m"));
    }
}
