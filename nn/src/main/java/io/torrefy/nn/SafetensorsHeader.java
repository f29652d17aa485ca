package io.torrefy.nn;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The JSON header of a safetensors file: what lies where. Nothing of it is believed before it is checked against the
/// size of the file.
///
/// @param tensors in the header's order
/// @param metadata the strings under `__metadata__`
record SafetensorsHeader(SequencedMap<String, Entry> tensors, SequencedMap<String, String> metadata) {
    /// The reference implementation's limit.
    static final long MAX_BYTES = 100_000_000;

    static final JsonFactory JSON = new JsonFactory();

    private static final String METADATA = "__metadata__";

    /// @param begin first byte, counted from the end of the header
    /// @param end one past the last byte
    record Entry(DType dtype, long[] shape, long begin, long end) {
        long bytes() {
            return end - begin;
        }
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /// Parses and checks a header.
    ///
    /// @param dataBytes size of the file without the length field and the header
    static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) {
        SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
        SequencedMap<String, String> metadata = new LinkedHashMap<>();
        boolean sawMetadata = false;
        try (JsonParser in = JSON.createParser(utf8(file, json))) {
            expect(file, "", in, in.nextToken(), JsonToken.START_OBJECT);
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                if (name.equals(METADATA)) {
                    if (sawMetadata) {
                        throw new SafetensorsException(file, "", "expected " + METADATA + " once; got it twice");
                    }
                    sawMetadata = true;
                    strings(file, in, metadata);
                } else if (tensors.put(name, entry(file, name, in)) != null) {
                    throw new SafetensorsException(file, name, "expected each name once; got it twice");
                }
            }
            JsonToken after = in.nextToken();
            if (after != null) {
                throw new SafetensorsException(file, "", "expected nothing after the header's object; got " + after);
            }
        } catch (JsonProcessingException e) {
            throw new SafetensorsException(
                    file, "", "expected a JSON header; got something else (" + e.getOriginalMessage() + ")");
        } catch (IOException e) {
            throw new SafetensorsException(file, "", "expected a JSON header; got " + e.getMessage());
        }
        checkLayout(file, tensors, dataBytes);
        return new SafetensorsHeader(tensors, metadata);
    }

    private static String utf8(Path file, byte[] json) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json))
                    .toString();
        } catch (CharacterCodingException _) {
            throw new SafetensorsException(file, "", "expected a header in UTF-8; got other bytes");
        }
    }

    private static void expect(Path file, String tensor, JsonParser in, JsonToken got, JsonToken wanted)
            throws IOException {
        if (got != wanted) {
            throw new SafetensorsException(
                    file,
                    tensor,
                    "expected " + wanted + " in the header at byte "
                            + in.currentTokenLocation().getCharOffset() + "; got " + got);
        }
    }

    /// A JSON object of strings, from the token before it.
    static void strings(Path file, JsonParser in, Map<String, String> target) throws IOException {
        expect(file, "", in, in.nextToken(), JsonToken.START_OBJECT);
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String key = in.currentName();
            expect(file, "", in, in.nextToken(), JsonToken.VALUE_STRING);
            if (target.put(key, in.getText()) != null) {
                throw new SafetensorsException(file, "", "expected \"" + key + "\" once; got it twice");
            }
        }
    }

    private static Entry entry(Path file, String name, JsonParser in) throws IOException {
        expect(file, name, in, in.nextToken(), JsonToken.START_OBJECT);
        String dtype = "";
        long[] shape = {-1};
        long[] offsets = {};
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String field = in.currentName();
            switch (field) {
                case "dtype" -> {
                    expect(file, name, in, in.nextToken(), JsonToken.VALUE_STRING);
                    dtype = in.getText();
                }
                case "shape" -> shape = sizes(file, name, in);
                case "data_offsets" -> offsets = sizes(file, name, in);
                default ->
                    throw new SafetensorsException(
                            file, name, "expected dtype, shape and data_offsets; got the field \"" + field + "\"");
            }
        }
        if (dtype.isEmpty() || offsets.length != 2 || shape.length == 1 && shape[0] < 0) {
            throw new SafetensorsException(
                    file,
                    name,
                    "expected dtype, shape and two data_offsets; got dtype \"" + dtype + "\", "
                            + (shape.length == 1 && shape[0] < 0 ? "no shape" : "shape " + Arrays.toString(shape))
                            + ", data_offsets " + Arrays.toString(offsets));
        }
        return new Entry(type(file, name, dtype), shape, offsets[0], offsets[1]);
    }

    private static DType type(Path file, String name, String dtype) {
        for (DType type : DType.values()) {
            if (type.name().equals(dtype)) {
                return type;
            }
        }
        throw new SafetensorsException(
                file,
                name,
                "expected one of the dtypes " + Arrays.toString(DType.values()) + "; got \"" + dtype + "\"");
    }

    private static long[] sizes(Path file, String name, JsonParser in) throws IOException {
        expect(file, name, in, in.nextToken(), JsonToken.START_ARRAY);
        List<Long> values = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            expect(file, name, in, in.currentToken(), JsonToken.VALUE_NUMBER_INT);
            boolean fits = in.getNumberType() != JsonParser.NumberType.BIG_INTEGER && in.getLongValue() >= 0;
            if (!fits) {
                throw new SafetensorsException(
                        file, name, "expected sizes and offsets from 0 to 2^63 - 1; got " + in.getText());
            }
            values.add(in.getLongValue());
        }
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    /// Every byte of the data belongs to exactly one tensor, as the format asks.
    private static void checkLayout(Path file, SequencedMap<String, Entry> tensors, long dataBytes) {
        tensors.forEach((name, e) -> {
            if (e.begin > e.end || e.end > dataBytes) {
                throw new SafetensorsException(
                        file,
                        name,
                        "expected data_offsets within the " + dataBytes + " bytes of data; got [" + e.begin + ", "
                                + e.end + "]. Hint: the file may be truncated: fetch it again.");
            }
            if (e.bytes() != bytes(file, name, e.dtype, e.shape)) {
                throw new SafetensorsException(
                        file,
                        name,
                        "expected " + bytes(file, name, e.dtype, e.shape) + " bytes for " + e.dtype
                                + Arrays.toString(e.shape) + "; got data_offsets of " + e.bytes() + " bytes");
            }
        });
        List<String> order = new ArrayList<>(tensors.keySet());
        order.sort(Comparator.<String>comparingLong(n -> entry(tensors, n).begin)
                .thenComparingLong(n -> entry(tensors, n).end));
        long at = 0;
        String before = "";
        for (String name : order) {
            Entry e = entry(tensors, name);
            if (e.begin < at) {
                throw new SafetensorsException(
                        file,
                        name,
                        "expected data of its own; got bytes from " + e.begin + " that overlap \"" + before
                                + "\", which ends at " + at);
            }
            if (e.begin > at) {
                throw new SafetensorsException(
                        file, name, "expected its data right after the one before, at " + at + "; got " + e.begin);
            }
            at = e.end;
            before = name;
        }
        if (at != dataBytes) {
            throw new SafetensorsException(
                    file, "", "expected " + at + " bytes of data after the header; got " + dataBytes);
        }
    }

    private static Entry entry(Map<String, Entry> tensors, String name) {
        Entry entry = tensors.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("[safetensors] no tensor " + name);
        }
        return entry;
    }

    private static long bytes(Path file, String name, DType dtype, long[] shape) {
        long bytes = dtype.bytes();
        try {
            for (long size : shape) {
                bytes = Math.multiplyExact(bytes, size);
            }
            return bytes;
        } catch (ArithmeticException _) {
            throw new SafetensorsException(
                    file, name, "expected a shape that fits into memory; got " + Arrays.toString(shape));
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /// Lays tensors out. Wide elements come first, so that all are aligned; the header keeps the map's order.
    static SafetensorsHeader of(SequencedMap<String, Tensor> tensors, SequencedMap<String, String> metadata) {
        if (tensors.containsKey(METADATA)) {
            throw new IllegalArgumentException("[safetensors] expected tensor names; got the reserved " + METADATA);
        }
        SequencedMap<String, Entry> entries = new LinkedHashMap<>();
        tensors.forEach((name, t) -> entries.put(name, new Entry(t.dtype(), t.shape(), 0, 0)));
        List<Map.Entry<String, Tensor>> order = new ArrayList<>(tensors.entrySet());
        order.sort(Comparator.comparingInt(e -> -e.getValue().dtype().bytes()));
        long at = 0;
        for (var e : order) {
            Tensor t = e.getValue();
            long end = at + t.count() * t.dtype().bytes();
            entries.put(e.getKey(), new Entry(t.dtype(), t.shape(), at, end));
            at = end;
        }
        return new SafetensorsHeader(entries, metadata);
    }

    /// The names in the order of their data.
    List<String> dataOrder() {
        List<String> order = new ArrayList<>(tensors.keySet());
        order.sort(Comparator.<String>comparingLong(n -> entry(tensors, n).begin)
                .thenComparingLong(n -> entry(tensors, n).end));
        return order;
    }

    /// JSON, filled up with spaces to a multiple of eight bytes.
    byte[] json() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            if (!metadata.isEmpty()) {
                out.writeObjectFieldStart(METADATA);
                for (var e : metadata.entrySet()) {
                    out.writeStringField(e.getKey(), e.getValue());
                }
                out.writeEndObject();
            }
            for (var e : tensors.entrySet()) {
                out.writeObjectFieldStart(e.getKey());
                out.writeStringField("dtype", e.getValue().dtype.name());
                array(out, "shape", e.getValue().shape);
                array(out, "data_offsets", e.getValue().begin, e.getValue().end);
                out.writeEndObject();
            }
            out.writeEndObject();
        }
        while (bytes.size() % 8 != 0) {
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }

    private static void array(JsonGenerator out, String field, long... values) throws IOException {
        out.writeFieldName(field);
        out.writeArray(values, 0, values.length);
    }
}
