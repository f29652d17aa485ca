package io.torrefy.nn;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.torrefy.export.Export;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.RawData;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// Checkpoints in the safetensors format (github.com/huggingface/safetensors): a length, a JSON header, raw data.
/// Element types are those of [DType] under the format's names. What is read comes kept ([Tensor#keep()]).
@Export(value = "nn.Safetensors", since = "0.1", members = "nn.safetensors")
public final class Safetensors {
    /// A checkpoint in one file.
    public static final String SINGLE = "model.safetensors";

    /// What says which file of a checkpoint in several has which tensor.
    public static final String INDEX = "model.safetensors.index.json";

    private static final long CHUNK = 1 << 26;

    private Safetensors() {}

    // ---- reading ---------------------------------------------------------------------------------------------------

    /// All tensors of a file in its header's order, copied into memory of their own.
    ///
    /// @throws SafetensorsException if the file is not what the format promises
    public static SequencedMap<String, Tensor> read(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return read(file, arena, false);
        }
    }

    /// All tensors of a file without a copy: pages come from the file when they are first used, and writing to a
    /// tensor changes memory only, not the file. A tensor that the file does not align is copied, and all are where
    /// this process may not write to the file. The file must not be shortened or changed in place while the tensors
    /// live ([#write] replaces files, which is harmless).
    ///
    /// @throws SafetensorsException if the file is not what the format promises
    public static SequencedMap<String, Tensor> map(Path file) throws IOException {
        // A private mapping is copied on write, for which the system wants a channel that could write.
        if (!Files.isWritable(file)) {
            return read(file);
        }
        // The mapping outlives the channel and goes with the last tensor that refers to it.
        return read(file, Arena.ofAuto(), true);
    }

    /// The strings under `__metadata__`.
    public static SequencedMap<String, String> metadata(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return header(file, channel).metadata();
        }
    }

    /// The tensors of a Hugging Face model folder: of `model.safetensors`, or else of all files that
    /// `model.safetensors.index.json` names.
    ///
    /// @throws SafetensorsException if neither is there, a shard is missing, or a tensor is not in the shard that
    ///     the index names
    public static SequencedMap<String, Tensor> readSharded(Path folder) throws IOException {
        Path single = folder.resolve(SINGLE);
        if (Files.exists(single)) {
            return read(single);
        }
        Path index = folder.resolve(INDEX);
        if (!Files.exists(index)) {
            throw new SafetensorsException(
                    folder, "", "expected " + SINGLE + " or " + INDEX + " in this folder; got neither");
        }
        Map<String, String> shardOf = weightMap(index);
        Map<String, Map<String, Tensor>> shards = new TreeMap<>();
        boolean done = false;
        try {
            for (String shard : checkShards(folder, shardOf)) {
                shards.put(shard, read(folder.resolve(shard)));
            }
            SequencedMap<String, Tensor> result = new LinkedHashMap<>();
            for (var e : shardOf.entrySet()) {
                Tensor tensor = shards.getOrDefault(e.getValue(), Map.of()).remove(e.getKey());
                if (tensor == null) {
                    throw new SafetensorsException(
                            folder.resolve(e.getValue()), e.getKey(), "expected here by " + INDEX + "; not found");
                }
                result.put(e.getKey(), tensor);
            }
            // What the index does not list, such as a duplicate of what it has elsewhere, gives way.
            shards.values().forEach(rest -> rest.values().forEach(Tensor::close));
            done = true;
            return result;
        } finally {
            if (!done) {
                shards.values().forEach(rest -> rest.values().forEach(Tensor::close));
            }
        }
    }

    private static TreeSet<String> checkShards(Path folder, Map<String, String> shardOf) {
        TreeSet<String> shards = new TreeSet<>(shardOf.values());
        List<String> missing = new ArrayList<>();
        for (String shard : shards) {
            if (!Path.of(shard).equals(Path.of(shard).getFileName())) {
                throw new SafetensorsException(
                        folder.resolve(INDEX), "", "expected names of files in the same folder; got \"" + shard + "\"");
            }
            if (!Files.exists(folder.resolve(shard))) {
                missing.add(shard);
            }
        }
        if (!missing.isEmpty()) {
            throw new SafetensorsException(
                    folder,
                    "",
                    "expected the " + shards.size() + " shards that " + INDEX + " names; missing "
                            + String.join(", ", missing) + ". Hint: the download or copy may be incomplete.");
        }
        return shards;
    }

    private static SequencedMap<String, String> weightMap(Path index) throws IOException {
        SequencedMap<String, String> map = new LinkedHashMap<>();
        try (JsonParser in = SafetensorsHeader.JSON.createParser(Files.readAllBytes(index))) {
            if (in.nextToken() == JsonToken.START_OBJECT) {
                while (in.nextToken() == JsonToken.FIELD_NAME) {
                    if (in.currentName().equals("weight_map")) {
                        SafetensorsHeader.strings(index, in, map);
                    } else {
                        in.nextToken();
                        in.skipChildren();
                    }
                }
            }
        } catch (JsonProcessingException e) {
            throw new SafetensorsException(
                    index, "", "expected JSON; got something else (" + e.getOriginalMessage() + ")");
        }
        if (map.isEmpty()) {
            throw new SafetensorsException(index, "", "expected a \"weight_map\" from tensors to files; got none");
        }
        return map;
    }

    private static SequencedMap<String, Tensor> read(Path file, Arena arena, boolean share) throws IOException {
        SequencedMap<String, Tensor> result = new LinkedHashMap<>();
        boolean done = false;
        OpenOption[] options = share ? new OpenOption[] {READ, WRITE} : new OpenOption[] {READ};
        try (FileChannel channel = FileChannel.open(file, options)) {
            SafetensorsHeader header = header(file, channel);
            var mode = share ? FileChannel.MapMode.PRIVATE : FileChannel.MapMode.READ_ONLY;
            MemorySegment all = channel.map(mode, 0, channel.size(), arena);
            long start = 8 + all.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
            for (var e : header.tensors().entrySet()) {
                var entry = e.getValue();
                MemorySegment bytes = all.asSlice(start + entry.begin(), entry.bytes());
                if (entry.dtype() == DType.BOOL) {
                    checkBooleans(file, e.getKey(), bytes);
                }
                boolean aligned = bytes.address() % entry.dtype().bytes() == 0;
                Tensor tensor = share && aligned && entry.bytes() > 0
                        ? RawData.mapped(bytes, entry.dtype(), entry.shape())
                        : RawData.copyOf(bytes, entry.dtype(), entry.shape());
                result.put(e.getKey(), tensor.keep());
            }
            done = true;
            return result;
        } finally {
            if (!done) {
                result.values().forEach(Tensor::close);
            }
        }
    }

    private static void checkBooleans(Path file, String name, MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            byte b = bytes.get(ValueLayout.JAVA_BYTE, i);
            if (b != 0 && b != 1) {
                throw new SafetensorsException(
                        file, name, "expected bytes 0 and 1 in a BOOL tensor; got " + (b & 0xff) + " at " + i);
            }
        }
    }

    private static SafetensorsHeader header(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        if (size < 8) {
            throw new SafetensorsException(
                    file, "", "expected 8 bytes that give the header's length; got a file of " + size + " bytes");
        }
        readFully(file, channel, length, 0);
        long bytes = length.getLong(0);
        if (bytes < 2 || bytes > SafetensorsHeader.MAX_BYTES) {
            throw new SafetensorsException(
                    file,
                    "",
                    "expected a header of 2 to " + SafetensorsHeader.MAX_BYTES + " bytes; got the length "
                            + Long.toUnsignedString(bytes) + ". Hint: is this a safetensors file?");
        }
        if (bytes > size - 8) {
            throw new SafetensorsException(
                    file,
                    "",
                    "expected a header of " + bytes + " bytes; got a file that ends after " + (size - 8)
                            + " of them. Hint: it may be truncated: fetch it again.");
        }
        ByteBuffer json = ByteBuffer.allocate((int) bytes);
        readFully(file, channel, json, 8);
        return SafetensorsHeader.parse(file, json.array(), size - 8 - bytes);
    }

    private static void readFully(Path file, FileChannel channel, ByteBuffer target, long from) throws IOException {
        long at = from;
        while (target.hasRemaining()) {
            int n = channel.read(target, at);
            if (n < 0) {
                throw new SafetensorsException(file, "", "expected " + target.remaining() + " more bytes; got the end");
            }
            at += n;
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /// Writes a file without metadata.
    public static void write(Path file, SequencedMap<String, Tensor> tensors) throws IOException {
        write(file, tensors, Map.of());
    }

    /// Writes a file, all or nothing: into a file beside it, which is forced to the disk and then takes the name.
    /// What had the name before stays whole until then, whatever happens. Views are written as dense tensors.
    ///
    /// @param metadata strings for `__metadata__`; `format=pt` lets Python's transformers load the file
    public static void write(Path file, SequencedMap<String, Tensor> tensors, Map<String, String> metadata)
            throws IOException {
        var header = SafetensorsHeader.of(tensors, new LinkedHashMap<>(metadata));
        byte[] json = header.json();
        AtomicFile.write(file, out -> {
            ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
            writeFully(out, start.putLong(json.length).put(json).flip());
            for (String name : header.dataOrder()) {
                Tensor tensor = tensors.get(name);
                if (tensor != null) {
                    writeData(out, tensor);
                }
            }
        });
    }

    private static void writeData(FileChannel out, Tensor tensor) throws IOException {
        try (Scope _ = Scope.open()) {
            MemorySegment bytes = RawData.of(tensor.detach().contiguous());
            for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
                writeFully(
                        out,
                        bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at))
                                .asByteBuffer());
            }
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    /// Writes a Hugging Face model folder: `model.safetensors` if all fits into `maxBytes` of data, otherwise files
    /// of that size at the most (a larger tensor has its own) and their index, which is written last.
    public static void writeSharded(Path folder, SequencedMap<String, Tensor> tensors, long maxBytes)
            throws IOException {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("[safetensors] expected maxBytes > 0; got " + maxBytes);
        }
        Map<String, String> metadata = Map.of("format", "pt");
        List<SequencedMap<String, Tensor>> shards = new ArrayList<>();
        long total = 0;
        long inLast = maxBytes;
        for (var e : tensors.entrySet()) {
            long bytes = e.getValue().count() * e.getValue().dtype().bytes();
            if (shards.isEmpty() || inLast > maxBytes - bytes) {
                shards.add(new LinkedHashMap<>());
                inLast = 0;
            }
            shards.getLast().put(e.getKey(), e.getValue());
            inLast += bytes;
            total += bytes;
        }
        Files.createDirectories(folder);
        if (shards.size() <= 1) {
            write(folder.resolve(SINGLE), tensors, metadata);
            Files.deleteIfExists(folder.resolve(INDEX));
            return;
        }
        SequencedMap<String, String> shardOf = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            write(folder.resolve(name), shards.get(i), metadata);
            shards.get(i).keySet().forEach(tensor -> shardOf.put(tensor, name));
        }
        writeIndex(folder.resolve(INDEX), shardOf, total);
        Files.deleteIfExists(folder.resolve(SINGLE));
    }

    private static void writeIndex(Path index, Map<String, String> shardOf, long total) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = SafetensorsHeader.JSON.createGenerator(bytes).useDefaultPrettyPrinter()) {
            out.writeStartObject();
            out.writeObjectFieldStart("metadata");
            out.writeNumberField("total_size", total);
            out.writeEndObject();
            out.writeObjectFieldStart("weight_map");
            for (var e : shardOf.entrySet()) {
                out.writeStringField(e.getKey(), e.getValue());
            }
            out.writeEndObject();
            out.writeEndObject();
        }
        AtomicFile.write(index, out -> writeFully(out, ByteBuffer.wrap(bytes.toByteArray())));
    }
}
