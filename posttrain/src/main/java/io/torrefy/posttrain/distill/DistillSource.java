package io.torrefy.posttrain.distill;

import io.torrefy.export.Export;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a distillation has its prompts from, and the answers that belong to them where it learns from data too.
@Export(value = "posttrain.distill.DistillSource", since = "0.1")
public interface DistillSource {
    /// One prompt.
    ///
    /// @param prompt token ids, at least one
    /// @param answer the whole sample, prompt included, with its mask; null where there is none
    /// @param problem what the prompt asks; null where nothing can verify an answer
    record Example(
            int[] prompt,
            @Nullable TokenSequence answer,
            @Nullable Problem problem) {}

    /// Number `index`, from 0: of endless many, the same whenever it is asked for.
    Example example(long index);

    /// Whether there are answers.
    boolean hasAnswers();

    /// What verifies completions; null for none.
    default @Nullable Task task() {
        return null;
    }

    /// A task's training problems in the order of `seed`.
    static DistillSource of(Task task, Tokenizer tokenizer, long seed) {
        return new DistillSource() {
            @Override
            public Example example(long index) {
                Problem problem = task.training(seed, index);
                return new Example(Tokens.prompt(tokenizer, problem), null, problem);
            }

            @Override
            public boolean hasAnswers() {
                return false;
            }

            @Override
            public Task task() {
                return task;
            }
        };
    }

    /// Samples, all of them in a random order of its own in every pass. What comes before the first trained token
    /// is the prompt. If any has trained tokens, all must.
    ///
    /// @throws IllegalArgumentException if there is none, or naming those without a prompt or, beside others with
    ///     one, without an answer
    static DistillSource of(List<TokenSequence> samples, long seed) {
        List<Example> examples = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        boolean answers = samples.stream().anyMatch(s -> s.targets() > 0);
        for (TokenSequence sample : samples) {
            int length = 0;
            while (length < sample.length() && !sample.trained()[length]) {
                length++;
            }
            if (length == 0) {
                wrong.add(sample.place() + ": no prompt before the trained tokens");
            } else if (answers && sample.targets() == 0) {
                wrong.add(sample.place() + ": no trained token, which others have");
            }
            examples.add(new Example(Arrays.copyOf(sample.ids(), length), answers ? sample : null, null));
        }
        if (samples.isEmpty() || !wrong.isEmpty()) {
            throw new IllegalArgumentException(
                    "[distill] expected samples with a prompt, and all or none with an answer;"
                            + " got " + (samples.isEmpty() ? "none" : wrong.size() + " that are not:\n  ")
                            + String.join("\n  ", wrong.subList(0, Math.min(10, wrong.size()))));
        }
        return new DistillSource() {
            private long pass = -1;
            private int[] order = {};

            @Override
            public Example example(long index) {
                if (index / examples.size() != pass) {
                    pass = index / examples.size();
                    order = new int[examples.size()];
                    Arrays.setAll(order, i -> i);
                    new SplitMix(seed, pass).shuffle(order);
                }
                return examples.get(order[(int) (index % examples.size())]);
            }

            @Override
            public boolean hasAnswers() {
                return answers;
            }
        };
    }
}
