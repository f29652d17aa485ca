package io.torrefy.posttrain.formats;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A record to train on, of one of the types of TRL's datasets ([SampleFormat] says which columns make which).
@Export(value = "posttrain.formats.Sample", since = "0.1")
public sealed interface Sample {
    /// Where a sample comes from.
    ///
    /// @param place `file:line`, or `file:row` of Parquet
    /// @param columns its other columns, such as `tools`, `chat_template_kwargs`, or an answer that a reward reads
    record Origin(String place, Map<String, @Nullable Object> columns) {}

    /// The origin of this sample.
    Origin origin();

    /// All of a text, or of a conversation.
    record LanguageModeling(Content content, Origin origin) implements Sample {}

    /// What a model is asked.
    record PromptOnly(Content prompt, Origin origin) implements Sample {}

    /// What a model is asked and what it says.
    record PromptCompletion(Content prompt, Content completion, Origin origin) implements Sample {}

    /// Of two answers the better one and the worse one, which differ.
    record Preference(Content prompt, Content chosen, Content rejected, Origin origin) implements Sample {}

    /// An answer and whether it is a good one.
    record UnpairedPreference(Content prompt, Content completion, boolean label, Origin origin) implements Sample {}

    /// The steps of an answer and whether each is right; as many labels as steps, and at least one.
    record Stepwise(Content prompt, List<String> completions, List<Boolean> labels, Origin origin) implements Sample {
        public Stepwise {
            completions = List.copyOf(completions);
            labels = List.copyOf(labels);
        }
    }
}
