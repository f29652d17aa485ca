import org.jspecify.annotations.NullMarked;

/// Exported names: the annotation, the index that its processor writes, and the registry that reads it.
@NullMarked
module io.torrefy.export {
    // For the processor, which only the compiler loads.
    requires static java.compiler;
    requires static jdk.compiler;
    requires static org.jspecify;

    exports io.torrefy.export;
}
