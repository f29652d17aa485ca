package io.torrefy.posttrain.search;

import io.torrefy.lm.Completion;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A language model that is a function of what was written. Token 0 ends; the prompt is one token beyond the
/// vocabulary.
final class ScriptedPolicy implements Policy {
    private final List<String> vocabulary;
    private final Function<List<Integer>, double[]> probabilities;
    /// Tokens given out.
    long given;

    /// @param vocabulary the texts of the tokens, the first of which is ""
    /// @param probabilities of the next token, by what was written
    ScriptedPolicy(List<String> vocabulary, Function<List<Integer>, double[]> probabilities) {
        this.vocabulary = vocabulary;
        this.probabilities = probabilities;
    }

    /// One whose sample of stream `i` is text number `i`, letter by letter.
    static Policy telling(String... texts) {
        String letters = Arrays.stream(texts)
                .flatMapToInt(String::chars)
                .distinct()
                .sorted()
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
        List<String> vocabulary = new ArrayList<>(List.of(""));
        letters.chars().mapToObj(Character::toString).forEach(vocabulary::add);
        ScriptedPolicy plain = new ScriptedPolicy(vocabulary, _ -> new double[] {1});
        return new Policy() {
            @Override
            public List<Completion> sample(List<Ask> asks) {
                return asks.stream().map(this::one).toList();
            }

            private Completion one(Ask ask) {
                String text = texts[(int) ask.stream()];
                int[] ids = Arrays.copyOf(
                        text.chars().map(c -> letters.indexOf(c) + 1).toArray(), text.length() + 1);
                boolean fits = ids.length <= ask.maxNewTokens();
                return new Completion(
                        fits ? ids : Arrays.copyOf(ids, ask.maxNewTokens()),
                        new float[Math.min(ids.length, ask.maxNewTokens())],
                        fits ? Completion.Finish.STOP : Completion.Finish.LENGTH);
            }

            @Override
            public List<Next> next(List<Place> places, int k) {
                return plain.next(places, k);
            }

            @Override
            public int[] prompt(String text) {
                return plain.prompt(text);
            }

            @Override
            public String text(int[] ids) {
                return plain.text(ids);
            }

            @Override
            public int end() {
                return 0;
            }

            @Override
            public int maxPositions() {
                return 1000;
            }
        };
    }

    /// A task whose answers are whole texts, right if they are among `right`.
    static Task task(String... right) {
        return new Task() {
            @Override
            public String name() {
                return "texts";
            }

            @Override
            public Problem training(long seed, long index) {
                return problem();
            }

            @Override
            public List<Problem> heldOut(int count) {
                return List.of();
            }

            @Override
            public Verdict verify(Problem problem, String completion) {
                if (completion.isEmpty()) {
                    return new Verdict(Verdict.Outcome.NO_ANSWER, "", "empty");
                }
                return Set.of(right).contains(completion)
                        ? new Verdict(Verdict.Outcome.CORRECT, completion, "")
                        : new Verdict(Verdict.Outcome.WRONG_VALUE, completion, "wrong");
            }
        };
    }

    static Problem problem() {
        return new Problem("p", "p", "goal");
    }

    static Session session(Policy policy, Task task, int maxTokens) {
        return new Session(policy, task, problem(), maxTokens, 0);
    }

    private List<Integer> written(int[] prefix) {
        return Arrays.stream(prefix).skip(1).boxed().toList();
    }

    @Override
    public List<Completion> sample(List<Ask> asks) {
        return asks.stream().map(this::sample).toList();
    }

    private Completion sample(Ask ask) {
        List<Integer> written = new ArrayList<>(written(ask.prefix()));
        List<Integer> ids = new ArrayList<>();
        List<Float> logProbs = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        SplittableRandom random = new SplittableRandom(ask.stream());
        while (true) {
            double[] p = probabilities.apply(written);
            int id = ask.temperature() == 0 ? most(p).getFirst() : drawn(p, random.nextDouble());
            written.add(id);
            ids.add(id);
            logProbs.add((float) Math.log(p[id]));
            text.append(vocabulary.get(id));
            given++;
            Completion.Finish finish = id == 0
                    ? Completion.Finish.STOP
                    : !ask.separator().isEmpty() && text.indexOf(ask.separator()) >= 0
                            ? Completion.Finish.STOP_STRING
                            : ids.size() == ask.maxNewTokens() ? Completion.Finish.LENGTH : null;
            if (finish != null) {
                float[] all = new float[ids.size()];
                IntStream.range(0, all.length).forEach(i -> all[i] = logProbs.get(i));
                return new Completion(ids.stream().mapToInt(i -> i).toArray(), all, finish);
            }
        }
    }

    private static int drawn(double[] p, double place) {
        double sum = 0;
        for (int id = 0; id < p.length; id++) {
            sum += p[id];
            if (place < sum) {
                return id;
            }
        }
        return most(p).getFirst();
    }

    private static List<Integer> most(double[] p) {
        return IntStream.range(0, p.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> p[i]).reversed())
                .toList();
    }

    @Override
    public List<Next> next(List<Place> places, int k) {
        given += places.size();
        return places.stream()
                .map(place -> {
                    double[] p = probabilities.apply(
                            Arrays.stream(place.written()).boxed().toList());
                    int[] ids = most(p).stream().limit(k).mapToInt(i -> i).toArray();
                    return new Next(
                            ids,
                            Arrays.stream(ids).mapToDouble(i -> Math.log(p[i])).toArray());
                })
                .toList();
    }

    @Override
    public int[] prompt(String text) {
        return new int[] {vocabulary.size()};
    }

    @Override
    public String text(int[] ids) {
        return Arrays.stream(ids).mapToObj(vocabulary::get).collect(Collectors.joining());
    }

    @Override
    public int end() {
        return 0;
    }

    @Override
    public int maxPositions() {
        return 1000;
    }
}
