package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.posttrain.Corpus.Check;
import io.torrefy.posttrain.Corpus.Document;
import io.torrefy.posttrain.Corpus.Layout;
import io.torrefy.posttrain.Corpus.Options;
import io.torrefy.posttrain.Corpus.Order;
import io.torrefy.posttrain.Countdown.Puzzle;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CorpusTest {
    private static final Pattern EQUATION = Pattern.compile("(\\d+) ?([-+*/]) ?(\\d+) ?= ?(\\d+)");
    private static final Pattern LIST = Pattern.compile("= ?(\\d+), ?(\\d+):([ ,\\d]+?)(?: not| is| no| yes| none)");

    static List<Options> optionSets() {
        var sets = new ArrayList<Options>();
        for (var layout : Layout.values()) {
            for (var check : Check.values()) {
                sets.add(Options.DEFAULT.layout(layout).check(check));
                sets.add(Options.DEFAULT.order(Order.IN_TURN));
                sets.add(Options.DEFAULT
                        .layout(layout)
                        .check(check)
                        .spaced(false)
                        .commuted(true));
            }
        }
        sets.add(Options.DEFAULT.order(Order.RANDOM).giveUp(0.3).repeat(0.5).guess(0.5));
        return sets;
    }

    private static List<Document> sample(Options options, int count) {
        return Corpus.of(Countdown.standard(), options)
                .documents(11)
                .limit(count)
                .toList();
    }

    private static List<String> lines(Document document) {
        String completion = document.completion();
        return completion
                .substring("<think>".length(), completion.indexOf("</think>"))
                .lines()
                .toList();
    }

    @ParameterizedTest
    @MethodSource("optionSets")
    void everyDocumentIsWellFormedAndEveryEquationTrue(Options options) {
        var format = Rewards.thinkAnswerFormat();
        for (var document : sample(options, 200)) {
            assertThat(format.score(document.problem(), document.completion())).isEqualTo(1);
            assertThat(document.text())
                    .startsWith("Numbers: ")
                    .isEqualTo(document.problem().prompt() + document.completion());
            assertThat(lines(document)).hasSize(document.tries());
            var matcher = EQUATION.matcher(document.completion());
            int equations = 0;
            while (matcher.find()) {
                equations++;
                int a = Integer.parseInt(matcher.group(1));
                int b = Integer.parseInt(matcher.group(3));
                int value = switch (matcher.group(2)) {
                    case "+" -> a + b;
                    case "-" -> a - b;
                    case "*" -> a * b;
                    default -> throw new AssertionError(document.text());
                };
                assertThat(matcher.group(4)).as(document.text()).isEqualTo(String.valueOf(value));
            }
            assertThat(equations).isEqualTo(document.tries() * (options.layout() == Layout.TRIES ? 2 : 1));
        }
    }

    @ParameterizedTest
    @MethodSource("optionSets")
    void theCheckIsTrueAndAHitIsTheAnswer(Options options) {
        var task = Countdown.standard();
        for (var document : sample(options, 200)) {
            int target = document.problem().goal(Puzzle.class).target();
            var lines = lines(document);
            boolean found = false;
            for (String line : lines) {
                assertThat(found).as("goes on after a hit").isFalse();
                found = line.endsWith(" yes") || (line.endsWith(" is " + target) && !line.contains("none"));
                assertThat(lastResult(line, options, found)).as(document.text()).isEqualTo(found ? target : -1);
            }
            boolean correct =
                    task.verify(document.problem(), document.completion()).correct();
            if (found || options.guess() == 0) {
                assertThat(correct).as(document.text()).isEqualTo(found);
            }
        }
    }

    /// The last result on a line, the check's own numbers left out; -1 when it is not the target the check names.
    private static int lastResult(String line, Options options, boolean hit) {
        var numbers = Pattern.compile("\\d+")
                .matcher(line)
                .results()
                .map(r -> Integer.parseInt(r.group()))
                .toList();
        boolean listed = options.layout() == Layout.BRANCHES;
        int inCheck = switch (options.check()) {
            case WORD -> 0;
            case TARGET -> 1;
            case SENTENCE -> listed && !hit ? 1 : 2;
        };
        int result = numbers.get(numbers.size() - 1 - inCheck);
        if (options.check() == Check.WORD) {
            return hit ? result : -1;
        }
        return result == numbers.getLast() ? result : -1;
    }

    /// Comparisons are coins: of 2000 with probability 0.3, five standard deviations are 0.05.
    @Test
    void mixedAuthorsWordComparisonsInTwoLanguagesThatSayTheSame() {
        var comparison = Pattern.compile("(?: not| is| 非| 是) (\\d+)$");
        int chinese = 0;
        int all = 0;
        for (var document : sample(Options.DEFAULT.mixed(0.3), 2000)) {
            int target = document.problem().goal(Puzzle.class).target();
            for (String line : lines(document)) {
                var matcher = comparison.matcher(line);
                assertThat(matcher.find()).as(line).isTrue();
                all++;
                chinese += matcher.group().codePointAt(1) > 127 ? 1 : 0;
                boolean hit =
                        matcher.group().startsWith(" is") || matcher.group().startsWith(" 是");
                String before = line.substring(0, matcher.start());
                assertThat(Integer.parseInt(matcher.group(1))).isEqualTo(target);
                assertThat(before.endsWith(" " + target)).as(line).isEqualTo(hit);
            }
        }
        assertThat(all).isGreaterThan(2000);
        assertThat((double) chinese / all).isBetween(0.25, 0.35);
    }

    @Test
    void aListHoldsWhatTheOperationsMakeOfTheTwoNumbersLeft() {
        int lists = 0;
        for (var document : sample(Options.DEFAULT, 500)) {
            int target = document.problem().goal(Puzzle.class).target();
            var matcher = LIST.matcher(document.completion());
            while (matcher.find()) {
                lists++;
                int a = Integer.parseInt(matcher.group(1));
                int b = Integer.parseInt(matcher.group(2));
                var expected = new ArrayList<String>();
                for (int value : new int[] {a + b, Math.abs(a - b), a * b}) {
                    if (value > 0 && value < 100 && !expected.contains(String.valueOf(target))) {
                        expected.add(String.valueOf(value));
                    }
                }
                assertThat(matcher.group(3).strip().split(" "))
                        .as(document.text())
                        .containsExactlyElementsOf(expected);
            }
            assertThat(document.completion()).doesNotContain(",:");
        }
        assertThat(lists).isGreaterThan(500);
    }

    @Test
    void looksLikeThis() {
        var sample = Corpus.of(Countdown.standard(), Options.DEFAULT.giveUp(0))
                .documents(1)
                .limit(400)
                .filter(d -> d.tries() == 2)
                .findFirst()
                .orElseThrow();
        assertThat(sample.text())
                .matches("Numbers: \\d+ \\d+ \\d+\\. Target: \\d+\\.\n"
                        + "<think> \\d+ [-+*] \\d+ = \\d+, \\d+:( \\d+)+ not \\d+\n"
                        + " \\d+ [-+*] \\d+ = \\d+, \\d+:( \\d+)+ is \\d+</think>\n"
                        + "<answer> [-+*() \\d]+</answer>");
    }

    @Test
    void holdsNoHeldOutProblem() {
        var heldOut = Countdown.standard().heldOut(Integer.MAX_VALUE).stream()
                .map(problem -> problem.goal(Puzzle.class))
                .map(puzzle -> puzzle.numbers().stream().sorted().toList() + " " + puzzle.target())
                .collect(Collectors.toSet());
        var seen = new HashSet<String>();
        Corpus.standard().documents(4).limit(30_000).forEach(document -> {
            // Read the problem from the text itself, not from the record beside it.
            var numbers = Pattern.compile("\\d+")
                    .matcher(document.text().lines().findFirst().orElseThrow())
                    .results()
                    .map(r -> Integer.parseInt(r.group()))
                    .toList();
            seen.add(numbers.subList(0, 3).stream().sorted().toList() + " " + numbers.get(3));
        });
        assertThat(heldOut).hasSizeGreaterThanOrEqualTo(500).doesNotContainAnyElementsOf(seen);
        assertThat(seen.size()).isGreaterThan(heldOut.size());
    }

    @Test
    void authorsNeverRepeatThemselvesUnlessAsked() {
        var persistent = Options.DEFAULT.persistent(1).maxTries(30);
        for (var layout : Layout.values()) {
            assertThat(sample(persistent.layout(layout), 300)).allMatch(document -> isDistinct(lines(document)));
            assertThat(sample(persistent.layout(layout).repeat(1), 300))
                    .anyMatch(document -> !isDistinct(lines(document)));
        }
    }

    @Test
    void authorsFinishWithAPairBeforeTheyTakeAnother() {
        var persistent = Options.DEFAULT.persistent(1).maxTries(30);
        for (var layout : Layout.values()) {
            assertThat(sample(persistent.layout(layout).order(Order.BY_PAIR), 300))
                    .allMatch(document -> isGrouped(lines(document)));
            assertThat(sample(persistent.layout(layout).order(Order.RANDOM), 300))
                    .anyMatch(document -> !isGrouped(lines(document)));
        }
    }

    @Test
    void authorsWhoGoInTurnTakeTheNextOneOfTheList() {
        var options = Options.DEFAULT.persistent(1).maxTries(30).order(Order.IN_TURN);
        for (var document : sample(options, 300)) {
            var numbers = document.problem().goal(Puzzle.class).numbers();
            var turn = new ArrayList<String>();
            for (int[] at : new int[][] {{0, 1}, {0, 2}, {1, 2}}) {
                int left = Math.max(numbers.get(at[0]), numbers.get(at[1]));
                int right = Math.min(numbers.get(at[0]), numbers.get(at[1]));
                for (String symbol : List.of("+", "-", "*")) {
                    turn.add(left + " " + symbol + " " + right);
                }
            }
            // Some of these nine are skipped: results below 1 or above 99, and pairs that come twice.
            int turns = 0;
            var openings = lines(document).stream()
                    .map(line -> line.strip().substring(0, line.strip().indexOf(" =")))
                    .toList();
            for (int i = 1; i < openings.size(); i++) {
                turns += turn.indexOf(openings.get(i)) < turn.indexOf(openings.get(i - 1)) ? 1 : 0;
            }
            assertThat(turn).as(document.text()).containsAll(openings);
            assertThat(turns).as(document.text()).isLessThanOrEqualTo(1);
        }
    }

    /// Whether no pair comes back after another one.
    private static boolean isGrouped(List<String> lines) {
        var seen = new HashSet<String>();
        String current = "";
        for (String line : lines) {
            var words = line.strip().split(" ");
            String pair = words[0] + " " + words[2];
            if (!pair.equals(current) && !seen.add(pair)) {
                return false;
            }
            current = pair;
        }
        return true;
    }

    private static boolean isDistinct(List<String> lines) {
        return new HashSet<>(lines).size() == lines.size();
    }

    @Test
    void authorsWhoPersistAlwaysSolveTheProblem() {
        var task = Countdown.standard();
        assertThat(sample(Options.DEFAULT.persistent(1).maxTries(100), 500))
                .allMatch(document ->
                        task.verify(document.problem(), document.completion()).correct());
        assertThat(sample(Options.DEFAULT.persistent(1).maxTries(3), 500)).allMatch(document -> document.tries() <= 3);
        assertThat(sample(Options.DEFAULT.giveUp(1).persistent(0), 500)).allMatch(document -> document.tries() == 1);
    }

    /// The probabilities come from counting orders of tries (see [CorpusForecast]), the frequencies from the
    /// texts.
    @Test
    void authorsSucceedAsOftenAsCombinatoricsSay() {
        int count = 20_000;
        var random = Options.DEFAULT.order(Order.RANDOM);
        for (var options : List.of(random, random.layout(Layout.TRIES).giveUp(0.3), random.repeat(1))) {
            var task = Countdown.of(Countdown.Options.DEFAULT.heldOutFraction(1e-9));
            double expected =
                    CorpusForecast.of(task.options(), options.layout()).accuracy(options);
            var corpus = Corpus.of(task, options);
            long solved = corpus.documents(2)
                    .limit(count)
                    .filter(document -> task.verify(document.problem(), document.completion())
                            .correct())
                    .count();
            double deviation = Math.sqrt(expected * (1 - expected) / count);
            assertThat(solved / (double) count)
                    .as(options.toString())
                    .isBetween(expected - 4 * deviation, expected + 4 * deviation);
        }
    }

    @Test
    void aDocumentDependsOnSeedAndIndexAlone() {
        var documents = Corpus.standard().documents(5).limit(100).toList();
        assertThat(Corpus.standard().document(5, 99)).isEqualTo(documents.get(99));
        assertThat(Corpus.standard().document(5, 3)).isEqualTo(documents.get(3));
        assertThat(Corpus.standard().documents(6).limit(100).toList()).isNotEqualTo(documents);
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        assertThatThrownBy(() -> Options.DEFAULT.giveUp(1.5)).hasMessageContaining("giveUp 1.5");
        assertThatThrownBy(() -> Options.DEFAULT.maxTries(0)).hasMessageContaining("got 0");
    }
}
