package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.posttrain.Trouble.Kind;
import io.torrefy.tensor.SplitMix;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Curves that show a sign, each beside one that is just as far on the other side of it.
class TroubleTest {
    /// What a curve shows, all steps logged.
    private static List<Trouble> seen(int steps, IntFunction<Map<String, Double>> metrics) {
        var watch = new Trouble.Watch();
        for (int step = 1; step <= steps; step++) {
            watch.log(step, metrics.apply(step));
        }
        return watch.all();
    }

    private static List<Kind> kinds(int steps, IntFunction<Map<String, Double>> metrics) {
        return seen(steps, metrics).stream().map(Trouble::kind).toList();
    }

    /// The only sign of a curve.
    private static Trouble only(int steps, IntFunction<Map<String, Double>> metrics) {
        List<Trouble> all = seen(steps, metrics);
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    // ---- reinforcement learning ------------------------------------------------------------------------------------

    /// A policy that chooses among `answers` completions of 8 tokens has ln(answers) nats a completion.
    private static Map<String, Double> choosing(double answers) {
        return Map.of("reward", 0.5, "entropy", Math.log(answers) / 8, "response_length", 8.0);
    }

    @Test
    void fewerThanTwoAnswersAreNoChoice() {
        Trouble trouble = only(60, step -> choosing(step <= 30 ? 16 : 1.9));
        assertThat(trouble.kind()).isEqualTo(Kind.ENTROPY_COLLAPSE);
        assertThat(trouble.step())
                .as("the mean of 10 steps, all of them after 30")
                .isEqualTo(40);
        assertThat(trouble.sentence()).contains("0.642 nats", "one bit", "temperature", "epsilonHigh"); // ln 1.9
        assertThat(kinds(60, step -> choosing(step <= 30 ? 16 : 2.1))).isEmpty();
        assertThat(kinds(60, _ -> choosing(1.9))).as("a task of so few answers").isEmpty();
    }

    @Test
    void aTenthOfTheEntropyIsNotEnoughToLearnFrom() {
        double first = Math.log(100);
        IntFunction<IntFunction<Map<String, Double>>> to = percent -> step ->
                Map.of("reward", 0.5, "entropy", step <= 30 ? first : first * percent / 100, "response_length", 200.0);
        assertThat(only(60, to.apply(9)).sentence()).contains("0.414 nats of 4.61"); // ln 100 and 9 % of it
        assertThat(kinds(60, to.apply(11))).isEmpty();
        assertThat(kinds(60, step -> Map.of("loss", 60.0 - step, "entropy", step <= 30 ? 1.0 : 0.001)))
                .as("supervised training is to make the data certain")
                .isEmpty();
    }

    private static Map<String, Double> groups(double equal, double accuracy) {
        return Map.of("reward", accuracy, "frac_reward_zero_std", equal, "accuracy", accuracy);
    }

    @Test
    void equalRewardsTeachNothing() {
        Trouble unsolved = only(3, _ -> groups(1, 0));
        assertThat(unsolved.kind()).isEqualTo(Kind.EQUAL_GROUPS);
        assertThat(unsolved.sentence()).contains("each group were equal for 3 steps", "nothing is solved", "easier");
        assertThat(only(3, _ -> groups(1, 1)).sentence()).contains("the problems are solved", "harder");
        assertThat(kinds(2, _ -> groups(1, 0))).isEmpty();
        assertThat(only(10, _ -> groups(15 / 16.0, 0.02)).sentence()).contains("93.8%");
        assertThat(kinds(100, _ -> groups(14 / 16.0, 0.02))).isEmpty();
        assertThat(only(3, _ -> Map.of("reward", 1.0, "reward_std", 0.0)).sentence())
                .contains("All rewards of a step were equal");
    }

    private static Map<String, Double> diverged(double kl) {
        return Map.of("reward", 0.5, "kl", kl);
    }

    @Test
    void theReferenceIsLeft() {
        assertThat(only(3, _ -> diverged(1.01)).sentence()).contains("1.01 nats a token", "beta");
        assertThat(kinds(100, _ -> diverged(0.99))).isEmpty();
        Trouble leap = only(60, step -> diverged(step <= 40 ? 0.02 : 0.21));
        assertThat(leap.kind()).isEqualTo(Kind.KL_EXPLOSION);
        assertThat(leap.step()).isEqualTo(43);
        assertThat(leap.seen()).contains("0.210 nats a token, 0.0200 in the median before");
        assertThat(kinds(60, step -> diverged(step <= 40 ? 0.02 : 0.19))).isEmpty();
        assertThat(kinds(60, step -> diverged(step <= 40 ? 0.002 : 0.09)))
                .as("within verl's target")
                .isEmpty();
        assertThat(kinds(60, step -> diverged(step == 40 ? 50 : 0.02)))
                .as("a single step")
                .isEmpty();
        assertThat(kinds(60, step -> Map.of("loss", 1.0 / step, "kl", 5.0)))
                .as("KTO's z0, of whole answers")
                .isEmpty();
    }

    @Test
    void aThirdOfTheRolloutIsThrownAway() {
        IntFunction<IntFunction<Map<String, Double>>> clipped =
                percent -> _ -> Map.of("reward", 0.5, "clip_fraction", percent / 100.0);
        assertThat(only(10, clipped.apply(31)).sentence()).contains("31.0% of the tokens", "learning rate");
        assertThat(kinds(100, clipped.apply(29))).isEmpty();
    }

    private static Map<String, Double> lengths(double length, double truncated, double accuracy) {
        return Map.of("reward", accuracy, "accuracy", accuracy, "response_length", length, "truncated", truncated);
    }

    @Test
    void lengthsThatGrowForNothingRunAway() {
        Trouble trouble = only(60, step -> lengths(step <= 30 ? 50 + step % 3 : 80 + step % 3, 0, 0.4));
        assertThat(trouble.kind()).isEqualTo(Kind.LENGTH_RUNAWAY);
        assertThat(trouble.seen()).contains("accuracy went from 0.400 to 0.400");
        assertThat(kinds(60, step -> lengths(step <= 30 ? 50 + step % 3 : 80 + step % 3, 0, step <= 30 ? 0.4 : 0.5)))
                .as("R1-Zero's answers grow while they get better")
                .isEmpty();
        assertThat(kinds(60, step -> lengths(step <= 30 ? 50 + step % 3 : 70 + step % 3, 0, 0.4)))
                .isEmpty();
        assertThat(only(60, step -> lengths(50, step <= 30 ? 0.1 : 0.51, 0.4)).sentence())
                .contains("51.0% of the completions are cut off", "10.0%", "maxCompletionLength");
        assertThat(kinds(60, _ -> lengths(50, 0.9, 0.4))).as("as it was set up").isEmpty();
    }

    /// 64 completions a step: what is seen of a share p has the deviation sqrt(p (1 - p) / 64).
    private static double share(double p, SplitMix random) {
        int hits = 0;
        for (int i = 0; i < 64; i++) {
            hits += random.chance(p) ? 1 : 0;
        }
        return hits / 64.0;
    }

    private static IntFunction<Map<String, Double>> rewards(
            long seed, double accuracyAfter, double formatAfter, String part) {
        var random = new SplitMix(seed, 0);
        return step -> {
            double accuracy = share(step <= 30 ? 0.5 : accuracyAfter, random);
            double format = 0.2 * share(step <= 30 ? 0.5 : formatAfter, random);
            return Map.of(
                    "reward", accuracy + format, "rewards/accuracy", accuracy, part, format, "accuracy", accuracy);
        };
    }

    @Test
    void formatThatPaysWithoutSolvingIsHacked() {
        for (long seed = 0; seed < 20; seed++) {
            Trouble trouble = only(60, rewards(seed, 0.3, 0.9, "rewards/format"));
            assertThat(trouble.kind()).isEqualTo(Kind.REWARD_HACKING);
            assertThat(trouble.step()).isBetween(34L, 50L);
            assertThat(trouble.sentence()).contains("rewards/format rose from 0.", "accuracy fell from", "weight");
            assertThat(kinds(60, rewards(seed, 0.7, 0.9, "rewards/format")))
                    .as("both rise")
                    .isEmpty();
            assertThat(kinds(60, rewards(seed, 0.3, 0.4, "rewards/format")))
                    .as("both fall")
                    .isEmpty();
        }
    }

    /// Of runs in which nothing happens, one in a thousand steps' worth of chance may be taken for something: none
    /// of these 200 runs of 100 steps is.
    @Test
    void chanceIsNoTrouble() {
        for (long seed = 0; seed < 200; seed++) {
            assertThat(kinds(100, rewards(seed, 0.5, 0.5, "rewards/format")))
                    .as("seed " + seed)
                    .isEmpty();
        }
    }

    @Test
    void aRewardThatFailsIsSaid() {
        Trouble trouble = only(
                9,
                step -> step == 7
                        ? Map.of("reward", 0.5, "rewards/http", 0.5, "rewards/http/failed", 3.0)
                        : Map.of("reward", 0.5, "rewards/http", 0.5));
        assertThat(trouble.kind()).isEqualTo(Kind.REWARD_FAILURES);
        assertThat(trouble.step()).isEqualTo(7);
        assertThat(trouble.seen()).isEqualTo("rewards/http/failed of a step was 3");
    }

    // ---- any training ----------------------------------------------------------------------------------------------

    @Test
    void noNumberIsSaidAtOnce() {
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            for (String name : List.of("loss", "grad_norm", "reward", "kl", "entropy")) {
                Trouble trouble = only(9, step -> Map.of(name, step < 5 ? 0.5 : value));
                assertThat(trouble.kind()).isEqualTo(Kind.NOT_FINITE);
                assertThat(trouble.step()).isEqualTo(5);
                assertThat(trouble.seen()).isEqualTo(name + " is " + value);
            }
        }
    }

    @Test
    void gradientsThatStayLargeExplode() {
        Trouble trouble = only(60, step -> Map.of("grad_norm", step <= 40 ? 0.5 : 5.5));
        assertThat(trouble.kind()).isEqualTo(Kind.EXPLODING_GRADIENT);
        assertThat(trouble.step()).isEqualTo(43);
        assertThat(trouble.seen()).isEqualTo("The gradient's norm was 5.50 over 3 steps, 0.500 in the median before");
        assertThat(kinds(60, step -> Map.of("grad_norm", step <= 40 ? 0.5 : 4.5)))
                .isEmpty();
        assertThat(kinds(60, step -> Map.of("grad_norm", step % 20 == 0 ? 500.0 : 0.5)))
                .as("single steps")
                .isEmpty();
        assertThat(kinds(60, step -> Map.of("grad_norm", step % 20 == 0 ? 0.5 : 0)))
                .as("steps that teach nothing")
                .isEmpty();
    }

    // ---- supervised training and pairs -----------------------------------------------------------------------------

    /// A model that guesses among 512 words pays ln 512.
    @Test
    void aLossThatStaysTeachesNothing() {
        double guess = Math.log(512);
        Trouble stuck = only(60, step -> Map.of("loss", guess + 0.01 * (step % 3), "mean_token_accuracy", 1 / 512.0));
        assertThat(stuck.kind()).isEqualTo(Kind.LOSS_STUCK);
        assertThat(stuck.step()).isEqualTo(50);
        assertThat(stuck.sentence()).contains("6.25 over the first 10 steps and is 6.25", "Nothing is learnt", "masks");
        assertThat(kinds(60, step -> Map.of("loss", guess * Math.exp(-0.002 * step))))
                .isEmpty();
        assertThat(only(60, step -> Map.of("loss", 2 + 0.01 * step)).sentence()).contains("It rises");
        assertThat(kinds(200, step -> Map.of("loss", 0.01 * (step % 3), "reward", 0.5)))
                .as("a policy's loss")
                .isEmpty();
    }

    /// Equal policy and reference have the loss ln 2 and margins of 0, and chance decides.
    private static IntFunction<Map<String, Double>> pairs(double loss, double right, double chosen, double margin) {
        var random = new SplitMix(5, 0);
        return step -> {
            double now = Math.min(1, step / 40.0);
            Map<String, Double> m = new HashMap<>();
            m.put("loss", Math.log(2) + now * (loss - Math.log(2)));
            m.put("rewards/accuracies", share(0.5 + now * (right - 0.5), random));
            m.put("rewards/chosen", now * chosen);
            m.put("rewards/rejected", now * (chosen - margin));
            m.put("rewards/margins", now * margin);
            m.put("logps/chosen", -40 + now * chosen / 0.1);
            return m;
        };
    }

    @Test
    void pairsThatCannotBeToldApart() {
        List<Trouble> all = seen(60, pairs(Math.log(2), 0.5, 0, 0));
        assertThat(all.stream().map(Trouble::kind)).containsExactly(Kind.LOSS_STUCK, Kind.CHANCE);
        assertThat(all.getLast().sentence()).contains("A coin has 50 %", "mixed up");
        Map<String, Double> reward = Map.of("loss", Math.log(2), "accuracy", 0.5, "margin", 0.0);
        assertThat(kinds(60, _ -> reward)).as("a reward model").contains(Kind.CHANCE);
        assertThat(kinds(60, pairs(0.4, 0.8, 0.2, 2))).as("as it should be").isEmpty();
    }

    @Test
    void marginsHaveNoEnd() {
        Trouble trouble = only(80, pairs(1e-5, 1, 0.5, 12));
        assertThat(trouble.kind()).isEqualTo(Kind.MARGINS_EXPLODE);
        assertThat(trouble.sentence()).contains("overfitting", "IPO");
        assertThat(kinds(80, pairs(1e-4, 1, 0.5, 9.5))).isEmpty();
    }

    @Test
    void chosenAnswersAreToStayLikely() {
        Trouble trouble = only(80, pairs(0.3, 0.9, -1.5, 3));
        assertThat(trouble.kind()).isEqualTo(Kind.CHOSEN_FALLS);
        assertThat(trouble.seen()).startsWith("rewards/chosen fell from -0.2");
        assertThat(kinds(80, pairs(0.3, 0.9, -0.8, 3))).isEmpty();
        IntFunction<IntFunction<Map<String, Double>>> alone = loss -> step -> {
            Map<String, Double> m = new HashMap<>(pairs(0.3, 0.9, loss, 3).apply(step));
            m.put("nll_loss", 1.0);
            m.put("rewards/chosen", -4 + m.get("rewards/chosen")); // of the log-probability itself
            return m;
        };
        assertThat(kinds(80, alone.apply(0))).as("without a reference").isEmpty();
        assertThat(only(80, alone.apply(-1)).seen()).startsWith("logps/chosen fell from -41");
    }

    // ---- whole runs ------------------------------------------------------------------------------------------------

    /// The run of `torrefy r1-zero` as it comes, which learns to solve nearly all of its problems.
    @Test
    void aGoodRunIsQuiet() throws IOException {
        Path file = Path.of("src/test/resources/io/torrefy/posttrain/r1-zero-metrics.jsonl");
        assertThat(Files.readAllLines(file)).hasSizeGreaterThan(100);
        assertThat(RunData.watch(file).all()).isEmpty();
    }

    @Test
    void aResumedRunSaysNothingTwiceAndForgetsNothing(@TempDir Path folder) throws IOException {
        IntFunction<Map<String, Double>> metrics = step -> {
            Map<String, Double> m = new LinkedHashMap<>(diverged(step <= 40 ? 0.02 : 0.21));
            m.put("clip_fraction", 0.4);
            return m;
        };
        List<Trouble> said = new ArrayList<>();
        try (RunFolder run = RunFolder.open(folder, false).onTrouble(said::add)) {
            for (int step = 1; step <= 41; step++) {
                run.log(step, metrics.apply(step));
                if (step == 30) {
                    run.checkpoint(step, scratch -> Files.writeString(scratch.resolve("state"), "30"));
                }
            }
        }
        try (RunFolder run = RunFolder.open(folder, true).onTrouble(said::add)) {
            for (int step = 31; step <= 60; step++) {
                run.log(step, metrics.apply(step));
            }
        }
        assertThat(said).isEqualTo(seen(60, metrics)).hasSize(2);
        assertThat(said.getLast().step()).isEqualTo(43);
        String html = Report.html(folder);
        assertThat(html).contains("<h2>Signs of trouble</h2>");
        for (Trouble trouble : said) {
            assertThat(html).contains("<b>" + trouble.title() + "</b> from step " + trouble.step() + " on");
        }
    }

    @Test
    void theTerminalSaysItInALineThatStays() {
        var bytes = new ByteArrayOutputStream();
        Trouble trouble = only(10, _ -> Map.of("reward", 0.5, "clip_fraction", 0.4));
        try (var progress =
                Progress.start(new PrintStream(bytes, true, StandardCharsets.UTF_8), Terminal.plain(), 0, 10)) {
            progress.trouble(trouble);
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo("⚠ " + trouble.sentence() + System.lineSeparator());
    }

    @Test
    void everyKindHasItsWords() {
        for (Kind kind : Kind.values()) {
            var trouble = new Trouble(kind, 1, "Seen", "Meant", "this");
            assertThat(Objects.requireNonNull(trouble.title())).isNotBlank();
            assertThat(trouble.sentence()).isEqualTo("Step 1: " + trouble.title() + ". Seen. Meant. Try: this.");
        }
    }
}
