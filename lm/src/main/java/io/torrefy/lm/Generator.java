package io.torrefy.lm;

import io.torrefy.nn.KvCache;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Batched generation with a key-value cache and continuous batching: a sequence that ends gives its slot to the next
/// in the queue, in the same step. Prompts that follow each other and are equal (the samples of one group) are read
/// once. The weights are the model's own; nothing is copied.
public final class Generator implements AutoCloseable {
    private final CausalLm model;
    private final @Nullable Tokenizer tokenizer;
    private final int slots;
    private List<KvCache> caches = List.of();
    private int capacity;

    private Generator(CausalLm model, @Nullable Tokenizer tokenizer, int slots) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.slots = slots;
    }

    /// A generator of at most `slots` sequences at a time.
    ///
    /// @param tokenizer needed for stop strings only
    public static Generator of(CausalLm model, @Nullable Tokenizer tokenizer, int slots) {
        if (slots < 1) {
            throw new IllegalArgumentException("[generator] expected at least one slot; got " + slots);
        }
        return new Generator(model, tokenizer, slots);
    }

    /// Told of every token as it is chosen.
    @FunctionalInterface
    public interface Listener {
        void token(int prompt, int id);
    }

    /// A sequence being generated.
    private static final class Sequence {
        final int index;
        final int[] prompt;
        final int slot;
        final int[] ids;
        final float[] logProbs;
        final @Nullable StopWatch stop;
        int count;

        Sequence(int index, int[] prompt, int slot, int most, @Nullable StopWatch stop) {
            this.index = index;
            this.prompt = prompt;
            this.slot = slot;
            this.ids = new int[most];
            this.logProbs = new float[most];
            this.stop = stop;
        }

        int length() {
            return prompt.length + count;
        }
    }

    /// One completion for each prompt, in order. Sample `i` draws from stream `i`.
    public List<Completion> generate(List<int[]> prompts, Sampling sampling) {
        return generate(prompts, sampling, 0, (_, _) -> {});
    }

    /// @param firstStream the random stream of the first prompt; the others follow
    /// @throws IllegalArgumentException for an empty prompt or one too long for the model
    public List<Completion> generate(List<int[]> prompts, Sampling sampling, long firstStream, Listener listener) {
        int most = check(prompts, sampling);
        Completion[] done = new Completion[prompts.size()];
        Deque<Integer> free = new ArrayDeque<>();
        for (int slot = 0; slot < Math.min(slots, prompts.size()); slot++) {
            free.add(slot);
        }
        List<Sequence> active = new ArrayList<>();
        int next = 0;
        try (Autograd.Mode _ = Autograd.noGrad()) {
            reserve(Math.min(slots, prompts.size()), most);
            while (next < prompts.size() || !active.isEmpty()) {
                List<Sequence> fresh = new ArrayList<>();
                while (next < prompts.size() && !free.isEmpty()) {
                    int[] prompt = prompts.get(next);
                    int room = Math.min(sampling.maxNewTokens(), model.config().maxPositions() - prompt.length);
                    fresh.add(new Sequence(next++, prompt, free.remove(), room, StopWatch.of(tokenizer, sampling)));
                }
                if (!fresh.isEmpty()) {
                    prefill(fresh, sampling, firstStream, listener);
                    retire(fresh, sampling, free, done);
                    active.addAll(fresh);
                } else {
                    decode(active, sampling, firstStream, listener);
                    retire(active, sampling, free, done);
                }
            }
        }
        return List.of(done);
    }

    private int check(List<int[]> prompts, Sampling sampling) {
        if (!sampling.stopStrings().isEmpty() && tokenizer == null) {
            throw new IllegalArgumentException("[generate] expected a tokenizer, to find stop strings; got none");
        }
        int longest = 0;
        for (int i = 0; i < prompts.size(); i++) {
            int n = prompts.get(i).length;
            if (n == 0 || n >= model.config().maxPositions()) {
                throw new IllegalArgumentException("[generate] expected prompts of 1 to "
                        + (model.config().maxPositions() - 1) + " tokens; got " + n + " at " + i);
            }
            longest = Math.max(longest, n);
        }
        return Math.min(longest + sampling.maxNewTokens(), model.config().maxPositions());
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
    }

    /// Reads the prompts of new sequences, each different one once, and chooses their first tokens.
    private void prefill(List<Sequence> fresh, Sampling sampling, long firstStream, Listener listener) {
        List<int[]> distinct = new ArrayList<>();
        List<Sequence> leaders = new ArrayList<>();
        int[] promptOf = new int[fresh.size()];
        for (int i = 0; i < fresh.size(); i++) {
            Sequence s = fresh.get(i);
            if (distinct.isEmpty() || !Arrays.equals(distinct.getLast(), s.prompt)) {
                distinct.add(s.prompt);
                leaders.add(s);
            }
            promptOf[i] = distinct.size() - 1;
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
            choose(
                    fresh,
                    model.logits(hidden.indexSelect(0, Tensor.of(last, last.length))),
                    sampling,
                    firstStream,
                    listener);
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
    private void decode(List<Sequence> active, Sampling sampling, long firstStream, Listener listener) {
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
            choose(active, model.forward(batch), sampling, firstStream, listener);
        }
    }

    private void choose(
            List<Sequence> sequences, Tensor logits, Sampling sampling, long firstStream, Listener listener) {
        int vocab = (int) logits.size(1);
        double temperature = sampling.temperature() == 0 ? 1 : sampling.temperature();
        Tensor scaled = temperature == 1 ? logits : logits.div(temperature);
        float[] logProbs = scaled.logSoftmax(-1).toFloats();
        // The greatest is the same of both.
        float[] weights =
                sampling.temperature() == 0 ? logProbs : scaled.softmax(-1).toFloats();
        for (int i = 0; i < sequences.size(); i++) {
            Sequence s = sequences.get(i);
            int id = sampling.choose(weights, i * vocab, vocab, firstStream + s.index, s.count);
            s.ids[s.count] = id;
            s.logProbs[s.count] = logProbs[i * vocab + id];
            if (!Float.isFinite(s.logProbs[s.count])) {
                throw new IllegalStateException("[generate] expected finite logits; got a log-probability of "
                        + s.logProbs[s.count] + " at new token " + s.count + " of prompt " + s.index
                        + ". Hint: the weights are damaged, or have grown beyond float32 in training.");
            }
            s.count++;
            listener.token(s.index, id);
        }
    }

    private static void retire(List<Sequence> sequences, Sampling sampling, Deque<Integer> free, Completion[] done) {
        sequences.removeIf(s -> {
            int last = s.ids[s.count - 1];
            Completion.Finish finish;
            if (sampling.stopIds().contains(last)) {
                finish = Completion.Finish.STOP;
            } else if (s.stop != null && s.stop.seen(last)) {
                finish = Completion.Finish.STOP_STRING;
            } else if (s.count == s.ids.length) {
                finish = Completion.Finish.LENGTH;
            } else {
                return false;
            }
            done[s.index] = new Completion(Arrays.copyOf(s.ids, s.count), Arrays.copyOf(s.logProbs, s.count), finish);
            free.add(s.slot);
            return true;
        });
    }

    /// Frees the caches.
    @Override
    public void close() {
        caches.forEach(KvCache::close);
        caches = List.of();
    }
}
