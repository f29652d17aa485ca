package io.torrefy.posttrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.torrefy.export.Export;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Question and answer pairs from a JSON Lines file: GSM8K (`question`, `answer` ending in `#### 42`), `prompt` and
/// `answer`, or `problem` and `solution` (MATH, the answer in `\boxed{…}`). Other fields are ignored, blank lines too.
///
/// The expected answer is what follows the last `####`; without one the content of the last `\boxed{…}`; without one
/// the whole text. If that is a number, give or take a currency sign, commas, a per cent sign and units, answers are
/// compared as exact fractions: `1,234.50`, `0.5`, `1/2`, `\frac{1}{2}`, `50` and `50%` alike. Otherwise they are
/// compared as text, without regard to white space and case.
@Export(value = "posttrain.QaFile", since = "0.1")
public final class QaFile implements Task {
    /// @param heldOutFraction the share of questions that are held out; a hash of the question decides
    /// @param template the prompt, with `{question}`
    public record Options(double heldOutFraction, String template) {
        /// One question in ten is held out; the prompt says what R1-Zero's says: think first, then answer, in
        /// tags.
        public static final Options DEFAULT = new Options(0.1, """
                A user asks a question and an assistant answers it. The assistant first reasons step by step inside \
                <think> </think> and then gives the final answer inside <answer> </answer>.
                User: {question}
                Assistant:\
                """);

        public Options {
            if (!(heldOutFraction >= 0 && heldOutFraction <= 1)) {
                throw new IllegalArgumentException("[qa] expected heldOutFraction from 0 to 1; got " + heldOutFraction);
            }
            if (!template.contains("{question}")) {
                throw new IllegalArgumentException(
                        "[qa] expected a template with {question}; got \"" + template + "\"");
            }
        }

        public Options heldOutFraction(double fraction) {
            return new Options(fraction, template);
        }

        public Options template(String prompt) {
            return new Options(heldOutFraction, prompt);
        }
    }

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final List<List<String>> FIELDS =
            List.of(List.of("question", "answer"), List.of("prompt", "answer"), List.of("problem", "solution"));
    private static final int MAX_REPORTED = 10;

    /// The expected answer: its text and, when it is one, its number.
    private record Gold(String text, Optional<Rational> number) {}

    private final String name;
    private final List<Problem> training;
    private final List<Problem> heldOut;
    /// The order of the epoch asked for last.
    private Order order = new Order(0, -1, new int[0]);

    private record Order(long seed, long epoch, int[] positions) {}

    private QaFile(String name, List<Problem> training, List<Problem> heldOut) {
        this.name = name;
        this.training = training;
        this.heldOut = heldOut;
    }

    /// Reads a file and splits it.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws IllegalArgumentException if lines are no JSON object with the fields above (names the file and
    ///     up to ten line numbers), or if there is no line
    public static QaFile load(Path file, Options options) throws IOException {
        var training = new ArrayList<Problem>();
        var heldOut = new ArrayList<Problem>();
        for (var problem : read(file, options.template())) {
            boolean held = SplitMix.splitOf(problem.id(), options.heldOutFraction()) == Split.HELD_OUT;
            (held ? heldOut : training).add(problem);
        }
        return new QaFile(file.getFileName().toString(), List.copyOf(training), distinct(heldOut));
    }

    /// Trains on one file and holds out another. Training questions that the other file has too are left out.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws IllegalArgumentException as [#load(Path, Options)] does
    public static QaFile load(Path trainingFile, Path heldOutFile, Options options) throws IOException {
        var heldOut = distinct(read(heldOutFile, options.template()));
        var questions = new HashSet<String>();
        heldOut.forEach(problem -> questions.add(problem.id()));
        var training = read(trainingFile, options.template()).stream()
                .filter(problem -> !questions.contains(problem.id()))
                .toList();
        return new QaFile(trainingFile.getFileName().toString(), training, heldOut);
    }

    private static List<Problem> distinct(List<Problem> problems) {
        var byId = new LinkedHashMap<String, Problem>();
        problems.forEach(problem -> byId.putIfAbsent(problem.id(), problem));
        return List.copyOf(byId.values());
    }

    private static List<Problem> read(Path file, String template) throws IOException {
        var problems = new ArrayList<Problem>();
        var errors = new ArrayList<String>();
        int bad = 0;
        // Latin-1 keeps the bytes of each line, so that text that is no UTF-8 is named by its line too.
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                try {
                    parse(decode(line), template).ifPresent(problems::add);
                } catch (BadLine e) {
                    if (++bad <= MAX_REPORTED) {
                        errors.add(file + ":" + number + ": " + e.getMessage());
                    }
                }
            }
        }
        if (bad > 0) {
            String more = bad > MAX_REPORTED ? "\n… and " + (bad - MAX_REPORTED) + " more lines" : "";
            throw new IllegalArgumentException("[qa] expected one JSON object a line with \"question\" and \"answer\" "
                    + "(or \"prompt\" and \"answer\", or \"problem\" and \"solution\"); got\n"
                    + String.join("\n", errors) + more);
        }
        if (problems.isEmpty()) {
            throw new IllegalArgumentException("[qa] expected at least one question in " + file + "; got none");
        }
        return problems;
    }

    /// A line that is no problem.
    private static final class BadLine extends Exception {
        private static final long serialVersionUID = 1;

        BadLine(String message) {
            super(message, null, false, false);
        }
    }

    private static String decode(String latin) throws BadLine {
        try {
            String line = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(latin.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
            return line.startsWith("\uFEFF") ? line.substring(1) : line;
        } catch (CharacterCodingException e) {
            throw new BadLine("text that is not UTF-8");
        }
    }

    private static Optional<Problem> parse(String line, String template) throws BadLine {
        if (line.isBlank()) {
            return Optional.empty();
        }
        JsonNode node;
        try {
            node = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new BadLine(
                    "no JSON (" + e.getOriginalMessage().lines().findFirst().orElse("") + ")");
        }
        if (!node.isObject()) {
            throw new BadLine("JSON that is no object");
        }
        for (var fields : FIELDS) {
            if (node.has(fields.get(0)) && node.has(fields.get(1))) {
                String question = text(node, fields.get(0));
                String answer = text(node, fields.get(1));
                return Optional.of(problem(question, answer, template));
            }
        }
        var names = new ArrayList<String>();
        node.fieldNames().forEachRemaining(names::add);
        throw new BadLine("an object with the fields " + names);
    }

    private static String text(JsonNode node, String field) throws BadLine {
        JsonNode value = node.get(field);
        boolean usable = value.isTextual() || (value.isNumber() && !"question".equals(field));
        if (!usable || value.asText().isBlank()) {
            throw new BadLine("\"" + field + "\" that is no text, or blank");
        }
        return value.isNumber() ? value.decimalValue().toPlainString() : value.asText();
    }

    private static Problem problem(String question, String answer, String template) {
        String id = "qa " + question.strip().replaceAll("\\s+", " ");
        return new Problem(id, template.replace("{question}", question.strip()), gold(answer));
    }

    private static Gold gold(String answer) {
        int mark = answer.lastIndexOf("####");
        if (mark >= 0) {
            String text = answer.substring(mark + 4).strip();
            return new Gold(text, AnswerText.lastNumber(text));
        }
        String text = AnswerText.lastBoxed(answer).orElse(answer.strip());
        return new Gold(text, AnswerText.wholeNumber(text));
    }

    @Override
    public String name() {
        return name;
    }

    /// How many training problems the file has; `training(seed, index)` goes through all of them once in each
    /// epoch.
    public int trainingSize() {
        return training.size();
    }

    /// Each epoch has its own random order.
    ///
    /// @throws IllegalStateException if all questions are held out
    @Override
    public Problem training(long seed, long index) {
        if (training.isEmpty()) {
            throw new IllegalStateException("[qa] expected training questions; all of " + name
                    + " are held out. Hint: a smaller heldOutFraction, or a larger file.");
        }
        long epoch = Math.floorDiv(index, (long) training.size());
        return training.get(positions(seed, epoch)[Math.floorMod(index, training.size())]);
    }

    private synchronized int[] positions(long seed, long epoch) {
        if (order.epoch() != epoch || order.seed() != seed) {
            int[] positions = new int[training.size()];
            for (int i = 0; i < positions.length; i++) {
                positions[i] = i;
            }
            new SplitMix(seed, epoch).shuffle(positions);
            order = new Order(seed, epoch, positions);
        }
        return order.positions();
    }

    @Override
    public List<Problem> heldOut(int count) {
        return heldOut.subList(0, Math.min(count, heldOut.size()));
    }

    /// The ids of both sides, for tests of disjointness.
    Set<String> trainingIds() {
        var ids = new HashSet<String>();
        training.forEach(problem -> ids.add(problem.id()));
        return ids;
    }

    /// Judges the last `<answer>…</answer>`, or without one the last `\boxed{…}`. Inside the block a `\boxed{…}`
    /// wins; a number is the last one there.
    @Override
    public Verdict verify(Problem problem, String completion) {
        var gold = problem.goal(Gold.class);
        var block = AnswerText.lastBlock(completion);
        var answer = block.flatMap(AnswerText::lastBoxed).or(() -> block).or(() -> AnswerText.lastBoxed(completion));
        if (answer.isEmpty()) {
            return Verdict.noAnswer();
        }
        String said = answer.get();
        if (gold.number().isEmpty()) {
            return AnswerText.normalised(said).equals(AnswerText.normalised(gold.text()))
                    ? Verdict.correct(said)
                    : new Verdict(Verdict.Outcome.WRONG_VALUE, said, "it is not " + gold.text());
        }
        Rational expected = gold.number().get();
        return AnswerText.lastNumber(said)
                .map(value -> value.equals(expected)
                        ? Verdict.correct(said)
                        : new Verdict(Verdict.Outcome.WRONG_VALUE, said, "it is " + value + ", not " + expected))
                .orElseGet(() -> new Verdict(Verdict.Outcome.UNPARSABLE, said, "there is no number in the answer"));
    }
}
