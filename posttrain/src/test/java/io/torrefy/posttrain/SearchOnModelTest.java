package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.TokenBatch;
import io.torrefy.posttrain.search.BeamSearch;
import io.torrefy.posttrain.search.Draft;
import io.torrefy.posttrain.search.GeneratorPolicy;
import io.torrefy.posttrain.search.Greedy;
import io.torrefy.posttrain.search.Policy;
import io.torrefy.posttrain.search.RejectionSampling;
import io.torrefy.posttrain.search.SearchScore;
import io.torrefy.posttrain.search.Searches;
import io.torrefy.posttrain.search.Session;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Searches on a language model, which decides as it likes.
class SearchOnModelTest {
    private static final int MOST = 12;
    private static final String ALL = "greedy,best-of-3,majority-3,weighted-majority-3,beam-3,"
            + "step-beam-4:width=2,separator=e,scorer=rollouts-2,"
            + "mcts-4:children=2,separator=e,scorer=rollouts-2,budget=150";

    @TempDir
    Path folder;

    private final Task task = TinyBase.task((_, text) -> TinyBase.even(text));
    private final List<Problem> problems = task.heldOut(3);

    private static GeneratorPolicy policy(CausalLm model) {
        return GeneratorPolicy.of(model, TinyBase.tokenizer(), 5, 3);
    }

    private Session session(Policy policy, int i) {
        return new Session(policy, task, problems.get(i), MOST, i * (1L << 32));
    }

    @Test
    void nextTokensAreTheModels() {
        try (CausalLm model = TinyBase.model(1);
                GeneratorPolicy policy = policy(model)) {
            int[] prompt = policy.prompt(problems.getFirst().prompt());
            List<Policy.Place> places = List.of(
                    new Policy.Place(prompt, new int[0]),
                    new Policy.Place(prompt, new int[] {5, 9}),
                    new Policy.Place(policy.prompt("other"), new int[0]),
                    new Policy.Place(prompt, new int[] {7}));
            List<Policy.Next> next = policy.next(places, 4);
            for (int i = 0; i < places.size(); i++) {
                Policy.Place place = places.get(i);
                float[] expected = forward(model, Tokens.joined(place.prompt(), place.written()));
                for (int k = 0; k < 4; k++) {
                    assertThat(next.get(i).logProbs()[k])
                            .isCloseTo(expected[next.get(i).ids()[k]], within(1e-5));
                }
                int better = 0;
                for (float logProb : expected) {
                    better += logProb > next.get(i).logProbs()[3] + 1e-5 ? 1 : 0;
                }
                assertThat(better).isLessThanOrEqualTo(3);
            }
        }
    }

    private static float[] forward(CausalLm model, int[] ids) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return model.forward(TokenBatch.pack(List.of(ids)))
                    .logSoftmax(-1)
                    .select(0, ids.length - 1)
                    .toFloats();
        }
    }

    @Test
    void greedyIsTheGeneratorsAndSoIsOneBeam() {
        try (CausalLm model = TinyBase.model(1);
                GeneratorPolicy policy = policy(model);
                Generator generator = Generator.of(model, TinyBase.tokenizer(), 1)) {
            Sampling sampling = Sampling.greedy(MOST).withStopIds(Set.of(policy.end()));
            for (int i = 0; i < problems.size(); i++) {
                int[] prompt = policy.prompt(problems.get(i).prompt());
                Completion expected =
                        generator.generate(List.of(prompt), sampling).getFirst();
                Session session = session(policy, i);
                Draft greedy = new Greedy().solve(session).draft();
                assertThat(greedy.ids()).containsExactly(expected.ids());
                assertThat(session.tokens()).isEqualTo(expected.ids().length);
                Session beam = session(policy, i);
                assertThat(new BeamSearch(1, 1).solve(beam).draft().ids()).containsExactly(expected.ids());
                assertThat(beam.tokens()).isEqualTo(expected.ids().length);
            }
        }
    }

    private List<SearchScore> scores(CausalLm model) {
        List<SearchScore> scores = new ArrayList<>();
        try (GeneratorPolicy policy = policy(model)) {
            for (Searches.Named search : Searches.parse(ALL, "log-prob")) {
                scores.add(SearchScore.of(search, policy, task, problems, MOST, (_, _) -> {}));
            }
        }
        return scores;
    }

    @Test
    void threadsAndNeighboursChangeNothing() {
        int before = Threads.count();
        try (CausalLm model = TinyBase.model(1)) {
            Threads.use(1);
            List<SearchScore> one = scores(model);
            Threads.use(2);
            List<SearchScore> two = scores(model);
            List<Searches.Named> searches = Searches.parse(ALL, "log-prob");
            for (int s = 0; s < searches.size(); s++) {
                assertThat(two.get(s).texts())
                        .as(searches.get(s).label())
                        .isEqualTo(one.get(s).texts());
                assertThat(two.get(s).tokens()).isEqualTo(one.get(s).tokens());
                long tokens = 0;
                for (int i = 0; i < problems.size(); i++) {
                    try (GeneratorPolicy alone = policy(model)) {
                        Session session = session(alone, i);
                        assertThat(searches.get(s)
                                        .search()
                                        .solve(session)
                                        .draft()
                                        .text())
                                .as("%s alone", searches.get(s).label())
                                .isEqualTo(one.get(s).texts().get(i));
                        tokens += session.tokens();
                    }
                }
                assertThat(tokens).isEqualTo(one.get(s).tokens());
            }
            assertThat(one.getLast().tokens()).isLessThanOrEqualTo(150 * 3);
        } finally {
            Threads.use(before);
        }
    }

    /// The samples of a smaller best-of-N are among those of a larger one, so that with the verifier it cannot do
    /// worse.
    @Test
    void moreSamplesNeverDoWorseUnderTheVerifier() {
        try (CausalLm model = TinyBase.model(2);
                GeneratorPolicy policy = policy(model)) {
            int last = 0;
            for (Searches.Named search : Searches.parse("best-of-1,best-of-2,best-of-4,best-of-8", "accuracy")) {
                int correct = SearchScore.of(search, policy, task, problems, MOST, (_, _) -> {})
                        .correct();
                assertThat(correct).isGreaterThanOrEqualTo(last);
                last = correct;
            }
        }
    }

    @Test
    void rejectedSamplesAreTheSameOnAnyNumberOfThreads() throws IOException {
        int before = Threads.count();
        Rewards rewards = Rewards.of("accuracy", task.accuracy());
        List<String> files = new ArrayList<>();
        try (CausalLm model = TinyBase.model(1)) {
            for (int threads = 1; threads <= 2; threads++) {
                Threads.use(threads);
                Path file = folder.resolve(threads + ".jsonl");
                try (GeneratorPolicy policy = policy(model)) {
                    new RejectionSampling(4, 1, 0, 3, MOST).write(file, policy, task, rewards, problems, (_, _) -> {});
                }
                files.add(Files.readString(file));
            }
        } finally {
            Threads.use(before);
        }
        assertThat(files.get(1)).isEqualTo(files.get(0));
    }
}
