import org.jspecify.annotations.NullMarked;

/// Modules, losses, optimisers and schedules.
@NullMarked
module io.torrefy.nn {
    requires transitive io.torrefy.tensor;
    requires com.fasterxml.jackson.core;
    requires io.torrefy.export;
    requires static org.jspecify;

    exports io.torrefy.nn;
}
