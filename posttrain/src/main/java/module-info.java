import org.jspecify.annotations.NullMarked;

/// Post-training: reinforcement learning on language models.
@NullMarked
module io.torrefy.posttrain {
    requires transitive io.torrefy.lm;
    requires com.fasterxml.jackson.databind;
    requires io.torrefy.export;
    requires java.net.http;
    requires org.snakeyaml.engine.v2;
    requires static org.jspecify;

    exports io.torrefy.posttrain;
    exports io.torrefy.posttrain.distill;
    exports io.torrefy.posttrain.formats;
    exports io.torrefy.posttrain.ppo;
    exports io.torrefy.posttrain.preference;
    exports io.torrefy.posttrain.recipe;
    exports io.torrefy.posttrain.rewards;
    exports io.torrefy.posttrain.search;
    exports io.torrefy.posttrain.sft;
}
