package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.lm.TrainedBpe;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/// A random model of two layers with the tokenizer of a small corpus, and tasks that such a model sometimes solves.
final class TinyBase {
    private static final TrainedBpe BPE = BpeTrainer.of(320)
            .endOfText("<|endoftext|>")
            .added("<think>", "</think>", "<answer>", "</answer>")
            .train(Corpus.standard().documents(1).limit(200).map(Corpus.Document::text)::iterator);

    private TinyBase() {}

    static Tokenizer tokenizer() {
        return BPE.tokenizer();
    }

    static CausalLm model(long seed) {
        return model(seed, tokenizer().vocabSize());
    }

    private static CausalLm model(long seed, int vocab) {
        return CausalLm.create(DecoderConfig.llama(vocab, 32, 2, 2, 64, 256), Rng.of(seed));
    }

    /// Saves model and tokenizer; the model has `missing` rows less than the tokenizer has ids.
    static Path write(Path folder, int missing) {
        BPE.save(folder);
        try (var model = model(7, tokenizer().vocabSize() - missing)) {
            model.save(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder;
    }

    static Grpo.Options options(long steps, double learningRate, int numIterations, int microBatchTokens, double beta) {
        return new Grpo.Options(
                steps,
                2,
                4,
                12,
                1,
                learningRate,
                0,
                true,
                numIterations,
                Advantages.Scale.GROUP,
                GrpoLoss.Options.defaults().withBeta(beta),
                1,
                microBatchTokens,
                5);
    }

    /// Half of all texts are right, whatever they say, so that every group teaches something.
    static boolean even(String completion) {
        return (completion.hashCode() & 1) == 0;
    }

    /// Countdown's problems, judged by `right`.
    static Task task(BiPredicate<Problem, String> right) {
        Countdown problems = Countdown.standard();
        return new Task() {
            @Override
            public String name() {
                return "tiny";
            }

            @Override
            public Problem training(long seed, long index) {
                return problems.training(seed, index);
            }

            @Override
            public List<Problem> heldOut(int count) {
                return problems.heldOut(count);
            }

            @Override
            public Verdict verify(Problem problem, String completion) {
                return right.test(problem, completion) ? Verdict.correct(completion) : Verdict.noAnswer();
            }
        };
    }

    /// Copies of all parameters.
    static Map<String, float[]> weights(CausalLm model) {
        Map<String, float[]> weights = new TreeMap<>();
        model.namedParameters().forEach((name, tensor) -> weights.put(name, tensor.toFloats()));
        return weights;
    }

    /// The lines of `metrics.jsonl` without what a clock says.
    static List<String> metrics(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(TinyBase::withoutTimes)
                .toList();
    }

    private static String withoutTimes(String line) {
        try {
            ObjectNode json = (ObjectNode) RunJson.MAPPER.readTree(line);
            json.properties()
                    .removeIf(field -> field.getKey().startsWith("time")
                            || field.getKey().equals("elapsed")
                            || field.getKey().equals(RunMetrics.SAMPLER_SECONDS)
                            || field.getKey().equals(RunMetrics.TOKENS_PER_SECOND));
            return json.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
