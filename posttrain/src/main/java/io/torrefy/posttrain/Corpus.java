package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// The pre-training corpus of the base model: people searching for Countdown solutions, aloud, and giving up early.
///
/// ```
/// Numbers: 3 7 2. Target: 23.
/// <think> 7 + 3 = 10, 2: 12 8 20 not 23
///  7 - 3 = 4, 2: 6 2 8 not 23
///  7 * 3 = 21, 2: 23 is 23</think>
/// <answer> 7 * 3 + 2</answer>
/// ```
///
/// An author takes an untried first step (in an order that ignores the target), computes what the remaining numbers
/// can make of it, compares with the target in so many words, and goes on or gives up. Most give up soon, and then
/// answer with the last thing they tried, wrong as it is; a few persist. So a model of this corpus knows the format,
/// the arithmetic and the check, and can search, but mostly does not: nothing in the text prefers steps that lead to
/// the target, and nothing marks an author as persistent. Reinforcement learning has to find out that searching on
/// pays, and where to look first.
///
/// Document `index` of a seed depends on nothing else, so a corpus has any size and is never stored. Problems come
/// from the task's training and validation sides: a held-out problem is in no document.
@Export(value = "posttrain.Corpus", since = "0.1")
public final class Corpus {
    /// How authors lay out a try.
    public enum Layout {
        /// One candidate a line, each step computed: ` 7 + 3 = 10, 10 * 2 = 20, not 23`.
        TRIES,
        /// One choice of all but the last step a line, then what each operation makes of the two numbers
        /// left, in the order `+ - * /`, up to a hit: ` 7 + 3 = 10, 2: 12 8 20 not 23`. Three candidates for
        /// the tokens of one.
        BRANCHES
    }

    /// In which order authors try.
    public enum Order {
        /// Any untried one next.
        RANDOM,
        /// All that begin with the same two numbers, in random order, then another two numbers. What has been
        /// tried is easier to keep track of, for people and for small models.
        BY_PAIR,
        /// One after the other from a random one on, round and round: pairs in the order of the prompt, for
        /// each pair the operations in the order `+ - * /`. The next try follows from the last one alone.
        IN_TURN
    }

    /// How authors word the comparison with the target.
    public enum Check {
        /// ` no` and ` yes`.
        WORD,
        /// ` not 23` and ` is 23`.
        TARGET,
        /// ` 20 is not 23` (in branches ` none is 23`) and ` 23 is 23, yes`.
        SENTENCE
    }

    /// What authors do.
    ///
    /// @param layout how a try is laid out
    /// @param order which try comes next
    /// @param check how the comparison is worded
    /// @param spaced `7 + 3 = 10`, every number after a space (one token each for tokenizers that join a
    ///     space to the word after it, as GPT-2's does), or `7+3=10`
    /// @param giveUp the probability that an impatient author gives up after a failed try
    /// @param persistent the share of authors who never give up before `maxTries`
    /// @param maxTries failed tries after which everyone gives up
    /// @param guess the probability that an author who gives up answers with any untested candidate instead
    ///     of the last one tested; it may be right by luck
    /// @param repeat the probability that a try is drawn from all tries rather than those not yet made
    /// @param commuted whether `3 + 7` and `7 + 3` are two tries; if not, the larger operand comes first
    /// @param mixed the probability that a comparison is worded in Chinese: ` 非 23` and ` 是 23`
    public record Options(
            Layout layout,
            Order order,
            Check check,
            boolean spaced,
            double giveUp,
            double persistent,
            int maxTries,
            double guess,
            double repeat,
            boolean commuted,
            double mixed) {
        /// Branches in turn, each checked against the target by its number. Three authors in twenty
        /// persist; the others give up after each failed try with probability 0.9, so that one try is what is
        /// usual.
        public static final Options DEFAULT =
                new Options(Layout.BRANCHES, Order.IN_TURN, Check.TARGET, true, 0.9, 0.15, 9, 0, 0, false, 0);

        public Options {
            if (!(giveUp >= 0 && giveUp <= 1)
                    || !(persistent >= 0 && persistent <= 1)
                    || !(guess >= 0 && guess <= 1)
                    || !(repeat >= 0 && repeat <= 1)
                    || !(mixed >= 0 && mixed <= 1)) {
                throw new IllegalArgumentException("[corpus] expected probabilities from 0 to 1; got giveUp " + giveUp
                        + ", persistent " + persistent + ", guess " + guess + ", repeat " + repeat + ", mixed "
                        + mixed);
            }
            if (maxTries < 1) {
                throw new IllegalArgumentException("[corpus] expected maxTries of at least 1; got " + maxTries);
            }
        }

        public Options layout(Layout tries) {
            return new Options(
                    tries, order, check, spaced, giveUp, persistent, maxTries, guess, repeat, commuted, mixed);
        }

        public Options order(Order next) {
            return new Options(
                    layout, next, check, spaced, giveUp, persistent, maxTries, guess, repeat, commuted, mixed);
        }

        public Options check(Check wording) {
            return new Options(
                    layout, order, wording, spaced, giveUp, persistent, maxTries, guess, repeat, commuted, mixed);
        }

        public Options spaced(boolean spaces) {
            return new Options(
                    layout, order, check, spaces, giveUp, persistent, maxTries, guess, repeat, commuted, mixed);
        }

        public Options giveUp(double probability) {
            return new Options(
                    layout, order, check, spaced, probability, persistent, maxTries, guess, repeat, commuted, mixed);
        }

        public Options persistent(double share) {
            return new Options(layout, order, check, spaced, giveUp, share, maxTries, guess, repeat, commuted, mixed);
        }

        public Options maxTries(int tries) {
            return new Options(layout, order, check, spaced, giveUp, persistent, tries, guess, repeat, commuted, mixed);
        }

        public Options guess(double probability) {
            return new Options(
                    layout, order, check, spaced, giveUp, persistent, maxTries, probability, repeat, commuted, mixed);
        }

        public Options repeat(double probability) {
            return new Options(
                    layout, order, check, spaced, giveUp, persistent, maxTries, guess, probability, commuted, mixed);
        }

        public Options commuted(boolean twice) {
            return new Options(layout, order, check, spaced, giveUp, persistent, maxTries, guess, repeat, twice, mixed);
        }

        public Options mixed(double probability) {
            return new Options(
                    layout, order, check, spaced, giveUp, persistent, maxTries, guess, repeat, commuted, probability);
        }
    }

    /// One text to train on.
    ///
    /// @param problem the problem; its prompt is where the text begins
    /// @param completion the author's reasoning and answer; a tokenizer's end-of-text belongs after it
    /// @param tries how many tries the author made, the last one included
    public record Document(Problem problem, String completion, int tries) {
        public String text() {
            return problem.prompt() + completion;
        }
    }

    private static final long AUTHOR_STREAM = 0x617574686F72L;

    private final Countdown task;
    private final Options options;

    private Corpus(Countdown task, Options options) {
        this.task = task;
        this.options = options;
    }

    public static Corpus of(Countdown task, Options options) {
        return new Corpus(task, options);
    }

    /// The corpus of the base model that ships.
    public static Corpus standard() {
        return of(Countdown.standard(), Options.DEFAULT);
    }

    public Options options() {
        return options;
    }

    /// Document number `index` (from 0) of a seed.
    public Document document(long seed, long index) {
        return write(task.known(seed, index), new SplitMix(seed ^ AUTHOR_STREAM, index));
    }

    /// All documents of a seed, without end.
    public Stream<Document> documents(long seed) {
        return LongStream.iterate(0, i -> i + 1).mapToObj(i -> document(seed, i));
    }

    private Document write(Problem problem, SplitMix random) {
        var puzzle = problem.goal(Countdown.Puzzle.class);
        var branches = SearchSpace.branches(
                puzzle.numbers(), task.operations(), task.options().cap());
        List<SearchTrace.Try> tries = SearchTrace.tries(branches, options);
        return new SearchTrace(puzzle.target(), options, random).write(problem, tries);
    }
}
