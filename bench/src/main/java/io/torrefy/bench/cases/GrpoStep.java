package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Advantages;
import io.torrefy.posttrain.Grpo;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Verdict;
import io.torrefy.tensor.Rng;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// A whole step of [Grpo]: rollout, rewards, advantages, loss, AdamW. `bench/peers/grpo.py` does the same with TRL and
/// says in what the two differ; a unit of work is a generated token.
///
/// The numbers in the arguments are those of the peer (`hidden`, `layers`, `heads`, `intermediate`, `vocab`,
/// `positions`,
/// `prompts`, `generations`, `new`), each with the peer's default; `microTokens` bounds a micro-batch in tokens;
/// `tokenizer` is a folder with `tokenizer.json`, `models/base` where none is named. Weights are random, and no token
/// ends a completion.
public final class GrpoStep implements Case {
    private static final long SEED = 1;

    private final CausalLm policy;
    private final Grpo grpo;
    private final int prompts;
    private final int generations;
    private final int fresh;
    private final Map<String, Double> seconds = new TreeMap<>();
    private long step;

    public GrpoStep(JsonNode args, int threads) {
        prompts = args.path("prompts").asInt(8);
        generations = args.path("generations").asInt(8);
        fresh = args.path("new").asInt(64);
        DecoderConfig shape = DecoderConfig.llama(
                args.path("vocab").asInt(512),
                args.path("hidden").asInt(192),
                args.path("layers").asInt(4),
                args.path("heads").asInt(6),
                args.path("intermediate").asInt(448),
                args.path("positions").asInt(256));
        Tokenizer tokenizer = new Endless(
                BpeTokenizer.load(Path.of(args.path("tokenizer").asText(home() + "/models/base"))), shape.vocab());
        policy = CausalLm.create(shape, Rng.of(SEED));
        grpo = Grpo.of(
                policy,
                null,
                tokenizer,
                new Numbers(),
                Rewards.of("even", (_, text) -> even(text)),
                new Grpo.Options(
                        1_000_000,
                        prompts,
                        generations,
                        fresh,
                        1,
                        1e-5,
                        0,
                        false,
                        1,
                        Advantages.Scale.GROUP,
                        GrpoLoss.Options.defaults(),
                        1,
                        args.path("microTokens").asInt(8192),
                        SEED));
        expect(grpo.step(step++));
    }

    private static String home() {
        return System.getProperty("torrefy.home", ".");
    }

    /// The share of even characters: groups differ, and nothing else about it matters.
    private static double even(String text) {
        return (double) text.chars().filter(c -> (c & 1) == 0).count() / Math.max(1, text.length());
    }

    /// Once: the work is what was asked for.
    private void expect(Grpo.Step done) {
        int tokens = done.samples().stream().mapToInt(RunSample::tokens).sum();
        boolean signal = done.metrics().getOrDefault("frac_reward_zero_std", 1.0) == 0;
        if (tokens != prompts * generations * fresh || !signal) {
            throw new IllegalStateException("[grpo] expected " + prompts * generations * fresh
                    + " new tokens and a signal in every group; got " + tokens + " and " + done.metrics());
        }
    }

    @Override
    public Work work() {
        return new Work((double) prompts * generations * fresh, "tokens");
    }

    @Override
    public void run() {
        grpo.step(step++).metrics().forEach((name, value) -> {
            if (name.startsWith("time/")) {
                seconds.merge(name, value, Double::sum);
            }
        });
    }

    /// Seconds of all runs so far by the parts of a step.
    public Map<String, Double> seconds() {
        return Map.copyOf(seconds);
    }

    @Override
    public void close() {
        grpo.close();
        policy.close();
    }

    /// The peer's problems: short prompts of one form, which any answer may follow.
    private static final class Numbers implements Task {
        @Override
        public String name() {
            return "numbers";
        }

        @Override
        public Problem training(long seed, long index) {
            int i = (int) (index % 1024);
            String prompt = "Numbers: %d %d %d. Target: %d.\n"
                    .formatted(1 + i % 9, 1 + i * 5 % 9, 1 + i * 7 % 9, 10 + i * 37 % 89);
            return new Problem(String.valueOf(i), prompt, "");
        }

        @Override
        public List<Problem> heldOut(int count) {
            return List.of();
        }

        @Override
        public Verdict verify(Problem problem, String completion) {
            return new Verdict(Verdict.Outcome.NO_ANSWER, "", "any text will do");
        }
    }

    /// A tokenizer whose end token is one that the model has no row for: what it draws never ends.
    private record Endless(Tokenizer base, int never) implements Tokenizer {
        @Override
        public OptionalInt bosId() {
            return base.eosId();
        }

        @Override
        public OptionalInt eosId() {
            return OptionalInt.of(never);
        }

        @Override
        public int[] stopIds() {
            return new int[] {never};
        }

        @Override
        public int[] encode(String text) {
            return base.encode(text);
        }

        @Override
        public int[] encodeWithSpecials(String text) {
            return base.encodeWithSpecials(text);
        }

        @Override
        public int[] encodeOrdinary(String text) {
            return base.encodeOrdinary(text);
        }

        @Override
        public String decode(int[] ids, boolean skipSpecial) {
            return base.decode(ids, skipSpecial);
        }

        @Override
        public Stream stream(boolean skipSpecial) {
            return base.stream(skipSpecial);
        }

        @Override
        public OptionalInt tokenToId(String token) {
            return base.tokenToId(token);
        }

        @Override
        public Optional<String> idToToken(int id) {
            return base.idToToken(id);
        }

        @Override
        public boolean isSpecial(int id) {
            return base.isSpecial(id);
        }

        @Override
        public int vocabSize() {
            return base.vocabSize();
        }

        @Override
        public int highestId() {
            return base.highestId();
        }

        @Override
        public OptionalInt padId() {
            return base.padId();
        }
    }
}
