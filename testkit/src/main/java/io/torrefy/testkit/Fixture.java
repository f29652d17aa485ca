package io.torrefy.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One case of the manifest.
///
/// @param folder the fixture folder that holds the files
/// @param files relative to `folder`
/// @param settings hyper-parameters in the reference library's names; a missing node if there are none
/// @param tolerances as the manifest has it: a pair, or pairs by key
/// @param prefix prefix of this case's tensors inside a shared file, or empty
/// @param expected scalar metrics by name; a missing node if there are none
public record Fixture(
        Path folder,
        String kind,
        String name,
        List<String> files,
        JsonNode settings,
        JsonNode tolerances,
        String prefix,
        JsonNode expected) {

    /// The tolerance of a case that has one pair.
    public Tolerance tolerance() {
        return Tolerance.of(tolerances);
    }

    /// The tolerance under a sub-key (`logits`, `grad`, ...).
    public Tolerance tolerance(String key) {
        return Tolerance.of(tolerances.path(key));
    }

    /// The path of the first file whose name ends so.
    ///
    /// @throws IllegalArgumentException if the case has none
    public Path file(String suffix) {
        return files.stream()
                .filter(f -> f.endsWith(suffix))
                .findFirst()
                .map(folder::resolve)
                .orElseThrow(() -> new IllegalArgumentException(
                        "[fixture] expected a file that ends in " + suffix + "; " + name + " has " + files));
    }

    /// All tensors of the case's only safetensors file, or of `io.safetensors` where there are several.
    public Map<String, Golden> tensors() {
        long count = files.stream().filter(f -> f.endsWith(".safetensors")).count();
        return Safetensors.read(file(count > 1 ? "io.safetensors" : ".safetensors"));
    }

    /// The tensors under this case's prefix, which is cut off, with the file's shared tensors beside them (those
    /// without any prefix: `in.*`).
    public Map<String, Golden> ownTensors() {
        if (prefix.isEmpty()) {
            return tensors();
        }
        Map<String, Golden> own = new LinkedHashMap<>();
        tensors().forEach((key, golden) -> {
            if (key.startsWith(prefix + "/")) {
                own.put(key.substring(prefix.length() + 1), golden);
            } else if (!key.contains("/")) {
                own.putIfAbsent(key, golden);
            }
        });
        return own;
    }

    /// Shows as `kind/name` in parameterised tests.
    @Override
    public String toString() {
        return kind + "/" + name;
    }
}
