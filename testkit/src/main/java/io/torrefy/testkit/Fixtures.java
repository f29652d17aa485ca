package io.torrefy.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The folder of golden values: `manifest.json` and the files it lists. `-Dtorrefy.fixtures=DIR` names it; otherwise it
/// is the folder `fixtures` of the working directory or of one of its parents.
public final class Fixtures {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final List<Fixture> all;

    private Fixtures(Path folder, List<Fixture> all) {
        this.folder = folder;
        this.all = List.copyOf(all);
    }

    /// Opens the folder of this run.
    public static Fixtures open() {
        return open(find());
    }

    /// The project's own folder, whichever one this run reads: for values that other folders of the format lack.
    public static Path own() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path candidate = at.resolve("fixtures");
            if (Files.exists(candidate.resolve("manifest.json"))) {
                return candidate;
            }
        }
        throw new IllegalStateException(
                "[fixtures] expected a folder `fixtures` here or above. Hint: set -Dtorrefy.fixtures=DIR");
    }

    /// Opens any folder of the format.
    ///
    /// @throws UncheckedIOException if the manifest cannot be read
    public static Fixtures open(Path folder) {
        try {
            JsonNode manifest = JSON.readTree(Files.readAllBytes(folder.resolve("manifest.json")));
            List<Fixture> all = new ArrayList<>();
            for (JsonNode node : manifest.path("cases")) {
                all.add(fixture(folder, node));
            }
            return new Fixtures(folder, all);
        } catch (IOException e) {
            throw new UncheckedIOException("[fixtures] cannot read " + folder.resolve("manifest.json"), e);
        }
    }

    /// The folder.
    public Path folder() {
        return folder;
    }

    /// Every case, in the manifest's order.
    public List<Fixture> all() {
        return all;
    }

    /// The cases of one kind (`op`, `optim`, `schedule`, `causal_lm`, ...), in order.
    public List<Fixture> ofKind(String kind) {
        return all.stream().filter(f -> f.kind().equals(kind)).toList();
    }

    /// The `op` cases whose `settings.op` is the given name.
    public List<Fixture> ops(String op) {
        return ofKind("op").stream()
                .filter(f -> f.settings().path("op").asText().equals(op))
                .toList();
    }

    /// The case of a kind and name.
    ///
    /// @throws IllegalArgumentException if there is none
    public Fixture get(String kind, String name) {
        return ofKind(kind).stream()
                .filter(f -> f.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "[fixtures] expected a case " + kind + "/" + name + " in " + folder));
    }

    /// A JSON file beside the tensors (`io.json`, `cases.json`, `config.json`).
    ///
    /// @throws UncheckedIOException if it cannot be read
    public static JsonNode json(Path file) {
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException("[fixtures] cannot read " + file, e);
        }
    }

    private static Fixture fixture(Path folder, JsonNode node) {
        List<String> files = new ArrayList<>();
        node.path("files").forEach(f -> files.add(f.asText()));
        return new Fixture(
                folder,
                node.path("kind").asText(),
                node.path("name").asText(),
                List.copyOf(files),
                node.path("settings"),
                node.path("tolerance"),
                node.path("prefix").asText(""),
                node.path("expected"));
    }

    private static Path find() {
        String property = System.getProperty("torrefy.fixtures", "");
        if (!property.isBlank()) {
            return Path.of(property);
        }
        return own();
    }
}
