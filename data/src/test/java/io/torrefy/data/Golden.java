package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/// What TensorFlow 2.21 computed: the golden values of the specification, and files that
/// `bench/peers/tfrecord_exchange.py samples` wrote.
final class Golden {
    private Golden() {}

    static JsonNode root() throws IOException {
        return json("tf-data-golden.json");
    }

    static JsonNode json(String name) throws IOException {
        return JsonLines.MAPPER.readTree(file(name).toFile());
    }

    static Path file(String name) throws IOException {
        try {
            return Path.of(Objects.requireNonNull(Golden.class.getResource("/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }
}
