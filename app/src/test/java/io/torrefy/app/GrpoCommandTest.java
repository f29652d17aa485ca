package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrpoCommandTest {
    private final CommandRun command = new CommandRun();
    private final int threads = Threads.count();
    private Path recipe;

    @TempDir
    Path temporary;

    @BeforeEach
    void write() throws IOException {
        recipe = temporary.resolve("small.yaml");
        Files.writeString(recipe, """
                recipe: grpo
                model: "%s"
                steps: 2
                problems: 2
                num_generations: 2
                max_completion_length: 24
                held_out: 4
                eval_steps: 0
                save_steps: 1
                loss_type: dr_grpo
                """.formatted(R1ZeroCommandTest.baseModel()));
    }

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    private int run(String out, String... more) {
        String[] arguments = {
            "grpo", recipe.toString(), "--out", temporary.resolve(out).toString(), "--json"
        };
        String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return command.execute(all);
    }

    /// The recipe says what r1-zero's options do, so both make the same model.
    @Test
    void doesWhatR1ZeroDoes() throws IOException {
        assertThat(run("recipe")).as(command.err()).isZero();
        assertThat(command.execute(
                        "r1-zero",
                        "--steps=2",
                        "--problems=2",
                        "--generations=2",
                        "--max-tokens=24",
                        "--held-out=4",
                        "--evaluate-every=0",
                        "--model",
                        R1ZeroCommandTest.baseModel().toString(),
                        "--out",
                        temporary.resolve("options").toString()))
                .isZero();
        assertThat(weights("recipe")).isEqualTo(weights("options"));
        assertThat(temporary.resolve("recipe/report.html")).exists();
    }

    private byte[] weights(String run) throws IOException {
        return Files.readAllBytes(temporary.resolve(run).resolve("model/model.safetensors"));
    }

    /// What a run saves of its recipe makes the same run again.
    @Test
    void theResolvedRecipeIsTheRun() throws IOException {
        assertThat(run("first", "--set", "learning_rate=1e-4", "--set", "seed=5"))
                .isZero();
        Path resolved = temporary.resolve("first/recipe.yaml");
        assertThat(resolved).content().contains("learning_rate: 1.0E-4", "seed: 5", "scale_rewards: group");
        recipe = resolved;
        assertThat(run("second")).isZero();
        assertThat(weights("second")).isEqualTo(weights("first"));
    }

    @Test
    void saysAllThatIsWrongBeforeAnythingRuns() throws IOException {
        Files.writeString(recipe, "num_generation: 4\nlearning_rate: fast\n");
        assertThat(run("none")).isEqualTo(2);
        assertThat(command.err())
                .contains(
                        "3 problems in",
                        "missing: model",
                        "line 2: learning_rate: expected a finite number; got 'fast'",
                        "line 1: unknown key 'num_generation'. Hint: did you mean num_generations");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    /// An adapter on a frozen base, sampled beside its updates, its groups filtered, a tool beside it.
    @ParameterizedTest
    @CsvSource({"bf16, false", "int8, true"})
    void trainsAnAdapterByAPlan(String frozen, boolean corrected) throws IOException {
        String[] keys = {
            "use_peft=true",
            "lora_r=4",
            "lora_target_modules=q_proj, v_proj",
            "frozen_weights=" + frozen,
            "vllm_importance_sampling_correction=" + corrected,
            "beta=0.01",
            "filter_groups=seq_reward",
            "max_num_gen_batches=2",
            "mask_truncated_completions=true",
            "soft_punish_cache=8",
            "max_staleness=1",
            "environment=calculator",
            "max_turns=2"
        };
        String[] sets = Arrays.stream(keys).flatMap(s -> Stream.of("--set", s)).toArray(String[]::new);
        assertThat(run("one", sets)).as(command.err()).isZero();
        String[] threaded = Arrays.copyOf(sets, sets.length + 1);
        threaded[sets.length] = "--threads=1";
        assertThat(run("other", threaded)).as(command.err()).isZero();
        assertThat(weights("one")).isEqualTo(weights("other"));
        Path run = temporary.resolve("one");
        assertThat(run.resolve("adapter/adapter_config.json")).content().contains("\"q_proj\", \"v_proj\"");
        assertThat(run.resolve("checkpoints/step-000002/adapter/adapter_model.safetensors"))
                .exists();
        assertThat(run.resolve("checkpoints/step-000002/model.safetensors")).doesNotExist();
        assertThat(run.resolve("metrics.jsonl"))
                .content()
                .contains(
                        "\"num_gen_batches\"",
                        "\"filtered_groups\"",
                        "\"masked_truncated\"",
                        "\"rewards/soft_overlong\"",
                        "\"rewards/environment\"",
                        "\"staleness\"",
                        "\"tools/call_frequency\"");
        assertThat(run.resolve("recipe.yaml")).content().contains("filter_groups: seq_reward", "use_peft: true");
    }

    @ParameterizedTest
    @CsvSource({
        "frozen_weights=bf16, use_peft: true",
        "frozen_weights=int8, use_peft: true",
        "vllm_importance_sampling_correction=true, expected max_staleness above 0",
        "vllm_importance_sampling_clip_max=2, 'expected vllm_importance_sampling_correction: true with it'",
        "filter_groups=accuracy, 'one of none, acc, seq_reward'",
        "environment=calculater, posttrain.environments.calculator",
        "chat_template=true, expected a chat template",
        "soft_punish_cache=25, max_completion_length",
        "max_staleness=-1, at least 0",
    })
    void saysWhatDoesNotGoTogetherBeforeAnythingRuns(String set, String said) {
        assertThat(run("none", "--set", set)).isEqualTo(2);
        assertThat(command.err()).contains(set.substring(0, set.indexOf('=')), said);
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void rewardsMayBeNamedAndNotTwice() throws IOException {
        String funcs = "reward_funcs=[accuracy, language_consistency:weight=0.1]";
        assertThat(run("named", "--set", funcs)).as(command.err()).isZero();
        assertThat(temporary.resolve("named/metrics.jsonl")).content().contains("rewards/language_consistency");
        assertThat(run("none", "--set", funcs, "--set", "format_weight=0.2")).isEqualTo(2);
        assertThat(command.err()).contains("reward_funcs and format or format_weight exclude each other");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void aRewardModelOfAnotherVocabularyIsNamed() throws IOException {
        Path judge = TinyModel.save(temporary.resolve("judge"));
        assertThat(run("none", "--set", "reward_model=" + judge)).isOne();
        assertThat(command.err()).contains("[grpo] expected a reward_model of the policy's vocabulary, 384 tokens");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void aTemplateIsARecipe() throws IOException {
        assertThat(command.execute("grpo", "--template")).isZero();
        Files.writeString(
                recipe,
                command.out().replace("model: # required", "model: \"" + R1ZeroCommandTest.baseModel() + "\" #"));
        String[] small = {"steps=1", "problems=1", "num_generations=2", "max_completion_length=8", "held_out=1"};
        String[] sets = Arrays.stream(small).flatMap(s -> Stream.of("--set", s)).toArray(String[]::new);
        assertThat(run("template", sets)).as(command.err()).isZero();
    }

    @Test
    void withoutARecipeItSaysHowToBegin() {
        assertThat(command.execute("grpo")).isEqualTo(2);
        assertThat(command.err()).contains("RECIPE", "--template");
    }
}
