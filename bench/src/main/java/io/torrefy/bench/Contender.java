package io.torrefy.bench;

import java.util.Map;

/// Who does a row's work in a process of its own.
///
/// @param name shown in the table, and unique within a row
/// @param runtime what its process is
/// @param module the module of `bench/peers` that has the case; empty for Java
/// @param caseName the case it opens
/// @param args added to the row's, and stronger
public record Contender(String name, Runtime runtime, String module, String caseName, Map<String, ?> args) {
    /// The name of our own in every row.
    public static final String OURS = "torrefy";

    /// What a contender's process is.
    public enum Runtime {
        /// A JVM with the launcher's options.
        TORREFY,
        /// The same JVM, with the peers' jars on its class path.
        JAVA,
        /// The interpreter that `--python` names.
        PYTHON
    }

    static Contender torrefy(String caseName) {
        return new Contender(OURS, Runtime.TORREFY, "", caseName, Map.of());
    }

    /// A peer in Java, or in a native library called from Java.
    public static Contender java(String name, String caseName) {
        return new Contender(name, Runtime.JAVA, "", caseName, Map.of());
    }

    /// A peer in Python: `bench/peers/MODULE.py` opens the row's case.
    public static Contender python(String name, String module) {
        return python(name, module, Map.of());
    }

    /// The same in a variant: `Map.of("compile", true)`.
    public static Contender python(String name, String module, Map<String, ?> args) {
        return new Contender(name, Runtime.PYTHON, module, "", args);
    }
}
