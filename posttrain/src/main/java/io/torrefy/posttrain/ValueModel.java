package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Lora;
import io.torrefy.lm.ModelException;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Module;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A language model that gives numbers in place of words: its body, and a linear head from each hidden state to one
/// number. It is a reward model (the number at the last token), a process reward model (at the end of each step) and
/// PPO's critic (at every token).
///
/// Parameters bear the names of Hugging Face's `…ForSequenceClassification` with one label, `score.weight` beside the
/// body's, so checkpoints go both ways. A score is read at a sequence's last token, whatever it is; transformers read
/// it at the last whose id is not the padding's, which is one token early where padding and end are one id.
@Export(value = "posttrain.ValueModel", since = "0.1")
public final class ValueModel extends Module {
    private static final String CONFIG = "config.json";
    /// The head's name in Hugging Face's models.
    private static final String HEAD = "score";

    private final CausalLm body;
    private final Linear score;

    private ValueModel(CausalLm body, Linear score) {
        this.body = body;
        body.children().forEach((name, part) -> {
            if (!name.equals("lm_head")) { // no word is predicted
                child(name, part);
            }
        });
        this.score = child(HEAD, score);
    }

    /// A model with a new head: normal weights of the body's `initializer_range`, no bias.
    ///
    /// @param body is trained too and closed with this model; it shares its weights with nothing else then
    public static ValueModel of(CausalLm body, Rng rng) {
        return of(body, body.config().initializerRange(), rng);
    }

    /// The same with another deviation of the head's weights.
    public static ValueModel of(CausalLm body, double std, Rng rng) {
        return new ValueModel(body, Linear.normal(body.config().hidden(), 1, false, std, rng));
    }

    /// A model with a head of zeros: a critic that says 0 everywhere until it has learnt. With a copy of the policy
    /// as body it is the one to begin with where there is no reward model; InstructGPT begins with the reward
    /// model.
    public static ValueModel ofZeros(CausalLm body) {
        return of(body, 0, Rng.of(0));
    }

    /// A model with a copy of this head.
    ///
    /// @param head (1, hidden)
    /// @throws IllegalArgumentException if the head has another shape
    public static ValueModel of(CausalLm body, Tensor head) {
        long[] shape = {1, body.config().hidden()};
        if (!Arrays.equals(head.shape(), shape)) {
            throw new IllegalArgumentException("[value model] expected a head of shape " + Arrays.toString(shape)
                    + "; got " + Arrays.toString(head.shape())
                    + ". Hint: body and head must come from one reward model.");
        }
        ValueModel model = ofZeros(body);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            model.score.weight().copyFrom(head);
        }
        return model;
    }

    /// Loads a folder that [#save(Path)] or transformers wrote.
    ///
    /// @throws ModelException if the configuration is not one this model can be, or the weights do not fit it
    public static ValueModel load(Path folder) {
        DecoderConfig config = DecoderConfig.read(folder.resolve(CONFIG));
        ValueModel model = of(CausalLm.create(config, Rng.of(0)), Rng.of(0));
        SequencedMap<String, Tensor> weights;
        try {
            weights = Safetensors.readSharded(folder);
        } catch (IOException e) {
            throw new ModelException("[load] the weights in " + folder + " cannot be read: " + e.getMessage(), e);
        }
        try {
            model.load(weights);
        } catch (IllegalArgumentException e) {
            throw new ModelException(
                    e.getMessage() + "\n  in " + folder + ". Hint: ValueModel.of gives a language model a new head", e);
        } finally {
            weights.values().forEach(Tensor::close);
        }
        return model;
    }

    /// Loads a language model with an adapter and a head in PEFT's format for `SEQ_CLS`, which torrefy's `reward`
    /// with
    /// `use_peft` and PEFT write; the adapter is merged.
    ///
    /// @param base the folder of the language model that was adapted
    /// @param adapter with `adapter_config.json`, whose `modules_to_save` is `score`, and
    ///     `adapter_model.safetensors`
    /// @throws ModelException if either is not one this model can be, or they do not fit each other
    public static ValueModel load(Path base, Path adapter) {
        ValueModel model = ofZeros(CausalLm.load(base));
        try (Lora lora = Lora.load(model.body, adapter, Map.of(HEAD, model.head()))) {
            lora.merge();
        } catch (ModelException e) {
            model.close();
            throw e;
        }
        return model;
    }

    /// Writes what [#load(Path, Path)] and PEFT load: an adapter of the body, and the head whole.
    ///
    /// @param lora the body's
    /// @param base the name or folder of the language model that was adapted
    public void saveAdapter(Lora lora, Path folder, String base) throws IOException {
        lora.save(folder, base, "SEQ_CLS", Map.of(HEAD, head()));
    }

    /// Writes `config.json` and `model.safetensors`, each whole or not at all.
    public void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        Safetensors.write(folder.resolve("model.safetensors"), state(), Map.of("format", "pt"));
        ObjectNode json = body.config().toJson();
        JsonNode of = json.path("architectures").path(0);
        String architecture = of.asText().replaceFirst("(ForCausalLM|LMHeadModel)$", "ForSequenceClassification");
        json.putArray("architectures").add(architecture);
        json.putObject("id2label").put("0", "LABEL_0");
        json.putObject("label2id").put("LABEL_0", 0);
        Path part = folder.resolve(CONFIG + ".part");
        Files.write(part, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
        Files.move(part, folder.resolve(CONFIG), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /// The model below the head, without its own.
    public CausalLm body() {
        return body;
    }

    /// The head's weights, (1, hidden); they are this model's.
    public Tensor head() {
        return score.weight();
    }

    /// The body's configuration.
    public DecoderConfig config() {
        return body.config();
    }

    /// The number at every token of packed sequences, (tokens).
    public Tensor values(TokenBatch batch) {
        return score.forward(body.hidden(batch)).squeeze(-1);
    }

    /// The number at some tokens of packed sequences, (places).
    ///
    /// @param places rows of the batch
    public Tensor values(TokenBatch batch, int[] places) {
        Tensor hidden = body.hidden(batch).indexSelect(0, Tensor.of(places, places.length));
        return score.forward(hidden).squeeze(-1);
    }

    /// The value (tokens) of the state in which each completion token was chosen: of the text before it.
    public Tensor values(PackedCompletions completions) {
        return score.forward(completions.hidden(body)).squeeze(-1);
    }

    /// The number at the last token of each sequence, (sequences).
    ///
    /// @throws IllegalArgumentException if a sequence is empty
    public Tensor scores(TokenBatch batch) {
        int[] offsets = batch.offsets();
        int[] last = new int[offsets.length - 1];
        for (int s = 0; s < last.length; s++) {
            last[s] = offsets[s + 1] - 1;
            if (last[s] < offsets[s]) {
                throw new IllegalArgumentException(
                        "[score] expected sequences of at least a token; got an empty one, number " + s);
            }
        }
        return values(batch, last);
    }

    /// The number at the last token of each sequence, without gradients: a reward model's scores.
    ///
    /// @param sequences prompts with their answers, as they were trained on
    /// @throws IllegalArgumentException if a sequence is empty, or a score is not finite
    public double[] score(List<int[]> sequences) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            double[] scores = scores(TokenBatch.pack(sequences)).toDoubles();
            for (int i = 0; i < scores.length; i++) {
                if (!Double.isFinite(scores[i])) {
                    throw new IllegalArgumentException("[score] expected finite scores; got " + scores[i]
                            + " for sequence " + i + ". Hint: the reward model's weights are damaged");
                }
            }
            return scores;
        }
    }

    @Override
    public void close() {
        score.close();
        body.close();
    }
}
