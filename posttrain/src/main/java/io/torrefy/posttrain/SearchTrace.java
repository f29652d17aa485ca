package io.torrefy.posttrain;

import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One author's search, written down.
final class SearchTrace {
    /// What an author puts on one line: some steps, then one or more last steps.
    ///
    /// @param lasts the candidates of this try
    record Try(List<SearchSpace.Step> steps, List<SearchSpace.Step> lasts) {
        /// The numbers it begins with, ascending.
        List<Integer> pair() {
            var first = (steps.isEmpty() ? lasts : steps).getFirst();
            int left = first.left().value();
            int right = first.right().value();
            return List.of(Math.min(left, right), Math.max(left, right));
        }
    }

    private final int target;
    private final Corpus.Options options;
    private final SplitMix random;
    private final StringBuilder text = new StringBuilder();
    /// The try before.
    private Optional<Try> last = Optional.empty();

    SearchTrace(int target, Corpus.Options options, SplitMix random) {
        this.target = target;
        this.options = options;
        this.random = random;
    }

    /// The different tries there are.
    static List<Try> tries(List<SearchSpace.Branch> branches, Corpus.Options options) {
        var tries = new ArrayList<Try>();
        for (var branch : branches) {
            if (options.layout() == Corpus.Layout.BRANCHES) {
                tries.add(new Try(branch.steps(), branch.lasts()));
            } else {
                branch.lasts().forEach(last -> tries.add(new Try(branch.steps(), List.of(last))));
            }
        }
        return options.commuted()
                ? tries.stream().flatMap(t -> commuted(t).stream()).toList()
                : List.copyOf(tries);
    }

    /// The try and its forms with operands swapped. In branches the last steps show no operands.
    private static List<Try> commuted(Try plain) {
        var forms = new ArrayList<Try>(List.of(plain));
        for (int i = 0; i < plain.steps().size(); i++) {
            if (swaps(plain.steps().get(i))) {
                for (var form : List.copyOf(forms)) {
                    var steps = new ArrayList<>(form.steps());
                    steps.set(i, steps.get(i).swapped());
                    forms.add(new Try(List.copyOf(steps), form.lasts()));
                }
            }
        }
        if (plain.lasts().size() == 1 && swaps(plain.lasts().getFirst())) {
            for (var form : List.copyOf(forms)) {
                forms.add(new Try(form.steps(), List.of(form.lasts().getFirst().swapped())));
            }
        }
        return forms;
    }

    private static boolean swaps(SearchSpace.Step step) {
        return step.operation().commutative()
                && step.left().value() != step.right().value();
    }

    Corpus.Document write(Problem problem, List<Try> all) {
        text.append("<think>");
        boolean patient = random.chance(options.persistent());
        var untried = new ArrayList<>(all);
        int made = 0;
        while (true) {
            var chosen = choose(all, untried);
            made++;
            text.append(made == 1 ? "" : "\n");
            var answer = attempt(chosen);
            boolean hit = answer.result().value() == target;
            boolean exhausted = made >= options.maxTries() || (untried.isEmpty() && options.repeat() == 0);
            if (hit || exhausted || (!patient && random.chance(options.giveUp()))) {
                answer(hit || !random.chance(options.guess()) ? answer : any(any(all).lasts()));
                return new Corpus.Document(problem, text.toString(), made);
            }
        }
    }

    private Try choose(List<Try> all, List<Try> untried) {
        boolean anyTry = last.isEmpty() || untried.isEmpty() || random.chance(options.repeat());
        Try chosen = anyTry ? any(all) : after(last.get(), all, untried);
        untried.remove(chosen);
        last = Optional.of(chosen);
        return chosen;
    }

    /// One of the tries not yet made.
    private Try after(Try before, List<Try> all, List<Try> untried) {
        return switch (options.order()) {
            case RANDOM -> any(untried);
            case BY_PAIR -> {
                var samePair = untried.stream()
                        .filter(t -> t.pair().equals(before.pair()))
                        .toList();
                yield any(samePair.isEmpty() ? untried : samePair);
            }
            case IN_TURN -> {
                int next = all.indexOf(before);
                do {
                    next = (next + 1) % all.size();
                } while (!untried.contains(all.get(next)));
                yield all.get(next);
            }
        };
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.below(choices.size()));
    }

    private void answer(SearchSpace.Step step) {
        text.append("</think>\n<answer>")
                .append(options.spaced() ? " " : "")
                .append(step.result().expression().text(options.spaced()))
                .append("</answer>");
    }

    /// Writes a try with its check; the last candidate looked at.
    private SearchSpace.Step attempt(Try chosen) {
        boolean branching = options.layout() == Corpus.Layout.BRANCHES;
        var steps = new ArrayList<>(chosen.steps());
        if (!branching) {
            steps.add(chosen.lasts().getFirst());
        }
        for (int i = 0; i < steps.size(); i++) {
            text.append(i == 0 ? "" : ",").append(gap());
            write(steps.get(i));
        }
        var last = branching ? list(chosen) : chosen.lasts().getFirst();
        check(last.result().value());
        return last;
    }

    /// `7 + 3 = 10`.
    private void write(SearchSpace.Step step) {
        text.append(step.left().value())
                .append(gap())
                .append(step.operation().symbol())
                .append(gap())
                .append(step.right().value())
                .append(gap())
                .append('=')
                .append(gap())
                .append(step.result().value());
    }

    /// The number (or, without steps, both numbers) still at hand, then the results up to a hit: `, 2: 12 8 20`.
    private SearchSpace.Step list(Try chosen) {
        var sample = chosen.lasts().getFirst();
        if (chosen.steps().isEmpty()) {
            text.append(gap())
                    .append(sample.left().value())
                    .append(',')
                    .append(gap())
                    .append(sample.right().value());
        } else {
            var computed = chosen.steps().getLast().result().value();
            int other = sample.left().value() == computed
                    ? sample.right().value()
                    : sample.left().value();
            text.append(',').append(gap()).append(other);
        }
        text.append(':');
        String separator = "";
        var seen = sample;
        for (var last : chosen.lasts()) {
            text.append(separator).append(gap()).append(last.result().value());
            separator = options.spaced() ? "" : ",";
            seen = last;
            if (last.result().value() == target) {
                break;
            }
        }
        return seen;
    }

    private void check(int value) {
        boolean hit = value == target;
        boolean branching = options.layout() == Corpus.Layout.BRANCHES;
        boolean chinese = options.mixed() > 0 && random.chance(options.mixed());
        String is = chinese ? " 是 " : " is ";
        String yes = chinese ? " 是" : " yes";
        text.append(branching || options.check() == Corpus.Check.WORD ? "" : ",");
        text.append(
                switch (options.check()) {
                    case WORD -> hit ? yes : chinese ? " 非" : " no";
                    case TARGET -> (hit ? is : chinese ? " 非 " : " not ") + target;
                    case SENTENCE -> {
                        String not = chinese ? " 非 " : " is not ";
                        String none = chinese ? " 皆非 " : " none is ";
                        yield hit
                                ? " " + value + is + target + "," + yes
                                : (branching ? none : " " + value + not) + target;
                    }
                });
    }

    private String gap() {
        return options.spaced() ? " " : "";
    }
}
