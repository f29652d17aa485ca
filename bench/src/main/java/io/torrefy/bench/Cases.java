package io.torrefy.bench;

import io.torrefy.bench.cases.Columns;
import io.torrefy.bench.cases.Decode;
import io.torrefy.bench.cases.Environments;
import io.torrefy.bench.cases.GrpoStep;
import io.torrefy.bench.cases.Libtorch;
import io.torrefy.bench.cases.NativeBlas;
import io.torrefy.bench.cases.Records;
import io.torrefy.bench.cases.Sgemm;
import io.torrefy.bench.cases.SgemmPeer;
import io.torrefy.bench.cases.Start;
import io.torrefy.bench.cases.Tabular;
import io.torrefy.bench.cases.TensorOps;
import io.torrefy.bench.cases.Training;
import java.util.Map;
import java.util.TreeMap;

/// The cases that a Java worker knows, by the name that rows and peers use. Python peers have theirs in `bench/peers`.
public final class Cases {
    private static final Map<String, Case.Opener> ALL = new TreeMap<>(Map.ofEntries(
            Map.entry("adamw", TensorOps::adamW),
            Map.entry("attention", TensorOps::attention),
            Map.entry("cross-entropy", TensorOps::crossEntropy),
            Map.entry("columns", Columns::new),
            Map.entry("decode", Decode::new),
            Map.entry("environments", Environments::new),
            Map.entry("gelu", TensorOps::gelu),
            Map.entry("grpo", GrpoStep::new),
            Map.entry("grid-q", Tabular::gridQ),
            Map.entry("layernorm", TensorOps::layerNorm),
            Map.entry("records", Records::new),
            Map.entry("rmsnorm", TensorOps::rmsNorm),
            Map.entry("sgemm", Sgemm::new),
            Map.entry("sgemm-openblas", (args, threads) -> new SgemmPeer(NativeBlas.openBlas(), args, threads)),
            Map.entry("sgemm-mkl", (args, threads) -> new SgemmPeer(NativeBlas.mkl(), args, threads)),
            Map.entry("start", Start::new),
            Map.entry("stream", TensorOps::stream),
            Map.entry("training", Training::new),
            Map.entry("value-iteration", Tabular::valueIteration)));

    /// What goes before a case's name to have libtorch do it. Its classes are there only where its jars are.
    static final String LIBTORCH = "libtorch-";

    private Cases() {}

    /// The case of that name.
    ///
    /// @throws IllegalArgumentException if there is none
    public static Case.Opener named(String name) {
        if (name.startsWith(LIBTORCH)) {
            return (args, threads) -> Libtorch.open(name.substring(LIBTORCH.length()), args, threads);
        }
        Case.Opener opener = ALL.get(name);
        if (opener == null) {
            throw new IllegalArgumentException("[bench] expected a case of " + ALL.keySet() + "; got '" + name + "'");
        }
        return opener;
    }
}
