import org.jspecify.annotations.NullMarked;

/// Records, event files and datasets.
@NullMarked
module io.torrefy.data {
    requires transitive io.torrefy.tensor;
    requires transitive com.fasterxml.jackson.databind;
    requires de.siegmar.fastcsv;
    requires org.xerial.snappy;
    requires com.github.luben.zstd_jni;
    requires jdk.incubator.vector;
    requires io.torrefy.export;
    requires static org.jspecify;

    exports io.torrefy.data;

    uses io.torrefy.data.RecordFormat;
}
