package io.torrefy.app;

import io.torrefy.posttrain.formats.Encoded;
import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.preference.PreferencePair;
import io.torrefy.posttrain.preference.StepwiseExample;
import io.torrefy.posttrain.preference.UnpairedExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Encoded samples as the trainers of preferences take them, cut at their end to what fits (TRL's `keep_start`). A cut
/// that leaves nothing of an answer, or nothing by which two answers differ, is an error that names the sample.
final class Cut {
    private final int maxLength;
    private int shortened;

    Cut(int maxLength) {
        this.maxLength = maxLength;
    }

    /// What to say of answers that lost their end, or nothing.
    List<String> notes() {
        return shortened == 0
                ? List.of()
                : List.of(shortened + " answers lose their end at max_length " + maxLength
                        + ": they teach nothing about stopping.");
    }

    PreferencePair pair(Encoded.Pair pair, Sample.Origin origin) {
        int[] chosen = answer(pair.prompt(), pair.chosen(), pair.place());
        int[] rejected = answer(pair.prompt(), pair.rejected(), pair.place());
        if (Arrays.equals(chosen, rejected)) {
            throw new IllegalArgumentException(pair.place() + ": expected answers that differ within max_length "
                    + maxLength + "; they are the same up to there. Hint: raise it, or leave the pair out.");
        }
        return new PreferencePair(pair.prompt(), chosen, rejected, margin(origin));
    }

    /// TRL's column `margin`; 0 where there is none.
    private static double margin(Sample.Origin origin) {
        return switch (origin.columns().get("margin")) {
            case null -> 0;
            case Number number -> number.doubleValue();
            case Object other ->
                throw new IllegalArgumentException(
                        origin.place() + ": expected a number in field \"margin\"; got " + other);
        };
    }

    UnpairedExample judged(Encoded.Judged judged) {
        return new UnpairedExample(
                judged.prompt(), answer(judged.prompt(), judged.completion(), judged.place()), judged.label());
    }

    private int[] answer(int[] prompt, int[] answer, String place) {
        int room = maxLength - prompt.length;
        if (room < 1) {
            throw new IllegalArgumentException(place + ": expected a prompt shorter than max_length " + maxLength
                    + "; its " + prompt.length + " tokens leave nothing of the answer. Hint: raise it, or leave the"
                    + " sample out.");
        }
        shortened += answer.length > room ? 1 : 0;
        return answer.length > room ? Arrays.copyOf(answer, room) : answer;
    }

    /// The steps that end within the length; the prompt belongs to the first.
    StepwiseExample steps(Encoded.Steps encoded) {
        List<int[]> steps = new ArrayList<>();
        int from = 0;
        for (int end : encoded.ends()) {
            if (end >= maxLength) {
                shortened++;
                break;
            }
            steps.add(Arrays.copyOfRange(encoded.ids(), from, end + 1));
            from = end + 1;
        }
        if (steps.isEmpty()) {
            throw new IllegalArgumentException(
                    encoded.place() + ": expected a first step that ends within max_length " + maxLength + "; got "
                            + (encoded.ends()[0] + 1) + " tokens. Hint: raise it, or leave the sample out.");
        }
        double[] labels = new double[steps.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = encoded.labels()[i] ? 1 : 0;
        }
        return new StepwiseExample(new int[0], steps, labels);
    }
}
