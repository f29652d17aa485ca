package io.torrefy.posttrain.rewards;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Score;
import io.torrefy.posttrain.rewards.Sandbox.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Runs the code of a completion against the tests of its problem, in a [Sandbox] (the code reward of DeepSeek-R1, Guo
/// et al. 2025, section 2.2.2).
///
/// The program is the last block between ``` fences after the last `</think>`. A problem's reference is JSON, in one of
/// the forms that data sets have:
///
/// - `{"inputs": ["1 2\n"], "outputs": ["3\n"]}` (APPS, TACO, verl): a run for each input, whose output is compared
///   word by word, so that white space at the ends of lines does not matter;
/// - `[{"input": "1 2\n", "output": "3\n"}]`, the same;
/// - `{"test": "assert f(1) == 2"}` (MBPP, HumanEval), for interpreters, not for Java: appended to the program, which
///   has to run to its very end. A program may read what is appended to it and pretend: prefer inputs and outputs.
///
/// A program that is wrong, slow, greedy or absent scores 0. A run that could not be made at all is a failure.
@Export(value = "posttrain.rewards.CodeReward", since = "0.1")
public final class CodeReward implements Reward {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FENCE = "```";
    private static final int OUTPUT_KB = 1024;
    private static final int PROCESSES = 64;
    /// A JVM reserves address space beside its heap: classes, code, stacks, the archive of shared classes.
    private static final int JVM_MB = 2048;

    /// @param tests inputs with outputs, or empty where `appended` is the test
    private record Tests(List<Run> tests, String appended) {}

    private record Run(String input, String output) {}

    private final List<String> command;
    private final String file;
    private final boolean java;
    private final boolean partial;
    private final Sandbox sandbox;

    private CodeReward(List<String> command, String file, boolean java, boolean partial, Sandbox sandbox) {
        this.command = command;
        this.file = file;
        this.java = java;
        this.partial = partial;
        this.sandbox = sandbox;
    }

    /// Runs programs of one language.
    ///
    /// @param interpreter `java` for programs of one Java file, run by the JDK that runs this; otherwise a program
    ///     and its options, such as `python3 -I`, which is given the file's name
    /// @param seconds of processor time for each test; three times that and two seconds more by the clock
    /// @param memory MB for each test: a Java program's heap, another's address space
    /// @param partial whether the score is the share of tests that pass, in place of 1 for all and 0 for less
    /// @throws IllegalArgumentException if there is no such interpreter, or a limit is not positive
    @Export(
            value = "posttrain.rewards.code",
            since = "0.1",
            params = {"interpreter=java", "seconds=5", "memory=512", "partial=false"})
    public static CodeReward of(String interpreter, double seconds, int memory, boolean partial) {
        boolean java = interpreter.strip().equals("java");
        Limits limits = new Limits(3 * seconds + 2, seconds, java ? memory + JVM_MB : memory, OUTPUT_KB, PROCESSES);
        Sandbox sandbox = Sandbox.of(limits);
        if (java) {
            return new CodeReward(jvm(memory), "Main.java", true, partial, sandbox);
        }
        List<String> command = new ArrayList<>(Arrays.asList(interpreter.strip().split("\\s+")));
        Path program = Sandbox.find(command.getFirst())
                .orElseThrow(() -> new IllegalArgumentException("[reward code] expected java or an interpreter on the"
                        + " path; got '" + interpreter + "'. Hint: interpreter=python3, or its whole path."));
        command.set(0, program.toString());
        String file = "program" + suffix(program.getFileName().toString());
        command.add(file);
        return new CodeReward(List.copyOf(command), file, false, partial, sandbox);
    }

    private static List<String> jvm(int memory) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + memory + "m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:CompressedClassSpaceSize=64m",
                "-XX:ReservedCodeCacheSize=64m",
                "-XX:-UsePerfData",
                "-XX:-CreateCoredumpOnCrash",
                "-Djava.io.tmpdir={dir}",
                "-Dstdout.encoding=UTF-8",
                "-Dstdin.encoding=UTF-8",
                "Main.java");
    }

    private static String suffix(String interpreter) {
        String name = interpreter.toLowerCase(Locale.ROOT);
        return name.startsWith("python") || name.startsWith("pypy")
                ? ".py"
                : name.startsWith("node")
                        ? ".js"
                        : name.startsWith("ruby") ? ".rb" : name.startsWith("perl") ? ".pl" : "";
    }

    /// What keeps programs in here, and what does not, in words for people.
    public String isolation() {
        return sandbox.isolation();
    }

    @Override
    public double score(Problem problem, String completion) {
        Tests tests = tests(problem);
        Optional<String> program = program(completion);
        if (program.isEmpty()) {
            return 0;
        }
        try {
            return tests.tests().isEmpty()
                    ? appended(program.get(), tests.appended())
                    : compared(program.get(), tests.tests());
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /// As many programs at a time as there are processors, so that none waits for the clock of another.
    @Override
    public List<Score> scoreAll(List<Attempt> attempts) {
        try (ExecutorService pool =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<Double>> running = new ArrayList<>();
            for (Attempt attempt : attempts) {
                running.add(pool.submit(() -> score(attempt)));
            }
            List<Score> scores = new ArrayList<>();
            for (Future<Double> one : running) {
                scores.add(await(pool, one));
            }
            return scores;
        }
    }

    private static Score await(ExecutorService pool, Future<Double> one) {
        try {
            return Score.of(one.get());
        } catch (ExecutionException e) {
            return Score.failed(e.getCause() instanceof Exception cause ? cause : e);
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("[reward code] expected to wait for programs; was interrupted", e);
        }
    }

    private double compared(String program, List<Run> runs) throws IOException {
        int passed = 0;
        for (Run run : runs) {
            Sandbox.Result result = sandbox.run(command, Map.of(file, program), run.input());
            if (result.success() && words(result.output()).equals(words(run.output()))) {
                passed++;
            } else if (!partial) {
                return 0;
            }
        }
        return (double) passed / runs.size();
    }

    /// A program that ends early, with `exit(0)`, has not said the word at the end of the tests.
    private double appended(String program, String tests) throws IOException {
        String word = UUID.randomUUID().toString();
        String whole = program + "\n" + tests + "\nprint(\"\\n" + word + "\")\n";
        Sandbox.Result result = sandbox.run(command, Map.of(file, whole), "");
        return result.success() && result.output().strip().endsWith(word) ? 1 : 0;
    }

    private static List<String> words(String output) {
        return Arrays.asList(output.strip().split("\\s+"));
    }

    /// The last fenced block after thinking.
    static Optional<String> program(String completion) {
        int thought = completion.lastIndexOf("</think>");
        if (completion.lastIndexOf("<think>") > thought) {
            return Optional.empty();
        }
        String text = completion.substring(Math.max(0, thought));
        Optional<String> last = Optional.empty();
        int at = text.indexOf(FENCE);
        while (at >= 0) {
            int line = text.indexOf('\n', at);
            int end = line < 0 ? -1 : text.indexOf(FENCE, line);
            if (end < 0) {
                break;
            }
            last = Optional.of(text.substring(line + 1, end)).filter(code -> !code.isBlank());
            at = text.indexOf(FENCE, end + FENCE.length());
        }
        return last;
    }

    private Tests tests(Problem problem) {
        JsonNode json;
        try {
            json = JSON.readTree(problem.reference());
        } catch (JsonProcessingException e) {
            throw bad(problem, "no JSON (" + e.getOriginalMessage() + ")");
        }
        if (json.path("test").isTextual()) {
            if (java) {
                throw bad(problem, "a test to append, which a Java file cannot take");
            }
            return new Tests(List.of(), json.path("test").asText());
        }
        List<Run> runs = new ArrayList<>();
        JsonNode inputs = json.path("inputs");
        JsonNode outputs = json.path("outputs");
        for (int i = 0; i < inputs.size() && inputs.size() == outputs.size(); i++) {
            add(problem, runs, inputs.get(i), outputs.get(i));
        }
        if (json.isArray()) {
            json.forEach(test -> add(problem, runs, test.path("input"), test.path("output")));
        }
        if (runs.isEmpty()) {
            throw bad(problem, "no tests");
        }
        return new Tests(runs, "");
    }

    private static void add(Problem problem, List<Run> runs, JsonNode input, JsonNode output) {
        if (!input.isTextual() || !output.isTextual()) {
            throw bad(problem, "a test whose input and output are no texts");
        }
        runs.add(new Run(input.asText(), output.asText()));
    }

    private static IllegalArgumentException bad(Problem problem, String what) {
        return new IllegalArgumentException("[reward code] expected a reference such as {\"inputs\": [\"1 2\"],"
                + " \"outputs\": [\"3\"]} or {\"test\": \"assert f(1) == 2\"}; got " + what + " in problem "
                + problem.id());
    }
}
