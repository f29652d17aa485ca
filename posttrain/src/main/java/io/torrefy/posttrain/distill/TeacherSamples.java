package io.torrefy.posttrain.distill;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.formats.TokenSequence;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Sequence-level distillation (Kim and Rush 2016, "Sequence-level knowledge distillation", section 3.2): the teacher
/// answers prompts, and the student is trained on its answers ([io.torrefy.posttrain.sft.Sft]), as the models that
/// DeepSeek-R1 was distilled to were (Guo et al. 2025, section 2.4). Kim and Rush take the teacher's most likely answer
/// by beam search; samples, as here, are what R1 took. Answers that were cut off are left out: who learns from them
/// learns not to end.
///
/// @param prompts different prompts
/// @param numGenerations answers a prompt
/// @param maxNewTokens tokens an answer may have
/// @param temperature of sampling; 0 for the most likely tokens, with a single answer a prompt
/// @param correctOnly whether answers that the task's verifier refuses are left out too, as R1's were
/// @param seed of the samples
@Export(value = "posttrain.distill.TeacherSamples", since = "0.1")
public record TeacherSamples(
        int prompts, int numGenerations, int maxNewTokens, double temperature, boolean correctOnly, long seed) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// Prompts that are answered at a time.
    private static final int TOGETHER = 64;

    public TeacherSamples {
        List<String> wrong = new ArrayList<>();
        expect(wrong, prompts >= 1, "prompts of at least 1; got " + prompts);
        expect(wrong, numGenerations >= 1, "numGenerations of at least 1; got " + numGenerations);
        expect(wrong, maxNewTokens >= 1, "maxNewTokens of at least 1; got " + maxNewTokens);
        expect(wrong, temperature >= 0 && Double.isFinite(temperature), "a temperature >= 0; got " + temperature);
        expect(
                wrong,
                temperature > 0 || numGenerations == 1,
                "numGenerations 1 at temperature 0, where all answers are equal; got " + numGenerations);
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("[teacher samples] expected " + String.join("; and ", wrong));
        }
    }

    private static void expect(List<String> wrong, boolean right, String what) {
        if (!right) {
            wrong.add(what);
        }
    }

    /// What came of it.
    ///
    /// @param sequences prompts with answers, as the student reads them
    /// @param drawn answers in all
    /// @param truncated of them cut off
    /// @param refused of the others wrong, where that was asked
    public record Yield(List<TokenSequence> sequences, int drawn, int truncated, int refused) {
        /// Writes JSON Lines, one `{"prompt_tokens": n, "ids": [...], "text": ...}` a sequence, for
        /// [TeacherSamples#read].
        public void write(Path file, Tokenizer tokenizer) throws IOException {
            try (Writer out = Files.newBufferedWriter(file)) {
                for (TokenSequence sequence : sequences) {
                    Map<String, Object> line = new LinkedHashMap<>();
                    line.put("prompt_tokens", sequence.length() - sequence.targets());
                    line.put("ids", sequence.ids());
                    line.put("text", tokenizer.decode(sequence.ids(), false));
                    out.write(JSON.writeValueAsString(line));
                    out.write('\n');
                }
            }
        }
    }

    /// The sequences that [Yield#write] wrote.
    ///
    /// @throws IOException if the file cannot be read
    public static List<TokenSequence> read(Path file) throws IOException {
        List<TokenSequence> sequences = new ArrayList<>();
        for (String text : Files.readAllLines(file)) {
            JsonNode line = JSON.readTree(text);
            int[] ids = JSON.convertValue(line.required("ids"), int[].class);
            String place = file + ":" + (sequences.size() + 1);
            sequences.add(
                    TokenSequence.completion(ids, line.required("prompt_tokens").asInt(), place));
        }
        return sequences;
    }

    /// Samples answers.
    ///
    /// @param teacher what samples from the teacher, in its `tokenizer`
    /// @param student the student's tokenizer; where it is another one, answers are taken as text. Else their ids
    ///     are kept
    /// @param task whose training problems are answered
    /// @throws IllegalArgumentException if no answer is left, or none can be verified though that is asked
    public Yield draw(Generator teacher, Tokenizer tokenizer, Tokenizer student, Task task) {
        if (correctOnly && !task.verifies()) {
            throw new IllegalArgumentException("[teacher samples] expected problems whose answers can be verified, with"
                    + " correctOnly; got those of " + task.name() + ", which have no answers");
        }
        boolean sameIds = SharedVocabulary.isSame(student, tokenizer);
        Set<Integer> stops = Set.of(Tokens.end(tokenizer));
        Sampling sampling = (temperature == 0
                        ? Sampling.greedy(maxNewTokens)
                        : Sampling.of(maxNewTokens, temperature, seed))
                .withStopIds(stops);
        List<TokenSequence> sequences = new ArrayList<>();
        int truncated = 0;
        int refused = 0;
        for (int from = 0; from < prompts; from += TOGETHER) {
            List<Problem> problems = new ArrayList<>();
            List<int[]> ids = new ArrayList<>();
            for (int i = from; i < Math.min(prompts, from + TOGETHER); i++) {
                Problem problem = task.training(seed, i);
                for (int g = 0; g < numGenerations; g++) {
                    problems.add(problem);
                    ids.add(Tokens.prompt(tokenizer, problem));
                }
            }
            List<Completion> answers = teacher.generate(ids, sampling, (long) from * numGenerations, (_, _) -> {});
            for (int i = 0; i < answers.size(); i++) {
                Completion answer = answers.get(i);
                Problem problem = problems.get(i);
                String text = tokenizer.decode(answer.ids(), true);
                if (answer.finish() == Completion.Finish.LENGTH) {
                    truncated++;
                } else if (correctOnly && !task.verify(problem, text).correct()) {
                    refused++;
                } else {
                    sequences.add(
                            sameIds
                                    ? Gkd.joined(ids.get(i), answer.ids())
                                    : Gkd.joined(Tokens.prompt(student, problem), Tokens.completion(student, text)));
                }
            }
        }
        if (sequences.isEmpty()) {
            throw new IllegalArgumentException("[teacher samples] expected answers to learn from; of "
                    + (long) prompts * numGenerations + " none was left: " + truncated + " were cut off at "
                    + maxNewTokens + " tokens and " + refused
                    + " were wrong. Hint: allow longer answers, or take a teacher that knows the task.");
        }
        return new Yield(sequences, prompts * numGenerations, truncated, refused);
    }
}
