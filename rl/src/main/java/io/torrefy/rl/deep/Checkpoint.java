package io.torrefy.rl.deep;

import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// Named arrays and tensors on their way to a file and back: a safetensors file, whose metadata say what made it. Its
/// tensors belong to the scope that is open.
final class Checkpoint {
    private final SequencedMap<String, Tensor> tensors;

    Checkpoint() {
        this(new LinkedHashMap<>());
    }

    private Checkpoint(SequencedMap<String, Tensor> tensors) {
        this.tensors = tensors;
    }

    void put(String name, Tensor value) {
        tensors.put(name, value);
    }

    void put(String name, float[] values) {
        put(name, Tensor.of(values));
    }

    void put(String name, double[] values) {
        put(name, Tensor.of(values));
    }

    void put(String name, long[] values) {
        put(name, Tensor.of(values));
    }

    void put(String prefix, Map<String, Tensor> values) {
        values.forEach((name, value) -> put(prefix + "." + name, value));
    }

    private Tensor tensor(String name) {
        Tensor value = tensors.get(name);
        if (value == null) {
            throw new IllegalArgumentException("[load] expected a checkpoint with '" + name + "'; got none.");
        }
        return value;
    }

    float[] floats(String name) {
        return tensor(name).toFloats();
    }

    void get(String name, float[] into) {
        float[] values = floats(name);
        sameLength(name, values.length, into.length);
        System.arraycopy(values, 0, into, 0, into.length);
    }

    void get(String name, double[] into) {
        double[] values = tensor(name).toDoubles();
        sameLength(name, values.length, into.length);
        System.arraycopy(values, 0, into, 0, into.length);
    }

    void get(String name, long[] into) {
        long[] values = tensor(name).toLongs();
        sameLength(name, values.length, into.length);
        System.arraycopy(values, 0, into, 0, into.length);
    }

    private static void sameLength(String name, int got, int wanted) {
        if (got != wanted) {
            throw new IllegalArgumentException("[load] expected " + wanted + " numbers in '" + name + "'; got " + got
                    + ". Hint: the number of environments and the buffer's size must be those of the saved run.");
        }
    }

    /// Everything below a prefix, without it.
    SequencedMap<String, Tensor> below(String prefix) {
        SequencedMap<String, Tensor> found = new LinkedHashMap<>();
        tensors.forEach((name, value) -> {
            if (name.startsWith(prefix + ".")) {
                found.put(name.substring(prefix.length() + 1), value);
            }
        });
        return found;
    }

    void write(Path file, Map<String, String> metadata) throws IOException {
        Safetensors.write(file, tensors, metadata);
    }

    /// Call it in a [io.torrefy.tensor.Scope].
    ///
    /// @throws IllegalArgumentException if the metadata are others
    static Checkpoint read(Path file, Map<String, String> metadata) throws IOException {
        Map<String, String> found = Safetensors.metadata(file);
        metadata.forEach((key, wanted) -> {
            String got = found.getOrDefault(key, "nothing");
            if (!got.equals(wanted)) {
                throw new IllegalArgumentException("[load] expected the " + key + " of the saved run; got " + wanted
                        + " where " + file + " has " + got + ".");
            }
        });
        return new Checkpoint(Safetensors.read(file));
    }
}
