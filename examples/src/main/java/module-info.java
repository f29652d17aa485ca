import org.jspecify.annotations.NullMarked;

/// Short programs, one for each system.
@NullMarked
module io.torrefy.examples {
    requires io.torrefy.nn;
    requires io.torrefy.data;
    requires io.torrefy.posttrain;
    requires com.fasterxml.jackson.databind;
    requires io.torrefy.rl;
    requires static org.jspecify;
}
