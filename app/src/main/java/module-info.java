import org.jspecify.annotations.NullMarked;

/// The command line.
@NullMarked
module io.torrefy.app {
    requires io.torrefy.posttrain;
    requires io.torrefy.rl;
    requires io.torrefy.export;
    requires info.picocli;
    requires com.fasterxml.jackson.databind;
    requires static org.jspecify;

    opens io.torrefy.app to
            info.picocli;
}
