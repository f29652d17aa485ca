package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.ChatMessage;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.ConversationEnvironment.Conversation;
import io.torrefy.posttrain.ConversationEnvironment.Reply;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Episodes of several turns: what is sampled is what is trained on, token by token.
class EpisodesTest {
    private static final int MOST = 60;

    private final Tokenizer tokenizer = TinyBase.tokenizer();
    private final CausalLm model = TinyBase.model(3);
    private final List<Problem> problems = IntStream.range(0, 6)
            .mapToObj(i -> Countdown.standard().training(1, i / 2))
            .toList();

    @AfterEach
    void close() {
        model.close();
    }

    /// Answers a number of times with what the last turn makes of it; a turn ends at an `e` or an `a`.
    private static ConversationEnvironment parrot(int replies) {
        return new ConversationEnvironment() {
            @Override
            public List<String> stopStrings() {
                return List.of("e", "a", "1", " ");
            }

            @Override
            public Conversation reset(Problem problem) {
                int[] left = {replies};
                return new Conversation() {
                    @Override
                    public List<ChatMessage> messages() {
                        return List.of(ChatMessage.user(problem.prompt()));
                    }

                    @Override
                    public Reply step(String completion) {
                        return left[0]-- == 0 ? Reply.end(completion.length()) : Reply.tool(" It is " + left[0] + ". ");
                    }
                };
            }
        };
    }

    private Sampling sampling(int most) {
        return Sampling.of(most, 1, 9).withStopIds(Set.of(Tokens.end(tokenizer)));
    }

    private List<Episode> run(List<Problem> of, RolloutPlan plan, int most, long firstStream) {
        try (Generator generator = Generator.of(model, tokenizer, 4)) {
            return new Episodes(generator, tokenizer, model.config().maxPositions(), plan)
                    .run(of, sampling(most), firstStream);
        }
    }

    private static RolloutPlan plan(ConversationEnvironment environment, int maxTurns) {
        return RolloutPlan.DEFAULT.withEnvironment(environment, maxTurns, null);
    }

    /// The log-probabilities that a plain pass over all tokens of an episode gives each of those after the prompt.
    private double[] pass(Episode episode) {
        int[] all = Tokens.joined(episode.prompt(), episode.ids());
        long[] next = new long[all.length];
        for (int t = 0; t + 1 < all.length; t++) {
            next[t] = all[t + 1];
        }
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor logits = model.forward(io.torrefy.lm.TokenBatch.pack(List.of(all)));
            double[] logProbs = CrossEntropies.tokenLogProbs(logits, Tensor.of(next, next.length), 1)
                    .logProbs()
                    .toDoubles();
            return Arrays.copyOfRange(logProbs, episode.prompt().length - 1, all.length - 1);
        }
    }

    @Test
    void whatWasSampledIsWhatIsTrainedOn() {
        List<Episode> episodes = run(problems, plan(parrot(2), 9), MOST, 0);
        assertThat(episodes).anyMatch(e -> e.turns() == 3 && !e.truncated());
        List<int[]> replies = List.of(tokenizer.encodeOrdinary(" It is 1. "), tokenizer.encodeOrdinary(" It is 0. "));
        for (Episode episode : episodes) {
            // Turns of the model, and between them the replies' tokens as they were encoded.
            List<int[]> said = runs(episode, false);
            for (int i = 0; i < said.size(); i++) {
                assertThat(said.get(i)).isEqualTo(replies.get(i));
            }
            assertThat(said).hasSize(episode.calls()).hasSizeLessThan(episode.turns() + 1);
            assertThat(runs(episode, true)).hasSize(episode.turns());
            double[] expected = pass(episode);
            for (int t = 0; t < expected.length; t++) {
                if (episode.sampled()[t]) {
                    assertThat((double) episode.logProbs()[t]).isCloseTo(expected[t], within(2e-6));
                } else {
                    assertThat(episode.logProbs()[t]).isZero();
                }
            }
        }
        // What an update takes: the same tokens, the environment's left out.
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            PackedCompletions packed = PackedCompletions.of(
                    episodes.stream().map(Episode::prompt).toList(),
                    episodes.stream().map(Episode::ids).toList(),
                    episodes.stream().map(Episode::sampled).toList());
            double[] trained = packed.logProbs(model, 1).logProbs().toDoubles();
            double[] sampled = episodes.stream()
                    .flatMapToDouble(e -> Arrays.stream(e.sampledLogProbs()))
                    .toArray();
            assertThat(trained).containsExactly(sampled, within(2e-6));
            assertThat(packed.lengths())
                    .isEqualTo(
                            episodes.stream().mapToInt(Episode::sampledTokens).toArray());
        }
    }

    /// The stretches of an episode that are the model's, or the environment's.
    private static List<int[]> runs(Episode episode, boolean sampled) {
        List<int[]> runs = new ArrayList<>();
        int from = 0;
        for (int t = 1; t <= episode.ids().length; t++) {
            if (t == episode.ids().length || episode.sampled()[t] != episode.sampled()[from]) {
                if (episode.sampled()[from] == sampled) {
                    runs.add(Arrays.copyOfRange(episode.ids(), from, t));
                }
                from = t;
            }
        }
        return runs;
    }

    /// An episode is a function of its problem and stream, whatever runs beside it; those of a group differ.
    @Test
    void anEpisodeDoesNotDependOnTheOthers() {
        RolloutPlan plan = plan(parrot(2), 9);
        List<Episode> together = run(problems, plan, MOST, 0);
        for (int i = 0; i < problems.size(); i++) {
            Episode alone = run(List.of(problems.get(i)), plan, MOST, i).getFirst();
            assertThat(alone.ids()).isEqualTo(together.get(i).ids());
            assertThat(alone.logProbs()).isEqualTo(together.get(i).logProbs());
        }
        assertThat(together.get(0).prompt()).isEqualTo(together.get(1).prompt());
        assertThat(together.get(0).ids()).isNotEqualTo(together.get(1).ids());
    }

    @ParameterizedTest
    @CsvSource({"1, 60", "2, 60", "9, 5", "9, 20", "9, 37"})
    void turnsAndTokensHaveTheirLimits(int maxTurns, int most) {
        for (Episode episode : run(problems, plan(parrot(100), maxTurns), most, 0)) {
            assertThat(episode.turns()).isBetween(1, maxTurns);
            assertThat(episode.ids().length).isBetween(1, most);
            assertThat(episode.truncated()).as("the parrot never ends it").isTrue();
            assertThat(episode.sampled()[episode.ids().length - 1])
                    .as("nothing that nobody reads")
                    .isTrue();
        }
    }

    @Test
    void theModelsPositionsAreALimitToo() {
        try (CausalLm shortOne =
                CausalLm.create(DecoderConfig.llama(tokenizer.vocabSize(), 32, 2, 2, 64, 48), Rng.of(3))) {
            try (Generator generator = Generator.of(shortOne, tokenizer, 4)) {
                for (Episode e : new Episodes(generator, tokenizer, 48, plan(parrot(100), 100))
                        .run(problems, sampling(1000), 0)) {
                    assertThat(e.prompt().length + e.ids().length).isLessThanOrEqualTo(48);
                    assertThat(e.truncated()).isTrue();
                }
            }
        }
    }

    @Test
    void rewardsOfTheEnvironmentStandBesideTheOthers() {
        Grpo.Options options = TinyBase.options(3, 1e-2, 1, 300, 0);
        Rewards rewards = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);
        try (Grpo grpo =
                Grpo.of(model, null, null, tokenizer, Countdown.standard(), rewards, options, plan(parrot(1), 2))) {
            Grpo.Step step = grpo.step(0);
            for (RunSample sample : step.samples()) {
                assertThat(sample.rewards()).containsOnlyKeys("even", "environment");
                assertThat(sample.reward())
                        .isCloseTo(
                                sample.rewards().get("even") + sample.rewards().get("environment"), within(1e-12));
            }
            assertThat(step.metrics().get(RunMetrics.TURNS)).isBetween(1.0, 2.0);
            assertThat(step.metrics().get(RunMetrics.TOOL_CALLS))
                    .isCloseTo(step.metrics().get(RunMetrics.TURNS) - 1, within(1e-12));
            assertThat(step.metrics()).containsEntry(RunMetrics.TOOL_FAILURES, 0.0);
            assertThat(step.metrics().get(RunMetrics.LOGP_DIFFERENCE_MAX)).isLessThan(2e-6);
            assertThat(step.metrics().get(RunMetrics.GRAD_NORM)).isPositive();
        }
    }

    /// How the step is cut into micro-batches changes nothing, with the environment's tokens between.
    @Test
    void microBatchesDoNotChangeTheUpdate() {
        List<double[]> norms = new ArrayList<>();
        for (int tokens : new int[] {1, 90, 1_000_000}) {
            Grpo.Options options = TinyBase.options(3, 1e-2, 1, tokens, 0);
            Rewards rewards = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);
            try (CausalLm policy = TinyBase.model(3);
                    Grpo grpo = Grpo.of(
                            policy,
                            null,
                            null,
                            tokenizer,
                            Countdown.standard(),
                            rewards,
                            options,
                            plan(parrot(1), 2))) {
                var metrics = grpo.step(0).metrics();
                norms.add(new double[] {metrics.get(RunMetrics.LOSS), metrics.get(RunMetrics.GRAD_NORM)});
            }
        }
        assertThat(norms.get(0)).containsExactly(norms.get(2), within(1e-5));
        assertThat(norms.get(1)).containsExactly(norms.get(2), within(1e-5));
    }

    /// What an environment pays for in the second turn is learned, its own words before it being no obstacle: the
    /// share of even characters rises from about a half.
    @Test
    void itLearnsFromWhatAnEnvironmentPays() {
        ConversationEnvironment paying = problem -> new Conversation() {
            private int turn;

            @Override
            public List<ChatMessage> messages() {
                return List.of(ChatMessage.user(problem.prompt()));
            }

            @Override
            public Reply step(String completion) {
                double even = completion.chars().filter(c -> (c & 1) == 0).count();
                return turn++ == 0 ? Reply.tool(" Go on: ") : Reply.end(even / Math.max(1, completion.length()));
            }
        };
        // A turn is two tokens or so: it ends at any of the commonest letters.
        ConversationEnvironment brief = new ConversationEnvironment() {
            @Override
            public List<String> stopStrings() {
                return List.of("e", "a", "o", "n", "s", "t", "1", "2", "3", " ");
            }

            @Override
            public Conversation reset(Problem problem) {
                return paying.reset(problem);
            }
        };
        Grpo.Options options = new Grpo.Options(
                60,
                4,
                8,
                MOST,
                1,
                0.02,
                0,
                true,
                1,
                Advantages.Scale.GROUP,
                GrpoLoss.Options.defaults().withMaxCompletionLength(MOST),
                1,
                4096,
                5);
        double[] paid = new double[60];
        try (Grpo grpo = Grpo.of(
                model,
                null,
                null,
                tokenizer,
                Countdown.standard(),
                Rewards.of("nothing", (_, _) -> 0),
                options,
                plan(brief, 2))) {
            for (int step = 0; step < paid.length; step++) {
                paid[step] = grpo.step(step).metrics().get("rewards/environment");
            }
        }
        assertThat(Arrays.stream(paid, 0, 5).average().orElseThrow()).isLessThan(0.6);
        assertThat(Arrays.stream(paid, 55, 60).average().orElseThrow()).isGreaterThan(0.85);
    }

    @Test
    void anEnvironmentThatFailsIsNamed() {
        ConversationEnvironment broken = problem -> new Conversation() {
            @Override
            public List<ChatMessage> messages() {
                return List.of(ChatMessage.user(problem.prompt()));
            }

            @Override
            public Reply step(String completion) {
                throw new IllegalArgumentException("no such square");
            }
        };
        List<Problem> one = List.of(problems.getFirst());
        assertThatThrownBy(() -> {
                    for (int stream = 0; stream < 200; stream++) {
                        run(one, plan(broken, 3), MOST, stream);
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                        "[environment]", "turn 1", one.getFirst().id(), "no such square", "Hint");
        assertThatThrownBy(() -> new Reply(List.of(), false, 0, false)).hasMessageContaining("0 messages, done false");
        assertThatThrownBy(() -> Reply.end(Double.NaN)).hasMessageContaining("reward NaN");
    }

    // ---- chat templates --------------------------------------------------------------------------------------------

    /// With a template that shows earlier turns as they were, an episode's tokens are the text of the whole
    /// conversation, though only what is new was ever rendered.
    @Test
    void repliesAreWhatTheTemplateWrites() {
        Tokenizer chat = BpeTrainer.of(330)
                .endOfText("<|im_end|>")
                .added("<|im_start|>")
                .train(Corpus.standard().documents(1).limit(200).map(Corpus.Document::text)::iterator)
                .tokenizer();
        ConversationTokens tokens = new ConversationTokens(chat, ChatTemplate.chatMl());
        List<ChatMessage> begin = List.of(ChatMessage.system("Count."), ChatMessage.user("Numbers: 1 2."));
        ChatMessage tool = new ChatMessage("tool", "7 <|im_end|> 8");
        for (boolean ended : new boolean[] {true, false}) {
            int[] ids = Tokens.joined(tokens.begin(begin), chat.encode("3 + 4"));
            if (ended) {
                ids = Tokens.joined(ids, new int[] {Tokens.end(chat)});
            }
            int[] reply = tokens.reply(begin, List.of(tool), ended);
            List<ChatMessage> all = new ArrayList<>(begin);
            all.add(ChatMessage.assistant("3 + 4"));
            all.add(tool);
            assertThat(chat.decode(Tokens.joined(ids, reply)))
                    .isEqualTo(ChatTemplate.chatMl().render(all, true));
            // The text of a tool ends no turn: of the end tokens one is the tool's, one the model's unless it wrote it.
            assertThat(Arrays.stream(reply).filter(id -> id == Tokens.end(chat)).count())
                    .isEqualTo(ended ? 1 : 2);
        }
        ConversationTokens deaf =
                new ConversationTokens(chat, ChatTemplate.of("{{ messages[0].content }}{{ messages[1].content }}"));
        assertThatThrownBy(() -> deaf.reply(begin, List.of(tool), true))
                .isInstanceOf(RunException.class)
                .hasMessageContainingAll("template", "tool", "Hint");
    }

    // ---- the calculator --------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<calc> 3 * ( 7 + 2 ) </calc>            | <result> 27 </result>                | false",
                "so <calc>7/2</calc>                     | <result> 7/2 </result>               | false",
                "<calc>1</calc> no <calc>2-5</calc>      | <result> -3 </result>                | false",
                "<calc>1/(2-2)</calc>                    | <result> error: division by zero </result> | true",
            })
    void theCalculatorAnswersCalls(String turn, String answer, boolean failed) {
        Reply reply = Calculator.of().reset(problems.getFirst()).step(turn);
        assertThat(reply.messages()).containsExactly(new ChatMessage("tool", answer));
        assertThat(reply.failed()).isEqualTo(failed);
        assertThat(reply.done()).isFalse();
    }

    @Test
    void theCalculatorSaysWhatItCannotRead() {
        Conversation conversation = Calculator.of().reset(problems.getFirst());
        Reply reply = conversation.step("<calc> 2 + x3 </calc>");
        assertThat(reply.failed()).isTrue();
        assertThat(reply.messages().getFirst().content())
                .startsWith("<result> error: ")
                .endsWith(" </result>");
        assertThat(conversation.step("<answer> 2 </answer>").done()).isTrue();
        assertThat(conversation.step("</calc> <calc>").done()).isTrue();
        assertThat(conversation.messages())
                .containsExactly(ChatMessage.user(problems.getFirst().prompt()));
    }
}
