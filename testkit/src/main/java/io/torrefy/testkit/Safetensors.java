package io.torrefy.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// A reader for small safetensors files, kept apart from the product's own so that each can check the other. Format:
/// u64 little-endian header length, JSON header, data.
public final class Safetensors {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Safetensors() {}

    /// All tensors of a file by name, sorted.
    ///
    /// @throws UncheckedIOException if the file cannot be read
    public static Map<String, Golden> read(Path file) {
        try {
            return parse(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException("[safetensors] cannot read " + file, e);
        }
    }

    static Map<String, Golden> parse(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(buffer.getLong(0));
        JsonNode tensors = JSON.readTree(bytes, 8, header);
        ByteBuffer data = buffer.slice(8 + header, bytes.length - 8 - header).order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Golden> out = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : tensors.properties()) {
            if (!entry.getKey().equals("__metadata__")) {
                out.put(entry.getKey(), tensor(entry.getKey(), entry.getValue(), data));
            }
        }
        return out;
    }

    private static Golden tensor(String name, JsonNode node, ByteBuffer data) {
        String dtype = node.get("dtype").asText();
        JsonNode dims = node.get("shape");
        long[] shape = new long[dims.size()];
        int count = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = dims.get(i).asLong();
            count = Math.toIntExact(count * shape[i]);
        }
        int from = node.get("data_offsets").get(0).asInt();
        int to = node.get("data_offsets").get(1).asInt();
        if (to - from != (long) count * width(dtype)) {
            throw new IllegalArgumentException("[safetensors] " + name + " expected " + (long) count * width(dtype)
                    + " bytes; got " + (to - from));
        }
        ByteBuffer part = data.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN);
        return new Golden(name, dtype, shape, values(dtype, count, part));
    }

    private static int width(String dtype) {
        return switch (dtype) {
            case "F64", "I64" -> 8;
            case "F32", "I32" -> 4;
            case "F16", "BF16" -> 2;
            case "U8", "BOOL" -> 1;
            default -> throw new IllegalArgumentException("[safetensors] unknown dtype " + dtype);
        };
    }

    private static Object values(String dtype, int count, ByteBuffer part) {
        return switch (dtype) {
            case "F32", "F16", "BF16" -> {
                float[] out = new float[count];
                for (int i = 0; i < count; i++) {
                    out[i] = switch (dtype) {
                        case "F32" -> part.getFloat(4 * i);
                        case "F16" -> Float.float16ToFloat(part.getShort(2 * i));
                        default -> Float.intBitsToFloat(part.getShort(2 * i) << 16);
                    };
                }
                yield out;
            }
            case "F64" -> {
                double[] out = new double[count];
                part.asDoubleBuffer().get(out);
                yield out;
            }
            default -> {
                long[] out = new long[count];
                for (int i = 0; i < count; i++) {
                    out[i] = switch (dtype) {
                        case "I64" -> part.getLong(8 * i);
                        case "I32" -> part.getInt(4 * i);
                        default -> part.get(i) & 0xff;
                    };
                }
                yield out;
            }
        };
    }
}
