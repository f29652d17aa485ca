package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.DecoderConfig;
import java.util.Arrays;
import java.util.List;

/// A solution in steps, each judged, as token ids (TRL's stepwise supervision format).
///
/// @param prompt may be empty
/// @param steps each with the separator that ends it; a step's score is read at its last token
/// @param labels of each step, whether it is right: 1 or 0, or how often solutions that go on from it end well
///     (Math-Shepherd's soft estimation)
@Export(value = "posttrain.StepwiseExample", since = "0.1")
public record StepwiseExample(int[] prompt, List<int[]> steps, double[] labels) {
    public StepwiseExample {
        steps = List.copyOf(steps);
    }

    /// The whole text.
    int[] ids() {
        return join(prompt, steps);
    }

    static int[] join(int[] prompt, List<int[]> steps) {
        int[] ids = Arrays.copyOf(
                prompt, prompt.length + steps.stream().mapToInt(s -> s.length).sum());
        int at = prompt.length;
        for (int[] step : steps) {
            System.arraycopy(step, 0, ids, at, step.length);
            at += step.length;
        }
        return ids;
    }

    /// Where each step ends in the whole text.
    static int[] ends(int[] prompt, List<int[]> steps) {
        int[] ends = new int[steps.size()];
        int at = prompt.length;
        for (int i = 0; i < ends.length; i++) {
            at += steps.get(i).length;
            ends[i] = at - 1;
        }
        return ends;
    }

    /// @throws IllegalArgumentException naming the examples that cannot be trained on
    static void check(String op, List<StepwiseExample> examples, DecoderConfig model) {
        Wrong wrong = new Wrong(op);
        wrong.need(!examples.isEmpty(), "at least one example", "none");
        for (int i = 0; i < examples.size(); i++) {
            StepwiseExample example = examples.get(i);
            String who = "example " + i;
            wrong.need(!example.steps.isEmpty(), who + " with at least one step", "none");
            wrong.need(
                    example.steps.stream().allMatch(step -> step.length > 0),
                    who + " with steps of at least a token",
                    "an empty one");
            wrong.need(
                    example.labels.length == example.steps.size(),
                    who + " with as many labels as steps, " + example.steps.size(),
                    example.labels.length);
            wrong.need(
                    Arrays.stream(example.labels).allMatch(y -> y >= 0 && y <= 1),
                    who + " with labels in [0, 1]",
                    Arrays.toString(example.labels));
            int[] ids = example.ids();
            PreferencePair.Examples.checkIds(wrong, who, model, ids);
            PreferencePair.Examples.checkLength(wrong, who, model, ids.length);
        }
        wrong.refuse();
    }
}
