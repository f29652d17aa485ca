package io.torrefy.lm;

import io.torrefy.export.Export;
import io.torrefy.nn.KvCache;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.TokenChoice;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Batched generation with a key-value cache and continuous batching: a sequence that ends gives its slot to the next
/// in the queue, in the same step. Equal prompts that come together (the samples of one group) are read once. Prompts
/// are read by the model's modules; tokens after them come from a [DecodeEngine], which gives the same bits.
@Export(value = "lm.Generator", since = "0.1")
public final class Generator implements AutoCloseable {
    private final CausalLm model;
    private final @Nullable Tokenizer tokenizer;
    private final int slots;
    private final PackedWeights.Format weights;
    private final boolean modulesOnly;
    private List<KvCache> caches = List.of();
    private @Nullable DecodeEngine engine;
    private int capacity;

    private Generator(
            CausalLm model,
            @Nullable Tokenizer tokenizer,
            int slots,
            PackedWeights.Format weights,
            boolean modulesOnly) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.slots = slots;
        this.weights = weights;
        this.modulesOnly = modulesOnly;
    }

    /// A generator of at most `slots` sequences at a time.
    ///
    /// @param tokenizer needed for stop strings only
    public static Generator of(CausalLm model, @Nullable Tokenizer tokenizer, int slots) {
        return of(model, tokenizer, slots, PackedWeights.Format.F32);
    }

    /// The same with the weights of decoding kept in another format; prompts are read with the model's own. BF16
    /// halves and INT8 quarters the memory that a token reads, which is what its time goes by where few sequences
    /// decode at once.
    ///
    /// @param weights F32 gives the model's own log-probabilities, the others near ones
    public static Generator of(CausalLm model, @Nullable Tokenizer tokenizer, int slots, PackedWeights.Format weights) {
        if (slots < 1) {
            throw new IllegalArgumentException("[generator] expected at least one slot; got " + slots);
        }
        return new Generator(model, tokenizer, slots, weights, false);
    }

    /// One that decodes by the model's modules, as where there is no [DecodeEngine]: what that is held against.
    static Generator ofModules(CausalLm model, int slots) {
        return new Generator(model, null, slots, PackedWeights.Format.F32, true);
    }

    /// Told of every token as it is chosen.
    @FunctionalInterface
    public interface Listener {
        void token(int prompt, int id);
    }

    /// A prompt with a random stream and a limit of its own: what a search goes on from.
    ///
    /// @param stream of its draws, which begin at position 0
    /// @param maxNewTokens at most so many, and no more than [Sampling#maxNewTokens]
    public record Prompt(int[] ids, long stream, int maxNewTokens) {}

    /// A sequence being generated.
    private static final class Sequence {
        final int index;
        final int[] prompt;
        final long stream;
        final int slot;
        final int[] ids;
        final float[] logProbs;
        final @Nullable StopWatch stop;
        int count;

        Sequence(int index, Prompt from, int slot, int most, @Nullable StopWatch stop) {
            this.index = index;
            this.prompt = from.ids;
            this.stream = from.stream;
            this.slot = slot;
            this.ids = new int[most];
            this.logProbs = new float[most];
            this.stop = stop;
        }

        int length() {
            return prompt.length + count;
        }

        void take(int id, float logProb, Listener listener) {
            if (!Float.isFinite(logProb)) {
                throw new IllegalStateException("[generate] expected finite logits; got a log-probability of " + logProb
                        + " at new token " + count + " of prompt " + index
                        + ". Hint: the weights are damaged, or have grown beyond float32 in training.");
            }
            ids[count] = id;
            logProbs[count++] = logProb;
            listener.token(index, id);
        }

        /// Why it ends with its last token; null if it does not.
        Completion.@Nullable Finish finish(BitSet stops) {
            int last = ids[count - 1];
            if (stops.get(last)) {
                return Completion.Finish.STOP;
            }
            if (stop != null && stop.seen(last)) {
                return Completion.Finish.STOP_STRING;
            }
            return count == ids.length ? Completion.Finish.LENGTH : null;
        }

        Completion completion(Completion.Finish finish) {
            return new Completion(Arrays.copyOf(ids, count), Arrays.copyOf(logProbs, count), finish);
        }
    }

    /// One completion for each prompt, in order. Sample `i` draws from stream `i`.
    public List<Completion> generate(List<int[]> prompts, Sampling sampling) {
        return generate(prompts, sampling, 0, (_, _) -> {});
    }

    /// @param firstStream the random stream of the first prompt; the others follow
    /// @throws IllegalArgumentException for an empty prompt or one too long for the model
    public List<Completion> generate(List<int[]> prompts, Sampling sampling, long firstStream, Listener listener) {
        List<Prompt> each = new ArrayList<>(prompts.size());
        for (int i = 0; i < prompts.size(); i++) {
            each.add(new Prompt(prompts.get(i), firstStream + i, sampling.maxNewTokens()));
        }
        return generateEach(each, sampling, listener);
    }

    /// One completion for each prompt, in order, each from its own stream and up to its own limit. What comes of
    /// one does not depend on the others.
    ///
    /// @throws IllegalArgumentException for an empty prompt or one too long for the model, or a limit below 1
    public List<Completion> generateEach(List<Prompt> prompts, Sampling sampling, Listener listener) {
        int most = check(prompts, sampling);
        if (prompts.isEmpty()) {
            return List.of();
        }
        Completion[] done = new Completion[prompts.size()];
        Deque<Integer> free = new ArrayDeque<>();
        for (int slot = 0; slot < Math.min(slots, prompts.size()); slot++) {
            free.add(slot);
        }
        List<Sequence> active = new ArrayList<>();
        int next = 0;
        TokenChoice choice = sampling.choice();
        BitSet stops = new BitSet();
        sampling.stopIds().stream().filter(id -> id >= 0).forEach(stops::set);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            reserve(Math.min(slots, prompts.size()), most);
            while (next < prompts.size() || !active.isEmpty()) {
                if (free.isEmpty() || next == prompts.size()) {
                    decode(active, choice, listener);
                    retire(active, stops, free, done);
                    continue;
                }
                List<Sequence> fresh = new ArrayList<>();
                while (next < prompts.size() && !free.isEmpty()) {
                    Prompt prompt = prompts.get(next);
                    int room = room(prompt, sampling);
                    fresh.add(new Sequence(next++, prompt, free.remove(), room, StopWatch.of(tokenizer, sampling)));
                }
                prefill(fresh, choice, listener);
                retire(fresh, stops, free, done);
                active.addAll(fresh);
            }
        }
        return List.of(done);
    }

    private int room(Prompt prompt, Sampling sampling) {
        int most = Math.min(sampling.maxNewTokens(), prompt.maxNewTokens);
        return Math.min(most, model.config().maxPositions() - prompt.ids.length);
    }

    private int check(List<Prompt> prompts, Sampling sampling) {
        if (!sampling.stopStrings().isEmpty() && tokenizer == null) {
            throw new IllegalArgumentException("[generate] expected a tokenizer, to find stop strings; got none");
        }
        int longest = 0;
        for (int i = 0; i < prompts.size(); i++) {
            Prompt prompt = prompts.get(i);
            int n = prompt.ids.length;
            if (n == 0 || n >= model.config().maxPositions()) {
                throw new IllegalArgumentException("[generate] expected prompts of 1 to "
                        + (model.config().maxPositions() - 1) + " tokens; got " + n + " at " + i);
            }
            if (prompt.maxNewTokens < 1) {
                throw new IllegalArgumentException("[generate] expected a limit of at least one new token; got "
                        + prompt.maxNewTokens + " at " + i);
            }
            longest = Math.max(longest, n + room(prompt, sampling));
        }
        return longest;
    }

    private void reserve(int count, int length) {
        if (caches.isEmpty() || capacity < length || caches.getFirst().slots() < count) {
            close();
            DecoderConfig c = model.config();
            capacity = (length + 15) / 16 * 16;
            List<KvCache> made = new ArrayList<>();
            for (int layer = 0; layer < c.layers(); layer++) {
                made.add(KvCache.of(count, capacity, c.kvHeads(), c.headDim()));
            }
            caches = made;
        }
        if (engine != null && !engine.current()) {
            engine.close();
            engine = null;
        }
        if (engine == null && !modulesOnly && !caches.isEmpty()) {
            engine = DecodeEngine.of(model, caches, caches.getFirst().slots(), weights);
        }
    }

    /// Reads the prompts of new sequences, each different one once, and chooses their first tokens.
    private void prefill(List<Sequence> fresh, TokenChoice choice, Listener listener) {
        List<int[]> distinct = new ArrayList<>();
        List<Sequence> leaders = new ArrayList<>();
        Map<IntBuffer, Integer> seen = new HashMap<>();
        int[] promptOf = new int[fresh.size()];
        for (int i = 0; i < fresh.size(); i++) {
            Sequence s = fresh.get(i);
            Integer known = seen.putIfAbsent(IntBuffer.wrap(s.prompt), distinct.size());
            if (known == null) {
                promptOf[i] = distinct.size();
                distinct.add(s.prompt);
                leaders.add(s);
            } else {
                promptOf[i] = known;
            }
        }
        try (Scope _ = Scope.open()) {
            TokenBatch packed = TokenBatch.pack(distinct);
            long[] rows = new long[packed.tokens()];
            int[] leaderSlots = new int[distinct.size()];
            int[] lengths = new int[distinct.size()];
            for (int p = 0; p < distinct.size(); p++) {
                leaderSlots[p] = leaders.get(p).slot;
                lengths[p] = distinct.get(p).length;
                for (int i = 0; i < lengths[p]; i++) {
                    rows[packed.offsets()[p] + i] = (long) leaderSlots[p] * capacity + i;
                }
            }
            Tensor hidden = model.hidden(new TokenBatch(
                    packed.ids(),
                    packed.positions(),
                    packed.offsets(),
                    packed.longest(),
                    new TokenBatch.Cache(caches, Tensor.of(rows, rows.length), leaderSlots, lengths, false)));
            share(fresh, promptOf, leaderSlots, lengths);
            long[] last = new long[fresh.size()];
            for (int i = 0; i < last.length; i++) {
                last[i] = packed.offsets()[promptOf[i] + 1] - 1L;
            }
            choose(fresh, model.logits(hidden.indexSelect(0, Tensor.of(last, last.length))), choice, listener);
        }
    }

    private void share(List<Sequence> fresh, int[] promptOf, int[] leaderSlots, int[] lengths) {
        for (int p = 0; p < leaderSlots.length; p++) {
            int leader = leaderSlots[p];
            int prompt = p;
            int[] followers = java.util.stream.IntStream.range(0, fresh.size())
                    .filter(i -> promptOf[i] == prompt && fresh.get(i).slot != leader)
                    .map(i -> fresh.get(i).slot)
                    .toArray();
            for (KvCache cache : caches) {
                cache.share(leader, followers, lengths[p]);
            }
        }
    }

    /// One token for every active sequence.
    private void decode(List<Sequence> active, TokenChoice choice, Listener listener) {
        if (engine == null) {
            decodeByModules(active, choice, listener);
            return;
        }
        for (int i = 0; i < active.size(); i++) {
            Sequence s = active.get(i);
            engine.row(i, s.ids[s.count - 1], s.length() - 1, s.slot, s.stream, s.count);
        }
        engine.step(active.size(), choice);
        for (int i = 0; i < active.size(); i++) {
            active.get(i).take(engine.chosen(i), engine.logProb(i), listener);
        }
    }

    private void decodeByModules(List<Sequence> active, TokenChoice choice, Listener listener) {
        int n = active.size();
        long[] ids = new long[n];
        long[] positions = new long[n];
        long[] rows = new long[n];
        int[] slot = new int[n];
        int[] lengths = new int[n];
        int[] offsets = new int[n + 1];
        int longest = 1;
        for (int i = 0; i < n; i++) {
            Sequence s = active.get(i);
            ids[i] = s.ids[s.count - 1];
            positions[i] = s.length() - 1L;
            slot[i] = s.slot;
            lengths[i] = s.length();
            rows[i] = (long) s.slot * capacity + s.length() - 1;
            offsets[i + 1] = i + 1;
            longest = Math.max(longest, s.length());
        }
        try (Scope _ = Scope.open()) {
            TokenBatch batch = new TokenBatch(
                    Tensor.of(ids, n),
                    Tensor.of(positions, n),
                    offsets,
                    longest,
                    new TokenBatch.Cache(caches, Tensor.of(rows, n), slot, lengths, true));
            choose(active, model.forward(batch), choice, listener);
        }
    }

    private void choose(List<Sequence> sequences, Tensor logits, TokenChoice choice, Listener listener) {
        long[] streams = new long[sequences.size()];
        int[] draws = new int[streams.length];
        for (int i = 0; i < streams.length; i++) {
            streams[i] = sequences.get(i).stream;
            draws[i] = sequences.get(i).count;
        }
        TokenChoice.Chosen chosen = choice.choose(logits, streams, draws);
        for (int i = 0; i < streams.length; i++) {
            sequences.get(i).take(chosen.ids()[i], chosen.logProbs()[i], listener);
        }
    }

    /// Takes the sequences that have ended out of the list.
    private static void retire(List<Sequence> sequences, BitSet stops, Deque<Integer> free, Completion[] done) {
        int kept = 0;
        for (int i = 0; i < sequences.size(); i++) {
            Sequence s = sequences.get(i);
            Completion.Finish finish = s.finish(stops);
            if (finish == null) {
                sequences.set(kept++, s);
            } else {
                done[s.index] = s.completion(finish);
                free.add(s.slot);
            }
        }
        for (int i = sequences.size() - 1; i >= kept; i--) {
            sequences.remove(i);
        }
    }

    /// Frees the caches and packed weights; the next call makes new ones.
    @Override
    public void close() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
        caches.forEach(KvCache::close);
        caches = List.of();
    }
}
