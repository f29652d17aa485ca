package io.torrefy.posttrain;

import io.torrefy.posttrain.Corpus.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;

/// Accuracy and length that a model would have if it did exactly what the corpus does, by counting: for each problem
/// the number of different tries and how many of them hit. `main` prints the tables behind the choice of the default
/// options.
final class CorpusForecast {
    /// @param weight the probability of this problem
    private record Counts(double weight, int tries, int hits, int candidates, int goodCandidates, int values) {}

    private final List<Counts> problems = new ArrayList<>();

    private CorpusForecast() {}

    /// Counts over all problems of three numbers.
    static CorpusForecast of(Countdown.Options options, Layout layout) {
        var forecast = new CorpusForecast();
        var operations = Operation.parse(options.operations());
        int range = options.maxNumber() - options.minNumber() + 1;
        for (int i = 0; i < range * range * range; i++) {
            int min = options.minNumber();
            var numbers = List.of(min + i % range, min + i / range % range, min + i / range / range);
            var branches = SearchSpace.branches(numbers, operations, options.cap());
            var tries = SearchTrace.tries(branches, Corpus.Options.DEFAULT.layout(layout));
            var values = SearchSpace.reachable(numbers, operations, options.cap());
            var targets = values.stream()
                    .filter(v -> v >= options.minTarget() && v <= options.maxTarget())
                    .toList();
            for (int target : targets) {
                int hits = (int) tries.stream()
                        .filter(t -> t.lasts().stream().anyMatch(s -> s.result().value() == target))
                        .count();
                var results = branches.stream()
                        .flatMap(b -> b.lasts().stream())
                        .map(s -> s.result().value())
                        .toList();
                int good = (int) results.stream().filter(v -> v == target).count();
                forecast.problems.add(
                        new Counts(1.0 / targets.size(), tries.size(), hits, results.size(), good, values.size()));
            }
        }
        return forecast;
    }

    private double mean(ToDoubleFunction<Counts> of) {
        double sum = 0;
        double weight = 0;
        for (var counts : problems) {
            sum += counts.weight() * of.applyAsDouble(counts);
            weight += counts.weight();
        }
        return sum / weight;
    }

    /// The probability that one random try hits.
    double first() {
        return mean(c -> (double) c.hits() / c.tries());
    }

    /// The probability that `tries` random tries, never given up, have a hit among them.
    double within(int tries, boolean repeats) {
        return mean(c -> 1 - missing(c, tries, repeats));
    }

    private static double missing(Counts c, int tries, boolean repeats) {
        double missing = 1;
        for (int k = 0; k < tries; k++) {
            int tried = repeats ? 0 : Math.min(k, c.tries() - c.hits());
            missing *= 1 - (double) c.hits() / (c.tries() - tried);
        }
        return missing;
    }

    /// The accuracy of the authors (without guesses; repeats all or none).
    double accuracy(Corpus.Options options) {
        boolean repeats = options.repeat() > 0;
        return mean(c -> {
            double sum = 0;
            double goingOn = 1;
            for (int k = 0; k < options.maxTries(); k++) {
                double hitNow = missing(c, k, repeats) - missing(c, k + 1, repeats);
                sum += hitNow * (options.persistent() + (1 - options.persistent()) * goingOn);
                goingOn *= 1 - options.giveUp();
            }
            return sum;
        });
    }

    /// How tokens would be counted with one token for each tag, number, word and group of signs, a space before it
    /// included (GPT-2's split, trained on the corpus), and an end-of-text.
    static double meanTokens(Countdown task, Corpus.Options options, boolean completion) {
        var pattern = Pattern.compile("</?\\w+>| ?\\d{1,3}| ?\\p{L}+| ?[^\\s\\p{L}\\d<]+|\\s");
        return Corpus.of(task, options)
                .documents(1)
                .limit(3000)
                .mapToLong(d -> pattern.matcher(completion ? d.completion() : d.text())
                                .results()
                                .count()
                        + 1)
                .average()
                .orElseThrow();
    }

    private static void line(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    private static void table(Countdown.Options options) {
        line(
                "%n## numbers %d..%d, targets %d..%d, cap %d, %s",
                options.minNumber(),
                options.maxNumber(),
                options.minTarget(),
                options.maxTarget(),
                options.cap(),
                options.operations());
        var task = Countdown.of(options);
        for (var layout : Layout.values()) {
            var f = of(options, layout);
            line(
                    "%s: tries %.1f, candidates %.1f, values %.1f, hit by a random try %.3f",
                    layout, f.mean(Counts::tries), f.mean(Counts::candidates), f.mean(Counts::values), f.first());
            var never = new StringBuilder("  never gives up, no repeats | repeats:");
            for (int k : layout == Layout.TRIES ? new int[] {4, 6, 8, 10, 12} : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9}) {
                never.append(String.format(Locale.ROOT, "  %d: %.2f|%.2f", k, f.within(k, false), f.within(k, true)));
            }
            line("%s", never);
            for (double persistent : new double[] {0, 0.05, 0.1, 0.15, 0.2}) {
                var row = new StringBuilder(
                        String.format(Locale.ROOT, "  persistent %.2f, accuracy (mean tokens) at give-up", persistent));
                for (double giveUp : new double[] {0.3, 0.5, 0.6, 0.7, 0.8, 0.9}) {
                    var corpus = Corpus.Options.DEFAULT
                            .layout(layout)
                            .persistent(persistent)
                            .giveUp(giveUp);
                    row.append(String.format(
                            Locale.ROOT,
                            "  %.1f: %.2f (%.0f)",
                            giveUp,
                            f.accuracy(corpus),
                            meanTokens(task, corpus, true)));
                }
                line("%s", row);
            }
            for (var check : Corpus.Check.values()) {
                var base = Corpus.Options.DEFAULT.layout(layout).check(check).persistent(1);
                double one = meanTokens(task, base.maxTries(1), true);
                double nine = meanTokens(task, base.maxTries(100), true);
                line(
                        "  check %s: tokens of a document with one try %.1f; of one that never gives up %.1f",
                        check, one, nine);
            }
        }
    }

    static void main() {
        var standard = Countdown.Options.DEFAULT;
        table(standard.numbers(3, 1, 9));
        table(standard);
        table(standard.numbers(3, 1, 12));
        table(standard.numbers(3, 1, 20));
        table(standard.numbers(3, 1, 20).cap(199));
    }
}
