package io.torrefy.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// The harness's end of a [Worker]: starts the process, asks, and waits for the answer. Idle workers wait at their
/// input and take no processor time.
final class WorkerProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();
    /// No line that was read holds one.
    private static final String END = "\n";
    private static final int REMEMBERED = 30;

    static {
        // Also after Ctrl-C: a worker in the middle of a run would go on for seconds.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroyForcibly)));
    }

    private final Process process;
    private final Writer requests;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Deque<String> lastWords = new ArrayDeque<>();

    /// What a worker answers with when the work cannot be done.
    static final class Failure extends Exception {
        Failure(String why) {
            super(why);
        }
    }

    WorkerProcess(Launch launch) throws Failure {
        var builder = new ProcessBuilder(launch.command());
        builder.environment().keySet().removeIf(name -> !Launch.inherits(name));
        builder.environment().putAll(launch.environment());
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new Failure("did not start: " + e.getMessage());
        }
        ALIVE.add(process);
        requests = process.outputWriter(StandardCharsets.UTF_8);
        read(process.getInputStream(), answers::add);
        read(process.getErrorStream(), this::remember);
    }

    private interface Lines {
        void take(String line);
    }

    private static void read(InputStream stream, Lines lines) {
        Thread.ofPlatform().daemon().start(() -> {
            try (var in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    lines.take(line);
                }
            } catch (IOException e) {
                lines.take("(" + e.getMessage() + ")");
            }
            lines.take(END);
        });
    }

    private void remember(String line) {
        synchronized (lastWords) {
            if (!line.isBlank()) {
                lastWords.add(line);
            }
            if (lastWords.size() > REMEMBERED) {
                lastWords.remove();
            }
        }
    }

    Case.Work open(String caseName, Map<String, ?> args, int threads, double timeout) throws Failure {
        JsonNode answer = ask(Map.of("do", "open", "case", caseName, "args", args, "threads", threads), timeout);
        double work = answer.path("work").asDouble();
        if (!(work > 0)) {
            throw new Failure("expected the work of a run, a positive number; got " + answer);
        }
        return new Case.Work(work, answer.path("unit").asText());
    }

    double[] run(int times, double timeout) throws Failure {
        JsonNode seconds = ask(Map.of("do", "run", "times", times), timeout).path("seconds");
        if (seconds.size() != times) {
            throw new Failure("expected " + times + " times; got " + seconds.size());
        }
        double[] each = new double[times];
        for (int i = 0; i < times; i++) {
            each[i] = seconds.get(i).asDouble(-1);
            if (!(each[i] >= 0)) {
                throw new Failure("expected seconds; got " + seconds.get(i));
            }
        }
        return each;
    }

    long peak() throws Failure {
        return ask(Map.of("do", "peak"), 10).path("bytes").asLong();
    }

    void shut() throws Failure {
        ask(Map.of("do", "close"), 60);
    }

    private JsonNode ask(Map<String, ?> request, double timeout) throws Failure {
        try {
            requests.write(JSON.writeValueAsString(request));
            requests.write('\n');
            requests.flush();
        } catch (IOException e) {
            throw died();
        }
        String line = await(timeout);
        JsonNode answer;
        try {
            answer = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new Failure("answered with something else than JSON: " + line);
        }
        if (answer.has("ok") && !answer.path("ok").asBoolean()) {
            throw new Failure(answer.path("why").asText("gave no reason"));
        }
        return answer;
    }

    private String await(double timeout) throws Failure {
        String line;
        try {
            line = answers.poll((long) (timeout * 1000), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted");
        }
        if (line == null) {
            throw new Failure("no answer for " + Math.round(timeout) + " s");
        }
        if (line.equals(END)) {
            throw died();
        }
        return line;
    }

    private Failure died() {
        String code;
        try {
            code = process.waitFor(5, TimeUnit.SECONDS) ? "exit code " + process.exitValue() : "its output closed";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            code = "interrupted";
        }
        return new Failure("died (" + code + ")" + lastLine());
    }

    /// The last line of a Python or Java trace says most.
    private String lastLine() {
        synchronized (lastWords) {
            return lastWords.isEmpty() ? "" : ": " + lastWords.peekLast();
        }
    }

    /// Everything it said on standard error lately.
    String lastWords() {
        synchronized (lastWords) {
            return lastWords.stream().collect(Collectors.joining("\n"));
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        ALIVE.remove(process);
    }
}
