package io.torrefy.posttrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.torrefy.data.Datasets;
import io.torrefy.data.RecordFormat;
import io.torrefy.data.Row;
import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Question and answer pairs from files: GSM8K (`question`, `answer` ending in `#### 42`), `prompt` and `answer`, or
/// `problem` and `solution` (MATH, the answer in `\boxed{…}`), or two fields that [Options] name. Other fields are
/// ignored. Files that end in `.csv`, `.tsv`, `.parquet`, `.tfrecord` (of tf.Examples) or `.txt` are read as that, all
/// others as JSON Lines, in which blank lines are ignored.
///
/// The expected answer is what follows the last `####`; without one the content of the last `\boxed{…}`; without one
/// the whole text. If that is a number, give or take a currency sign, commas, a per cent sign and units, answers are
/// compared as exact fractions: `1,234.50`, `0.5`, `1/2`, `\frac{1}{2}`, `50` and `50%` alike. Otherwise they are
/// compared as text, without regard to white space and case.
@Export(value = "posttrain.QaFile", since = "0.1")
public final class QaFile implements Task {
    /// @param heldOutFraction the share of questions that are held out; a hash of the question decides
    /// @param template the prompt, with `{question}`
    /// @param fields the names of the fields with question and answer, two; empty for those that files usually have
    public record Options(double heldOutFraction, String template, List<String> fields) {
        /// One question in ten is held out; the prompt says what R1-Zero's says: think first, then answer, in
        /// tags.
        public static final Options DEFAULT = new Options(0.1, """
                A user asks a question and an assistant answers it. The assistant first reasons step by step inside \
                <think> </think> and then gives the final answer inside <answer> </answer>.
                User: {question}
                Assistant:\
                """, List.of());

        public Options {
            fields = List.copyOf(fields);
            if (!fields.isEmpty() && fields.size() != 2) {
                throw new IllegalArgumentException(
                        "[qa] expected the names of two fields, question and answer; got " + fields);
            }
            if (!(heldOutFraction >= 0 && heldOutFraction <= 1)) {
                throw new IllegalArgumentException("[qa] expected heldOutFraction from 0 to 1; got " + heldOutFraction);
            }
            if (!template.contains("{question}")) {
                throw new IllegalArgumentException(
                        "[qa] expected a template with {question}; got \"" + template + "\"");
            }
        }

        public Options heldOutFraction(double fraction) {
            return new Options(fraction, template, fields);
        }

        public Options template(String prompt) {
            return new Options(heldOutFraction, prompt, fields);
        }

        public Options fields(String question, String answer) {
            return new Options(heldOutFraction, template, List.of(question, answer));
        }

        private List<List<String>> pairs() {
            return fields.isEmpty() ? FIELDS : List.of(fields);
        }
    }

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final List<List<String>> FIELDS =
            List.of(List.of("question", "answer"), List.of("prompt", "answer"), List.of("problem", "solution"));
    private static final int MAX_REPORTED = 10;

    /// The expected answer: its text and, when it is one, its number.
    record Gold(String text, Optional<Rational> number) {
        /// Stands where no answer is known.
        static final Gold NONE = new Gold("", Optional.empty());

        boolean isNone() {
            return equals(NONE);
        }

        /// What samples show.
        @Override
        public String toString() {
            return text;
        }
    }

    private final String name;
    private final List<Problem> training;
    private final List<Problem> heldOut;
    private final boolean answers;
    /// The order of the epoch asked for last.
    private Order order = new Order(0, -1, new int[0]);

    private record Order(long seed, long epoch, int[] positions) {}

    private QaFile(String name, List<Problem> training, List<Problem> heldOut, boolean answers) {
        this.name = name;
        this.training = training;
        this.heldOut = heldOut;
        this.answers = answers;
    }

    /// Problems that were read elsewhere, with goals of [#goal], split as those of a file are.
    ///
    /// @throws IllegalArgumentException if there is none, or if some have an answer and some have not
    public static QaFile of(String name, List<Problem> problems, double heldOutFraction) {
        long without = problems.stream()
                .filter(problem -> problem.goal(Gold.class).isNone())
                .count();
        if (problems.isEmpty() || without != 0 && without != problems.size()) {
            throw new IllegalArgumentException("[qa] expected problems in " + name
                    + ", all of them with an answer or none; got "
                    + (problems.isEmpty() ? "none" : without + " of " + problems.size() + " without"));
        }
        return split(name, problems, Options.DEFAULT.heldOutFraction(heldOutFraction), without == 0);
    }

    /// The goal of a problem by its answer, which is read as those of files are; empty: it has none.
    public static Object goal(Optional<String> answer) {
        return answer.map(QaFile::gold).orElse(Gold.NONE);
    }

    private static QaFile split(String name, List<Problem> problems, Options options, boolean answers) {
        var training = new ArrayList<Problem>();
        var heldOut = new ArrayList<Problem>();
        for (var problem : problems) {
            boolean held = Split.of(problem.id(), options.heldOutFraction()) == Split.HELD_OUT;
            (held ? heldOut : training).add(problem);
        }
        return new QaFile(name, List.copyOf(training), distinct(heldOut), answers);
    }

    /// Reads a file and splits it.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws IllegalArgumentException if lines are no JSON object with the fields above (names the file and
    ///     up to ten line numbers), or if there is no line
    public static QaFile load(Path file, Options options) throws IOException {
        return load(List.of(file), options);
    }

    /// Reads files, one after the other, and splits them.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws IllegalArgumentException as [#load(Path, Options)] does, or if there is no file
    public static QaFile load(List<Path> files, Options options) throws IOException {
        if (files.isEmpty()) {
            throw new IllegalArgumentException("[qa] expected at least one file; got none");
        }
        var problems = new ArrayList<Problem>();
        for (Path file : files) {
            problems.addAll(read(file, options));
        }
        String name =
                files.stream().map(file -> String.valueOf(file.getFileName())).collect(Collectors.joining(", "));
        return split(name, problems, options, true);
    }

    /// Trains on one file and holds out another. Training questions that the other file has too are left out.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws IllegalArgumentException as [#load(Path, Options)] does
    public static QaFile load(Path trainingFile, Path heldOutFile, Options options) throws IOException {
        var heldOut = distinct(read(heldOutFile, options));
        var questions = new HashSet<String>();
        heldOut.forEach(problem -> questions.add(problem.id()));
        var training = read(trainingFile, options).stream()
                .filter(problem -> !questions.contains(problem.id()))
                .toList();
        return new QaFile(trainingFile.getFileName().toString(), training, heldOut, true);
    }

    private static List<Problem> distinct(List<Problem> problems) {
        var byId = new LinkedHashMap<String, Problem>();
        problems.forEach(problem -> byId.putIfAbsent(problem.id(), problem));
        return List.copyOf(byId.values());
    }

    private static List<Problem> read(Path file, Options options) throws IOException {
        var problems = new ArrayList<Problem>();
        var errors = new Errors();
        if (Datasets.format(file).map(QaFile::isJson).orElse(true)) {
            readLines(file, options, problems, errors);
        } else {
            readRows(file, options, problems, errors);
        }
        errors.check(options);
        if (problems.isEmpty()) {
            throw new IllegalArgumentException("[qa] expected at least one question in " + file + "; got none");
        }
        return problems;
    }

    private static boolean isJson(RecordFormat format) {
        return format.suffixes().contains(".jsonl");
    }

    /// The first records that are no problems, and how many there are.
    private static final class Errors {
        private final List<String> first = new ArrayList<>();
        private int count;

        void add(String place, BadLine what) {
            if (++count <= MAX_REPORTED) {
                first.add(place + ": " + what.getMessage());
            }
        }

        void check(Options options) {
            if (count == 0) {
                return;
            }
            String more = count > MAX_REPORTED ? "\n… and " + (count - MAX_REPORTED) + " more lines" : "";
            String fields = options.pairs().stream()
                    .map(pair -> "\"" + pair.get(0) + "\" and \"" + pair.get(1) + "\"")
                    .collect(Collectors.joining(", or "));
            throw new IllegalArgumentException(
                    "[qa] expected in every record the fields " + fields + "; got\n" + String.join("\n", first) + more);
        }
    }

    private static void readRows(Path file, Options options, List<Problem> problems, Errors errors) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        Datasets.texts(OptionalLong.empty(), List.of(file)).forEach(row -> {
            try {
                problems.add(problem(row, options));
            } catch (BadLine e) {
                errors.add(row.place(), e);
            }
        });
    }

    private static Problem problem(Row row, Options options) throws BadLine {
        for (var fields : options.pairs()) {
            if (row.values().keySet().containsAll(fields)) {
                String question = text(row.values().get(fields.get(0)), fields.get(0), false);
                return problem(
                        question, text(row.values().get(fields.get(1)), fields.get(1), true), options.template());
            }
        }
        throw new BadLine("a record with the fields " + row.values().keySet());
    }

    private static String text(@Nullable Object value, String field, boolean mayBeNumber) throws BadLine {
        String text = switch (value) {
            case String string -> string;
            case Number number
            when mayBeNumber && Double.isFinite(number.doubleValue()) ->
                new BigDecimal(number.toString()).toPlainString();
            case null, default -> "";
        };
        if (text.isBlank()) {
            throw new BadLine("\"" + field + "\" that is no text, or blank");
        }
        return text;
    }

    private static void readLines(Path file, Options options, List<Problem> problems, Errors errors)
            throws IOException {
        // Latin-1 keeps the bytes of each line, so that text that is no UTF-8 is named by its line too.
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                try {
                    parse(decode(line), options).ifPresent(problems::add);
                } catch (BadLine e) {
                    errors.add(file + ":" + number, e);
                }
            }
        }
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

    private static Optional<Problem> parse(String line, Options options) throws BadLine {
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
        for (var fields : options.pairs()) {
            if (node.has(fields.get(0)) && node.has(fields.get(1))) {
                String question = text(node, fields.get(0));
                String answer = text(node, fields.get(1));
                return Optional.of(problem(question, answer, options.template()));
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

    /// Tells these questions and answers, in this order, from others: a resumed run must find the ones it began
    /// with.
    public String fingerprint() {
        var crc = new CRC32C();
        for (var side : List.of(training, heldOut)) {
            for (var problem : side) {
                String whole =
                        problem.prompt() + "\0" + problem.goal(Gold.class).text() + "\0";
                crc.update(whole.getBytes(StandardCharsets.UTF_8));
            }
            crc.update(0xFF);
        }
        return HexFormat.of().toHexDigits((int) crc.getValue());
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

    @Override
    public boolean verifies() {
        return answers;
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
        if (gold.isNone()) {
            return new Verdict(Verdict.Outcome.NO_ANSWER, "", "there is no answer to compare with");
        }
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
