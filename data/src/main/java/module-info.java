import org.jspecify.annotations.NullMarked;

/// Records, event files and datasets.
@NullMarked
module io.torrefy.data {
    requires transitive io.torrefy.tensor;
    requires transitive com.fasterxml.jackson.databind;
    requires io.torrefy.export;
    requires static org.jspecify;

    exports io.torrefy.data;
}
