package io.torrefy.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.tensor.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The process that one contender runs in. It is told what to do over standard input and answers on standard output,
/// one JSON object a line:
///
/// | asked | answer |
/// | --- | --- |
/// | `{"do":"open","case":"attention","args":{...},"threads":2}` | `{"ok":true,"work":4.3e9,"unit":"flops"}` |
/// | `{"do":"run","times":20}` | `{"ok":true,"seconds":[...]}`, one number a run |
/// | `{"do":"peak"}` | `{"ok":true,"bytes":...}`, the process's greatest resident memory so far |
/// | `{"do":"close"}` | `{"ok":true}` |
///
/// An answer `{"ok":false,"why":"..."}` says what failed; the worker lives on. It ends with its input.
/// `bench/peers/worker.py` speaks the same.
public final class Worker {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Function<String, Case.Opener> cases;
    private @Nullable Case open;

    Worker(Function<String, Case.Opener> cases) {
        this.cases = cases;
    }

    public static void main(String[] args) throws IOException {
        PrintStream answers = System.out;
        // What a library prints must not come between the answers.
        System.setOut(System.err);
        var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var worker = new Worker(Cases::named);
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(worker.answer(line));
            answers.flush();
        }
        System.exit(0);
    }

    /// The answer to one request. Whatever goes wrong is part of it.
    String answer(String request) {
        ObjectNode answer = JSON.createObjectNode();
        try {
            JsonNode asked = JSON.readTree(request);
            String what = asked.path("do").asText();
            answer.put("ok", true);
            switch (what) {
                case "open" -> open(asked, answer);
                case "run" -> run(asked.path("times").asInt(1), answer);
                case "peak" -> answer.put("bytes", peak());
                case "close" -> close();
                default ->
                    throw new IllegalArgumentException(
                            "[worker] expected open, run, peak or close; got '" + what + "'");
            }
        } catch (Throwable t) {
            // Errors too: out of memory in one contender is a line of the table, not the end of it.
            t.printStackTrace();
            answer.removeAll();
            answer.put("ok", false).put("why", t.getMessage() == null ? t.toString() : t.getMessage());
        }
        return answer.toString();
    }

    private void open(JsonNode asked, ObjectNode answer) throws Exception {
        close();
        int threads = asked.path("threads").asInt(1);
        Threads.use(threads);
        open = cases.apply(asked.path("case").asText()).open(asked.path("args"), threads);
        Case.Work work = open.work();
        answer.put("work", work.amount()).put("unit", work.unit());
    }

    private void run(int times, ObjectNode answer) throws Exception {
        Case mine = open;
        if (mine == null) {
            throw new IllegalStateException("[worker] expected an open case; got run before open");
        }
        ArrayNode seconds = answer.putArray("seconds");
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            mine.run();
            seconds.add((System.nanoTime() - start) / 1e9);
        }
    }

    private void close() {
        Case mine = open;
        open = null;
        if (mine != null) {
            mine.close();
        }
    }

    /// `VmHWM` of Linux: what `/usr/bin/time -v` calls the maximum resident set size.
    private static long peak() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            throw new IOException("[worker] peak memory is known on Linux only: there is no " + status);
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("[worker] expected a line VmHWM in " + status);
    }
}
