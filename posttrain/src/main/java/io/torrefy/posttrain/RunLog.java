package io.torrefy.posttrain;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.torrefy.data.EventFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Takes the logs of a killed run back to the step of its checkpoint, so that the resumed run writes on as if it
/// had never been interrupted. Each file is replaced atomically; bytes that are kept are kept as they are.
final class RunLog {
    private RunLog() {}

    /// Drops the lines of `file` beyond `lastStep` and those that are no JSON, as a kill leaves one. Where a line's
    /// `elapsed` is kept, the last of them is returned, else 0.
    static double takeBack(Path file, long lastStep) throws IOException {
        if (!Files.isRegularFile(file)) {
            return 0;
        }
        var bytes = Files.readAllBytes(file);
        var kept = new ByteArrayOutputStream(bytes.length);
        double elapsed = 0;
        for (int start = 0, end; start < bytes.length; start = end) {
            end = endOfLine(bytes, start);
            var line = line(Arrays.copyOfRange(bytes, start, end));
            if (bytes[end - 1] == '\n' && line.path("step").asLong(Long.MAX_VALUE) <= lastStep) {
                kept.write(bytes, start, end - start);
                elapsed = line.path("elapsed").asDouble(elapsed);
            }
        }
        if (kept.size() < bytes.length) {
            AtomicFiles.write(file, kept.toByteArray());
        }
        return elapsed;
    }

    private static int endOfLine(byte[] bytes, int start) {
        int end = start;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        return Math.min(end + 1, bytes.length);
    }

    private static JsonNode line(byte[] bytes) throws IOException {
        try {
            return RunJson.MAPPER.readTree(bytes);
        } catch (JacksonException _) {
            return MissingNode.getInstance();
        }
    }

    /// Drops the events beyond `lastStep` from the event files of `folder`; a file left without any goes.
    static void takeBackEvents(Path folder, long lastStep) throws IOException {
        for (var file : EventFiles.files(folder)) {
            var kept = EventFiles.through(file, lastStep);
            if (kept.length == 0) {
                Files.delete(file);
            } else if (kept.length < Files.size(file)) {
                AtomicFiles.write(file, kept);
            }
        }
    }
}
