package io.torrefy.posttrain;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// The folders `checkpoints/step-000123`, each with a `manifest.json` that holds size and CRC-32C of every file,
/// and the file `checkpoints/latest` that names the newest. A checkpoint that does not match its manifest does not
/// count.
final class Checkpoints {
    private static final Pattern NAME = Pattern.compile("step-(\\d{6,18})");
    private static final String MANIFEST = "manifest.json";

    private final Path folder;

    Checkpoints(Path runFolder) {
        this.folder = runFolder.resolve("checkpoints");
    }

    /// Writes the checkpoint of `step`, points `latest` to it and deletes all but the `keep` newest.
    Checkpoint save(long step, int keep, AtomicFiles.FolderWriter writer) throws IOException {
        Files.createDirectories(folder);
        var target = folder.resolve(String.format(Locale.ROOT, "step-%06d", step));
        AtomicFiles.writeFolder(target, scratch -> {
            writer.write(scratch);
            Files.writeString(scratch.resolve(MANIFEST), manifest(scratch, step));
        });
        AtomicFiles.write(folder.resolve("latest"), (AtomicFiles.name(target) + "\n").getBytes(StandardCharsets.UTF_8));
        for (var old : newestFirst().stream()
                .filter(checkpoint -> checkpoint.step() != step)
                .skip(keep - 1L)
                .toList()) {
            AtomicFiles.delete(old.folder());
        }
        return new Checkpoint(step, target);
    }

    /// The newest checkpoint that is whole. Each newer one that is not is told to `skipped`, with what is wrong.
    Optional<Checkpoint> latest(Consumer<String> skipped) throws IOException {
        for (var checkpoint : newestFirst()) {
            var problem = problem(checkpoint);
            if (problem.isEmpty()) {
                return Optional.of(checkpoint);
            }
            skipped.accept("skipped " + checkpoint.folder() + ": " + problem.get());
        }
        return Optional.empty();
    }

    /// Puts damaged checkpoints beyond `step` out of the way, so that they are neither pruned for nor resumed from.
    void setAsideBeyond(long step) throws IOException {
        for (var checkpoint : newestFirst()) {
            if (checkpoint.step() > step) {
                setAside(checkpoint.folder());
            }
        }
    }

    private static void setAside(Path damaged) throws IOException {
        for (int n = 1; ; n++) {
            var aside = damaged.resolveSibling("damaged-" + n + "-" + AtomicFiles.name(damaged));
            if (!Files.exists(aside)) {
                Files.move(damaged, aside, StandardCopyOption.ATOMIC_MOVE);
                return;
            }
        }
    }

    void sweep() throws IOException {
        AtomicFiles.sweep(folder);
    }

    boolean isEmpty() throws IOException {
        return newestFirst().isEmpty();
    }

    private List<Checkpoint> newestFirst() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        var found = new ArrayList<Checkpoint>();
        try (var entries = Files.list(folder)) {
            entries.filter(Files::isDirectory).forEach(entry -> {
                var name = NAME.matcher(AtomicFiles.name(entry));
                if (name.matches()) {
                    found.add(new Checkpoint(Long.parseLong(name.group(1)), entry));
                }
            });
        }
        found.sort(Comparator.comparingLong(Checkpoint::step).reversed());
        return found;
    }

    private static String manifest(Path root, long step) throws IOException {
        var manifest = RunJson.MAPPER.createObjectNode().put("format", 1).put("step", step);
        var files = manifest.putArray("files");
        for (var file : AtomicFiles.filesBelow(root)) {
            var name = root.relativize(file).toString().replace('\\', '/');
            if (name.equals(MANIFEST)) {
                throw new FileAlreadyExistsException(name, null, "the name is the checkpoint's own");
            }
            files.addObject().put("name", name).put("bytes", Files.size(file)).put("crc32c", crc32c(file));
        }
        return RunJson.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n";
    }

    /// What is wrong with a checkpoint; empty where it is whole.
    private static Optional<String> problem(Checkpoint checkpoint) throws IOException {
        var file = checkpoint.folder().resolve(MANIFEST);
        if (!Files.isRegularFile(file)) {
            return Optional.of("it has no " + MANIFEST);
        }
        JsonNode manifest;
        try {
            manifest = RunJson.MAPPER.readTree(Files.readAllBytes(file));
        } catch (JacksonException e) {
            return Optional.of(MANIFEST + " is damaged (" + e.getOriginalMessage() + ")");
        }
        if (manifest.path("format").asInt() != 1
                || manifest.path("step").asLong(-1) != checkpoint.step()
                || !manifest.path("files").isArray()) {
            return Optional.of(MANIFEST + " is damaged");
        }
        for (var entry : manifest.path("files")) {
            var problem = problem(checkpoint.folder(), entry);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problem(Path root, JsonNode entry) throws IOException {
        var name = entry.path("name").asText();
        var file = root.resolve(name);
        if (!Files.isRegularFile(file)) {
            return Optional.of(name + " is missing");
        }
        long expected = entry.path("bytes").asLong(-1);
        if (Files.size(file) != expected) {
            return Optional.of(name + " has " + Files.size(file) + " bytes instead of " + expected);
        }
        return crc32c(file).equals(entry.path("crc32c").asText())
                ? Optional.empty()
                : Optional.of(name + " does not match its checksum");
    }

    private static String crc32c(Path file) throws IOException {
        var crc = new CRC32C();
        var buffer = ByteBuffer.allocate(1 << 16);
        try (var channel = FileChannel.open(file)) {
            while (channel.read(buffer.clear()) >= 0) {
                crc.update(buffer.flip());
            }
        }
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
