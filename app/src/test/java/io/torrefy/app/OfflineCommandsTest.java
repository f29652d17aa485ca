package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `torrefy sft|reward|dpo|kto` on a tiny random model.
class OfflineCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final CommandRun command = new CommandRun();
    private final int threads = Threads.count();
    private Path model;

    @TempDir
    Path temporary;

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.save(temporary.resolve("model"));
        List<String> texts = new ArrayList<>();
        List<String> pairs = new ArrayList<>();
        List<String> judged = new ArrayList<>();
        List<String> steps = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            String prompt = "Numbers: " + i + " 2. Target: " + (i + 2) + ".\\n";
            String good = "<answer>" + i + " + 2</answer>";
            String bad = "<answer>2</answer>";
            texts.add("{\"prompt\": \"%s\", \"completion\": \"%s\"}".formatted(prompt, good));
            pairs.add("{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}".formatted(prompt, good, bad));
            judged.add("{\"prompt\": \"%s\", \"completion\": \"%s\", \"label\": %s}"
                    .formatted(prompt, i % 2 == 0 ? good : bad, i % 2 == 0));
            steps.add("{\"prompt\": \"%s\", \"completions\": [\"%d + 2\", \"%d\"], \"labels\": [true, false]}"
                    .formatted(prompt, i, i));
        }
        Files.write(temporary.resolve("sft.jsonl"), texts);
        Files.write(temporary.resolve("dpo.jsonl"), pairs);
        Files.write(temporary.resolve("kto.jsonl"), judged);
        Files.write(temporary.resolve("process.jsonl"), steps);
    }

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    /// @param keys of the recipe beside model, data and a few steps
    private int run(String kind, String out, String keys, String... more) throws IOException {
        Map<String, String> recipe = new LinkedHashMap<>();
        String data = kind.equals("sft") || kind.equals("kto") ? kind : keys.contains("process") ? "process" : "dpo";
        recipe.put("model", model.toString());
        recipe.put("data", temporary.resolve(data + ".jsonl").toString());
        recipe.put("max_steps", "4");
        recipe.put("save_steps", "2");
        recipe.put("eval_steps", "2");
        recipe.put("validation_fraction", "0.25");
        recipe.put("per_device_train_batch_size", "3");
        recipe.put("learning_rate", "1e-2");
        for (String line : keys.isEmpty() ? new String[0] : keys.split(";")) {
            String[] pair = line.split("=", 2);
            recipe.put(pair[0].strip(), pair[1].strip());
        }
        Path file = temporary.resolve("recipe.yaml");
        Files.write(
                file,
                recipe.entrySet().stream()
                        .map(e -> e.getKey() + ": " + e.getValue())
                        .toList());
        List<String> arguments = new ArrayList<>(List.of(
                kind, file.toString(), "--json", "--out", temporary.resolve(out).toString()));
        arguments.addAll(Arrays.asList(more));
        return command.execute(arguments.toArray(String[]::new));
    }

    private List<JsonNode> metrics(String run) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(temporary.resolve(run).resolve("metrics.jsonl"))) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    /// What a run leaves, but for times.
    private Map<String, Object> left(String run) throws IOException {
        Map<String, Object> left = new TreeMap<>();
        for (String name : List.of("model", "adapter")) {
            Path folder = temporary.resolve(run).resolve(name);
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        left.put(name + "/" + file.getFileName(), List.of(Arrays.toString(Files.readAllBytes(file))));
                    }
                }
            }
        }
        List<String> lines = new ArrayList<>();
        for (JsonNode line : metrics(run)) {
            ((ObjectNode) line).remove(List.of("time", "elapsed"));
            lines.add(line.toString());
        }
        left.put("metrics", lines);
        return left;
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /// A run that was killed after its second step ends as one that was not, with any number of threads.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "sft ",
                "sft packing=true; loss_type=dft",
                "sft use_peft=true; lora_r=2; save_merged=true",
                "sft use_peft=true; frozen_weights=int8; save_merged=true",
                "dpo ",
                "dpo use_peft=true; lora_target_modules=[q_proj, v_proj]",
                "dpo use_peft=true; frozen_weights=int8",
                "dpo loss_type=[sigmoid, bco_pair, sft]; loss_weights=[0.8, 0.2, 1]; precompute_ref_log_probs=true",
                "dpo loss_type=aot; micro_batch_tokens=1",
                "dpo trainer=orpo",
                "dpo trainer=cpo; loss_type=hinge",
                "dpo trainer=simpo; beta=2",
                "kto ",
                "kto use_peft=true",
                "reward center_rewards_coefficient=0.01",
                "reward use_peft=true",
                "reward use_peft=true; frozen_weights=bf16",
                "reward trainer=process; use_peft=true",
                "reward trainer=process; train_on_last_step_only=true"
            })
    void goesOnWithTheSameBits(String what) throws IOException {
        String kind = what.substring(0, what.indexOf(' '));
        String keys = what.substring(what.indexOf(' ') + 1);
        assertThat(run(kind, "whole", keys)).as(command.err()).isZero();
        Map<String, Object> whole = left("whole");
        assertThat(whole.keySet()).anyMatch(name -> name.endsWith("model.safetensors"));
        Path run = temporary.resolve("whole");
        delete(run.resolve("checkpoints/step-000004"));
        delete(run.resolve("model"));
        delete(run.resolve("adapter"));
        Files.delete(run.resolve("result.json"));
        assertThat(run(kind, "whole", keys, "--resume", "--threads=1"))
                .as(command.err())
                .isZero();
        assertThat(left("whole")).isEqualTo(whole);
        assertThat(run.resolve("report.html")).content().containsIgnoringCase("loss");
        assertThat(run.resolve("recipe.yaml")).content().contains("recipe: " + kind);
        assertThat(TinyModel.json(command).path("steps").asInt()).isEqualTo(4);
    }

    /// With equal policy and reference the loss of DPO is ln 2, wherever the reference comes from, and held-out
    /// pairs cost the same before training.
    @ParameterizedTest
    @ValueSource(strings = {"", "use_peft=true", "precompute_ref_log_probs=true"})
    void beginsAtLnTwo(String keys) throws IOException {
        assertThat(run("dpo", "run", keys)).as(command.err()).isZero();
        JsonNode result = TinyModel.json(command);
        assertThat(result.path("loss_first").asDouble()).isCloseTo(Math.log(2), within(1e-6));
        assertThat(result.path("eval_loss_before").asDouble()).isCloseTo(Math.log(2), within(1e-6));
        assertThat(result.path("loss").asDouble()).isLessThan(Math.log(2));
        assertThat(result.path("eval_rewards/margins_before").asDouble()).isZero();
    }

    /// The base under the adapter is the model as it was.
    @ParameterizedTest
    @CsvSource({"dpo", "kto"})
    void theBaseUnderTheAdapterIsTheReference(String kind) throws IOException {
        assertThat(run(kind, "under", "use_peft=true")).isZero();
        assertThat(run(kind, "beside", "use_peft=true; ref_model=" + model)).isZero();
        assertThat(left("beside")).isEqualTo(left("under"));
    }

    @Test
    void anAdapterIsPeftsAndFitsItsBase() throws IOException {
        assertThat(run("sft", "run", "use_peft=true; lora_r=2; lora_alpha=4; save_merged=true"))
                .as(command.err())
                .isZero();
        Path adapter = temporary.resolve("run/adapter");
        assertThat(adapter.resolve("adapter_config.json")).content().contains("\"peft_type\" : \"LORA\"", "\"r\" : 2");
        try (CausalLm base = CausalLm.load(model);
                CausalLm merged = CausalLm.load(temporary.resolve("run/model"));
                Lora lora = Lora.load(base, adapter)) {
            lora.merge();
            assertThat(base.outputMatrix().toFloats())
                    .isEqualTo(merged.outputMatrix().toFloats());
            base.namedParameters().forEach((name, value) -> {
                if (merged.namedParameters().containsKey(name)) {
                    assertThat(value.toFloats())
                            .as(name)
                            .isEqualTo(merged.namedParameters().get(name).toFloats());
                }
            });
        }
    }

    /// What is left behind is the model as it was, with the adapter in its weights, however it was kept meanwhile.
    @ParameterizedTest
    @ValueSource(strings = {"sft", "reward"})
    void theModelIsMergedWithItsOwnWeights(String kind) throws IOException {
        String keys = "use_peft=true; frozen_weights=int8" + (kind.equals("sft") ? "; save_merged=true" : "");
        assertThat(run(kind, "run", keys)).as(command.err()).isZero();
        Map<String, Tensor> before = Safetensors.read(model.resolve("model.safetensors"));
        Map<String, Tensor> after = Safetensors.read(temporary.resolve("run/model/model.safetensors"));
        assertThat(after.get("model.norm.weight").toFloats())
                .isEqualTo(before.get("model.norm.weight").toFloats());
        Map<String, Tensor> factors = Safetensors.read(temporary.resolve("run/adapter/adapter_model.safetensors"));
        String layer = "model.layers.0.mlp.down_proj.";
        try (Scope _ = Scope.open()) {
            Tensor a = factors.get("base_model.model." + layer + "lora_A.weight");
            Tensor b = factors.get("base_model.model." + layer + "lora_B.weight");
            Tensor expected = before.get(layer + "weight").add(b.matmul(a).mul(32.0 / 16));
            assertThat(after.get(layer + "weight").toFloats()).isEqualTo(expected.toFloats());
        }
    }

    /// Names and configuration as PEFT writes them for a model with a head.
    @Test
    void anAdapterOfARewardModelHasItsHead() throws IOException {
        assertThat(run("reward", "run", "use_peft=true; lora_target_modules=[q_proj]"))
                .as(command.err())
                .isZero();
        Path adapter = temporary.resolve("run/adapter");
        JsonNode config = JSON.readTree(Files.readString(adapter.resolve("adapter_config.json")));
        assertThat(config.path("task_type").asText()).isEqualTo("SEQ_CLS");
        assertThat(config.path("modules_to_save")).hasSize(1);
        assertThat(Safetensors.read(adapter.resolve("adapter_model.safetensors"))
                        .keySet())
                .containsExactlyInAnyOrder(
                        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
                        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
                        "base_model.model.score.weight");
    }

    @Test
    void aRewardModelLoads() throws IOException {
        assertThat(run("reward", "run", "max_steps=30")).as(command.err()).isZero();
        assertThat(TinyModel.json(command).path("eval_accuracy").asDouble()).isEqualTo(1);
        try (ValueModel scorer = ValueModel.load(temporary.resolve("run/model"))) {
            assertThat(scorer.score(List.of(new int[] {1, 2}))).hasSize(1);
        }
    }

    @Test
    void theTrainedModelIsAModel() throws IOException {
        assertThat(run("sft", "run", "max_steps=3")).as(command.err()).isZero();
        JsonNode result = TinyModel.json(command);
        assertThat(result.path("loss").asDouble())
                .isLessThan(result.path("loss_first").asDouble());
        assertThat(command.execute(
                        "generate",
                        "--model",
                        temporary.resolve("run/model").toString(),
                        "--max-tokens=2",
                        "--prompt=Numbers"))
                .as(command.err())
                .isZero();
    }

    @Test
    void saysAllThatIsWrongBeforeAnythingRuns() throws IOException {
        Files.write(
                temporary.resolve("dpo.jsonl"),
                List.of(
                        "{\"prompt\": \"a\", \"chosen\": \"same\", \"rejected\": \"same\"}",
                        "{\"prompt\": \"a\", \"chosen\": \"yes\", \"rejected\": \"no\"}",
                        "{\"prompt\": \"a prompt that is much too long\", \"chosen\": \"b\", \"rejected\": \"c\"}"));
        assertThat(run(
                        "dpo",
                        "none",
                        "trainer=orpo; loss_type=hinge; lora_r=3; max_length=6; eval_data=x.jsonl; max_steps=-1"))
                .isOne();
        assertThat(command.err())
                .contains(
                        "problems before training",
                        "loss_type: expected its default, as it has no part with trainer: orpo; got [hinge]",
                        "lora_r: expected its default, as it has no part with use_peft: false; got 3",
                        "eval_data and validation_fraction exclude each other",
                        "x.jsonl")
                .doesNotContain("\tat ");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void namesPairsThatCannotBeLearnedFrom() throws IOException {
        Files.write(
                temporary.resolve("dpo.jsonl"),
                List.of(
                        "{\"prompt\": \"a\", \"chosen\": \"yes\", \"rejected\": \"no\"}",
                        "{\"prompt\": \"a\", \"chosen\": \"abcdefgh\", \"rejected\": \"abcdefgz\"}",
                        "{\"prompt\": \"much too long\", \"chosen\": \"b\", \"rejected\": \"c\"}"));
        assertThat(run("dpo", "none", "max_length=6; validation_fraction=0")).isOne();
        assertThat(command.err())
                .contains(
                        "2 problems before training",
                        "dpo.jsonl:2: expected answers that differ within max_length 6",
                        "dpo.jsonl:3: expected a prompt shorter than max_length 6");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void namesEqualAnswers() throws IOException {
        Files.writeString(
                temporary.resolve("dpo.jsonl"), "{\"prompt\": \"a\", \"chosen\": \"same\", \"rejected\": \"same\"}");
        for (String kind : List.of("dpo", "reward")) {
            assertThat(run(kind, "none", "validation_fraction=0")).isOne();
            assertThat(command.err()).contains("dpo.jsonl:1", "\"chosen\" equal to \"rejected\"");
        }
    }

    @Test
    void namesSamplesWhoseAnswerIsCutAway() throws IOException {
        assertThat(run("sft", "none", "max_length=4")).isOne();
        assertThat(command.err()).contains("trained tokens lie behind maxLength 4", "sft.jsonl:");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void namesAReferenceOfAnotherVocabulary() throws IOException {
        Path other = TinyModel.save(
                temporary.resolve("other"),
                BpeTrainer.of(300).endOfText("<|endoftext|>").added("<think>", "</think>"));
        for (String kind : List.of("dpo", "kto")) {
            assertThat(run(kind, "none", "ref_model=" + other)).isOne();
            assertThat(command.err()).contains("ref_model: expected a model of the same vocabulary");
        }
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sft    | data=[]                        | data: expected files to train on; got none",
                "sft    | model=no-model                 | expected a model folder",
                "sft    | packing_strategy=bfd_split     | packing_strategy: expected its default",
                "dpo    | loss_type=[sigmoid, hing]      | expected one of sigmoid",
                "dpo    | loss_type=[sigmoid, hing]      | did you mean hinge",
                "dpo    | loss_weights=[1, 2]            | loss_weights: expected one for each of the 1 losses",
                "dpo    | loss_type=exo_pair             | labelSmoothing > 0 for EXO_PAIR",
                "dpo    | warmup_steps=9                 | warmup_steps: expected at most the run's 4 steps",
                "dpo    | simpo_gamma=1                  | simpo_gamma: expected its default",
                "dpo    | use_peft=true; lora_target_modules=[qkv] | expected targets among the model's linear layers",
                "kto    | per_device_train_batch_size=1  | a batch of at least 2 answers",
                "kto    | desirable_weight=0; undesirable_weight=0 | a weight that is not 0",
                "reward | step_separator=x               | step_separator: expected its default",
                "reward | trainer=process; data=dpo.jsonl | dpo.jsonl",
                "sft    | frozen_weights=int8            | frozen_weights: expected its default",
                "sft    | chat_template_path=none.jinja  | none.jinja"
            })
    void namesWhatCannotBe(String kind, String keys, String problem) throws IOException {
        assertThat(run(kind, "none", keys)).isOne();
        assertThat(command.err()).contains("[" + kind + "]", problem).doesNotContain("\tat ");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void refusesToGoOnWithOtherData() throws IOException {
        assertThat(run("sft", "run", "")).as(command.err()).isZero();
        Files.writeString(
                temporary.resolve("sft.jsonl"),
                "\n{\"prompt\": \"a\", \"completion\": \"b\"}\n",
                StandardOpenOption.APPEND);
        assertThat(run("sft", "run", "", "--resume")).isOne();
        assertThat(command.err()).contains("data_fingerprint was");
    }

    /// What a template writes is a recipe once the model is named.
    @ParameterizedTest
    @ValueSource(strings = {"sft", "dpo", "kto", "reward"})
    void aTemplateIsARecipe(String kind) throws IOException {
        assertThat(command.execute(kind, "--template")).isZero();
        Path file = temporary.resolve("template.yaml");
        Files.writeString(file, command.out().replace("model: # required", "model: \"" + model + "\" #"));
        String data = kind.equals("reward") ? "dpo" : kind;
        assertThat(command.execute(
                        kind,
                        file.toString(),
                        "--out=" + temporary.resolve("template"),
                        "--set=data=[" + temporary.resolve(data + ".jsonl") + "]",
                        "--set=max_steps=1"))
                .as(command.err())
                .isZero();
    }

    /// Ten times the rate that teaches makes held-out samples worse, which is said in words.
    @Test
    void saysWhenHeldOutSamplesGetWorse() throws IOException {
        PrintStream before = System.err;
        var said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(run("sft", "run", "learning_rate=1; max_grad_norm=1000; max_steps=6"))
                    .isZero();
        } finally {
            System.setErr(before);
        }
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("The held-out loss has risen from");
    }

    /// The law of the chat template: what it writes around the turns is what is trained on.
    @Test
    void conversationsGoThroughTheTemplate() throws IOException {
        Files.writeString(temporary.resolve("sft.jsonl"), """
                {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]}
                {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
                """);
        Path template = temporary.resolve("t.jinja");
        Files.writeString(
                template,
                "{% for m in messages %}{{ m['role'] }}:{% if m['role'] == 'assistant' %}{% generation %}{{ m['content']"
                        + " }}<|endoftext|>{% endgeneration %}{% else %}{{ m['content'] }}\n{% endif %}{% endfor %}");
        assertThat(run("sft", "none", "validation_fraction=0")).isOne();
        assertThat(command.err()).contains("expected a chat template for conversations");
        assertThat(run("sft", "run", "validation_fraction=0; assistant_only_loss=true; chat_template_path=" + template))
                .as(command.err())
                .isZero();
        assertThat(temporary.resolve("run/model/chat_template.jinja")).hasSameTextualContentAs(template);
    }
}
