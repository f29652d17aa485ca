package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.TokenBatch;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Tokens;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A language model as a policy, through the same [Generator] and weights that roll out and serve. Equal prefixes of a
/// call are read once; going on from a partial text is a longer prompt.
///
/// [#next] keeps no cache: what was written after the prompt is read anew for every token, which for answers of some
/// hundred tokens costs less than it sounds (the prompt is shared) and for long ones more.
@Export(value = "posttrain.search.GeneratorPolicy", since = "0.1")
public final class GeneratorPolicy implements Policy, AutoCloseable {
    /// Tokens of one forward pass of [#next].
    private static final int MOST_TOKENS = 8192;

    private final CausalLm model;
    private final Tokenizer tokenizer;
    private final Generator generator;
    private final long seed;
    private final int end;

    private GeneratorPolicy(CausalLm model, Tokenizer tokenizer, int slots, long seed) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.seed = seed;
        generator = Generator.of(model, tokenizer, slots);
        end = Tokens.end(tokenizer);
    }

    /// @param slots sequences that decode at a time
    /// @param seed of all draws
    public static GeneratorPolicy of(CausalLm model, Tokenizer tokenizer, int slots, long seed) {
        return new GeneratorPolicy(model, tokenizer, slots, seed);
    }

    /// What one call of the generator has in common.
    private record Kind(double temperature, String separator) {}

    @Override
    public List<Completion> sample(List<Ask> asks) {
        Map<Kind, List<Integer>> kinds = new LinkedHashMap<>();
        for (int i = 0; i < asks.size(); i++) {
            Kind kind = new Kind(asks.get(i).temperature(), asks.get(i).separator());
            kinds.computeIfAbsent(kind, _ -> new ArrayList<>()).add(i);
        }
        Completion[] answers = new Completion[asks.size()];
        kinds.forEach((kind, members) -> {
            List<Completion> done =
                    generate(kind, members.stream().map(asks::get).toList());
            for (int i = 0; i < members.size(); i++) {
                answers[members.get(i)] = done.get(i);
            }
        });
        return List.of(answers);
    }

    private List<Completion> generate(Kind kind, List<Ask> asks) {
        int most = asks.stream().mapToInt(Ask::maxNewTokens).max().orElse(1);
        Sampling sampling = Sampling.of(most, kind.temperature, seed).withStopIds(Set.of(end));
        return generator.generateEach(
                asks.stream()
                        .map(ask -> new Generator.Prompt(ask.prefix(), ask.stream(), ask.maxNewTokens()))
                        .toList(),
                kind.separator.isEmpty() ? sampling : sampling.withStopStrings(List.of(kind.separator)),
                (_, _) -> {});
    }

    @Override
    public List<Next> next(List<Place> places, int k) {
        List<Next> found = new ArrayList<>();
        int from = 0;
        while (from < places.size()) {
            int to = from;
            int tokens = 0;
            while (to < places.size() && (to == from || tokens < MOST_TOKENS)) {
                tokens += places.get(to).prompt().length + places.get(to).written().length;
                to++;
            }
            found.addAll(forward(places.subList(from, to), k));
            from = to;
        }
        return found;
    }

    private List<Next> forward(List<Place> places, int k) {
        List<int[]> prompts = new ArrayList<>();
        Map<IntBuffer, Integer> known = new HashMap<>();
        List<int[]> continuations = new ArrayList<>();
        List<Integer> promptOf = new ArrayList<>();
        int[] sequence = new int[places.size()]; // a prompt, or ~ a continuation
        for (int i = 0; i < sequence.length; i++) {
            int[] prompt = places.get(i).prompt();
            int p = known.computeIfAbsent(IntBuffer.wrap(prompt), _ -> {
                prompts.add(prompt);
                return prompts.size() - 1;
            });
            sequence[i] = p;
            if (places.get(i).written().length > 0) {
                sequence[i] = ~continuations.size();
                continuations.add(places.get(i).written());
                promptOf.add(p);
            }
        }
        try (Autograd.Mode _ = Autograd.noGrad();
                Scope _ = Scope.open()) {
            TokenBatch batch = TokenBatch.fork(
                    prompts,
                    continuations,
                    promptOf.stream().mapToInt(Integer::intValue).toArray());
            long[] last = Arrays.stream(sequence)
                    .mapToLong(s -> batch.offsets()[(s >= 0 ? s : prompts.size() + ~s) + 1] - 1L)
                    .toArray();
            Tensor hidden = model.hidden(batch).indexSelect(0, Tensor.of(last, last.length));
            float[] logits = model.logits(hidden).toFloats();
            List<Next> next = new ArrayList<>();
            for (int i = 0; i < last.length; i++) {
                next.add(most(logits, i * (logits.length / last.length), logits.length / last.length, k));
            }
            return next;
        }
    }

    /// The `k` greatest of `n` logits from `from` on.
    static Next most(float[] logits, int from, int n, int k) {
        int[] ids = new int[Math.min(k, n)];
        int held = 0;
        double greatest = Double.NEGATIVE_INFINITY;
        for (int id = 0; id < n; id++) {
            float logit = logits[from + id];
            greatest = Math.max(greatest, logit);
            if (held == ids.length && logit <= logits[from + ids[held - 1]]) {
                continue;
            }
            int at = held < ids.length ? held++ : held - 1;
            while (at > 0 && logits[from + ids[at - 1]] < logit) {
                ids[at] = ids[at - 1];
                at--;
            }
            ids[at] = id;
        }
        double sum = 0;
        for (int id = 0; id < n; id++) {
            sum += Math.exp(logits[from + id] - greatest);
        }
        double logSum = greatest + Math.log(sum);
        return new Next(
                ids,
                Arrays.stream(ids).mapToDouble(id -> logits[from + id] - logSum).toArray());
    }

    @Override
    public int[] prompt(String text) {
        return Tokens.prompt(tokenizer, text);
    }

    @Override
    public String text(int[] ids) {
        return tokenizer.decode(ids, true);
    }

    @Override
    public int end() {
        return end;
    }

    @Override
    public int maxPositions() {
        return model.config().maxPositions();
    }

    @Override
    public void close() {
        generator.close();
    }
}
