import org.jspecify.annotations.NullMarked;

/// Language models, tokenizers, checkpoints and generation.
@NullMarked
module io.torrefy.lm {
    requires transitive io.torrefy.nn;
    requires transitive io.torrefy.data;
    requires com.fasterxml.jackson.databind;
    requires io.torrefy.export;
    requires static org.jspecify;

    exports io.torrefy.lm;
}
