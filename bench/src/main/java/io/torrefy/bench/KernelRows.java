package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Single operations: attention, whose floor is arithmetic, and those whose floor is memory.
final class KernelRows {
    private static final Contender TORCH = Contender.python("torch", "kernels");

    private KernelRows() {}

    static List<Row> rows() {
        var all = new ArrayList<Row>();
        all.add(attention(1024, false).atLeast(1.4));
        all.add(attention(4096, false).atLeast(1.3));
        all.add(attention(1024, true).atLeast(1.3));
        all.add(attention(4096, true).atLeast(1.3));
        all.add(byRows("cross-entropy", "Cross-entropy 256 x 32000, forward + backward", 256, 32000)
                .atLeast(4, 2));
        all.add(byRows("rmsnorm", "RMSNorm 4096 x 768, forward + backward", 4096, 768)
                .atLeast(7));
        all.add(byRows("layernorm", "LayerNorm 4096 x 768, forward + backward", 4096, 768)
                .atLeast(1.15));
        all.add(flat("gelu", "GELU (tanh) of 16 M", 16 << 20)
                .against(TORCH, libtorch("gelu"))
                .atLeast(3));
        // Against foreach alone it would look better: fused is what a user who cares would set.
        all.add(flat("adamw", "AdamW step of 8 M", 8 << 20)
                .against(
                        Contender.python("torch fused", "kernels", Map.of("implementation", "fused")),
                        Contender.python("torch foreach", "kernels", Map.of("implementation", "foreach")),
                        libtorch("adamw"))
                .atLeast(1.05));
        all.add(flat("stream", "a += b of 16 M, what memory gives", 16 << 20).against(TORCH));
        return all;
    }

    private static Row attention(int tokens, boolean backward) {
        String both = backward ? "forward + backward" : "forward";
        return Row.of(
                        "attention-" + (backward ? "both-" : "forward-") + tokens,
                        "Attention " + both + ", causal, 8 x 64, " + tokens + " tokens",
                        "attention",
                        Map.of("tokens", tokens, "heads", 8, "dim", 64, "backward", backward))
                .in("kernels")
                .against(TORCH, libtorch("attention"))
                .warmUp(10);
    }

    private static Row byRows(String name, String title, int rows, int columns) {
        return Row.of(name, title, name, Map.of("rows", rows, "columns", columns))
                .in("kernels")
                .against(TORCH, libtorch(name));
    }

    private static Contender libtorch(String caseName) {
        return Contender.java("libtorch", Cases.LIBTORCH + caseName);
    }

    private static Row flat(String name, String title, int elements) {
        return Row.of(name, title, name, Map.of("elements", elements)).in("kernels");
    }
}
