package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Greedy decoding of two Llamas: with 28 million parameters, whose weights come from memory for every token, and with
/// 1.8 million, which fit into a cache.
final class DecodeRows {
    private DecodeRows() {}

    static List<Row> rows() {
        Map<String, Integer> large =
                Map.of("hidden", 512, "layers", 8, "heads", 8, "intermediate", 1408, "vocab", 4096);
        Map<String, Integer> small = Map.of("hidden", 192, "layers", 4, "heads", 6, "intermediate", 448, "vocab", 512);
        List<Row> rows = new ArrayList<>();
        rows.add(row("512 x 8", large, 1, "f32", 4.5));
        rows.add(row("512 x 8", large, 1, "bf16", 6));
        rows.add(row("512 x 8", large, 1, "int8", 6));
        rows.add(row("512 x 8", large, 32, "f32", 3.5));
        rows.add(row("192 x 4", small, 1, "f32", 0));
        rows.add(row("192 x 4", small, 1, "bf16", 25));
        rows.add(row("192 x 4", small, 1, "int8", 25));
        rows.add(row("192 x 4", small, 32, "f32", 6));
        return rows;
    }

    private static Row row(String model, Map<String, Integer> shape, int batch, String weights, double ratio) {
        Map<String, Object> args = new TreeMap<>(shape);
        args.put("batch", batch);
        args.put("prompt", 32);
        args.put("new", 128);
        args.put("weights", weights);
        String name = "decode-" + shape.get("hidden") + "-" + batch + "-" + weights;
        String title = "greedy decode, Llama " + model + ", batch " + batch + ", weights " + weights;
        return Row.of(name, title, "decode", args)
                .against(
                        peer("sdpa"), // generate's default
                        peer("static"),
                        peer("bf16"))
                .onThreads(2)
                .atLeast(ratio);
    }

    private static Contender peer(String contender) {
        return Contender.python("transformers " + contender, "decode", Map.of("contender", contender));
    }
}
