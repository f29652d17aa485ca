package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// An early sign that a run goes wrong, in words: what was seen, what it means and what to try. It is read off the
/// metrics alone, by their names in [RunMetrics] and TRL's, so it is the same whenever it is asked for: while the run
/// goes on, after it was resumed, from its files.
///
/// A sign is a reason to look, not a verdict. Each check in `TroubleSigns` names its threshold and where it is from.
///
/// @param kind what it is; a run says each kind once
/// @param step at which it began to show
/// @param seen the numbers
/// @param meaning why it matters
/// @param advice what to try
@Export(value = "posttrain.Trouble", since = "0.1")
public record Trouble(Kind kind, long step, String seen, String meaning, String advice) {
    /// What can be seen.
    public enum Kind {
        /// A loss, gradient, reward or divergence is no number.
        NOT_FINITE("a metric is no number"),
        /// Gradients are many times their usual size, and stay so.
        EXPLODING_GRADIENT("the gradient explodes"),
        /// The policy no longer chooses.
        ENTROPY_COLLAPSE("the entropy collapsed"),
        /// Groups of equal rewards.
        EQUAL_GROUPS("groups teach nothing"),
        /// The policy runs away from the reference.
        KL_EXPLOSION("the divergence explodes"),
        /// Many tokens lie beyond the clip.
        CLIPPING("much is clipped"),
        /// Completions grow for nothing.
        LENGTH_RUNAWAY("the length runs away"),
        /// A part of the reward rises while accuracy falls.
        REWARD_HACKING("the reward is hacked"),
        /// A reward that cannot score.
        REWARD_FAILURES("a reward fails"),
        /// The loss of supervised training or of pairs stays or rises.
        LOSS_STUCK("the loss does not fall"),
        /// Preferences are told apart no better than by a coin.
        CHANCE("accuracy is at chance"),
        /// Margins without bound.
        MARGINS_EXPLODE("margins explode"),
        /// The chosen answers become less likely too.
        CHOSEN_FALLS("chosen answers become unlikely");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /// The whole message, on one line.
    public String sentence() {
        return "Step " + step + ": " + kind.words + ". " + seen + ". " + meaning + ". Try: " + advice + ".";
    }

    /// What is wrong, in a few words.
    public String title() {
        return kind.words;
    }

    /// What was seen in a run so far.
    public static final class Watch {
        private final MetricHistory history = new MetricHistory();
        private final Map<Kind, Trouble> seen = new EnumMap<>(Kind.class);

        /// Takes note of metrics, in the order in which they are logged.
        ///
        /// @return what begins with them
        public List<Trouble> log(long step, Map<String, Double> metrics) {
            history.add(metrics);
            List<Trouble> begun = new ArrayList<>();
            for (Kind kind : Kind.values()) {
                if (!seen.containsKey(kind)) {
                    TroubleSigns.check(kind, history).ifPresent(sign -> {
                        var trouble = new Trouble(kind, step, sign.seen(), sign.meaning(), sign.advice());
                        seen.put(kind, trouble);
                        begun.add(trouble);
                    });
                }
            }
            return begun;
        }

        /// All that was seen, by the step at which it began.
        public List<Trouble> all() {
            return seen.values().stream()
                    .sorted(Comparator.comparingLong(Trouble::step))
                    .toList();
        }
    }
}
