package io.torrefy.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// The runs so far, a line of JSON each: `bench/history.jsonl`.
///
/// @param runs in the order of the file
/// @param damaged a sentence on every line that is no run; they are skipped, and stay in the file
record History(List<Run> runs, List<String> damaged) {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final int SHOWN = 40;

    /// What the file holds; nothing where there is none.
    static History read(Path file) throws IOException {
        var runs = new ArrayList<Run>();
        var damaged = new ArrayList<String>();
        if (Files.exists(file)) {
            // Not Files.readAllLines: a byte that is no UTF-8 spoils a line, not the file.
            String[] lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\n");
            for (int i = 0; i < lines.length; i++) {
                if (!lines[i].isBlank()) {
                    read(file, i + 1, lines[i], runs, damaged);
                }
            }
        }
        return new History(List.copyOf(runs), List.copyOf(damaged));
    }

    private static void read(Path file, int number, String line, List<Run> runs, List<String> damaged) {
        try {
            Run run = JSON.readValue(line, Run.class);
            if (run != null) {
                runs.add(run);
                return;
            }
        } catch (JsonProcessingException e) {
            // Said below, with what the line is.
        }
        String shown = line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
        damaged.add("[history] expected a run in line " + number + " of " + file + "; got '" + shown
                + "'. The line is skipped and stays.");
    }

    /// A run as its line, without the line's end.
    static String line(Run run) {
        try {
            return JSON.writeValueAsString(run);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("[history] " + e.getMessage(), e);
        }
    }

    /// Adds a line, whole or not at all, also when the process is killed and when another run ends at the same
    /// time.
    static synchronized void append(Path file, Run run) throws IOException {
        Path real = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path folder = real.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        byte[] line = (line(run) + "\n").getBytes(StandardCharsets.UTF_8);
        boolean done = false;
        while (!done) {
            done = append(real, line);
        }
    }

    /// Writes a new file beside the old one and puts it in its place.
    ///
    /// @return false if somebody else did so while this waited for the lock
    private static boolean append(Path file, byte[] line) throws IOException {
        try (FileChannel held = FileChannel.open(
                        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock _ = held.lock()) {
            // The lock may be of a file that is no more under this name: then the one that is has grown.
            if (held.size() != Files.size(file)) {
                return false;
            }
            // Read through the locked channel: to close another one of the same file would give up the lock (POSIX).
            var before = ByteBuffer.allocate(Math.toIntExact(held.size()));
            while (before.hasRemaining() && held.read(before) >= 0) {}
            before.flip();
            boolean halfLine = before.hasRemaining() && before.get(before.limit() - 1) != '\n';
            Path fresh = file.resolveSibling(file.getFileName() + ".new");
            try (FileChannel out = FileChannel.open(
                    fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                write(out, before);
                if (halfLine) {
                    write(out, ByteBuffer.wrap(new byte[] {'\n'}));
                }
                write(out, ByteBuffer.wrap(line));
                out.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return true;
        }
    }

    private static void write(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
