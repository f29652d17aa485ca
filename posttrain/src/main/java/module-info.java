import org.jspecify.annotations.NullMarked;

/// Post-training: reinforcement learning on language models.
@NullMarked
module io.torrefy.posttrain {
    requires transitive io.torrefy.lm;
    requires com.fasterxml.jackson.databind;
    requires io.torrefy.export;
    requires java.net.http;
    requires static org.jspecify;

    exports io.torrefy.posttrain;
    exports io.torrefy.posttrain.rewards;
}
