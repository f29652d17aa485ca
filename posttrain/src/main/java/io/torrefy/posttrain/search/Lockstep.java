package io.torrefy.posttrain.search;

import io.torrefy.lm.Completion;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Many searches at a time, so that the model sees one large batch where each search alone would ask for a few
/// sequences. Every search runs on a virtual thread of its own, as if it were alone; its policy waits until all others
/// wait too, or are done, and then the calling thread asks the real one once for all of them.
///
/// What a search asks and gets does not depend on when: questions are put in the order of the searches, and a policy's
/// answers do not depend on each other.
final class Lockstep {
    /// What a search's thread has to say: a question, or that it is over.
    private sealed interface Message {}

    private record Sample(int search, List<Policy.Ask> asks, CompletableFuture<List<Completion>> answer)
            implements Message {}

    private record Tokens(int search, List<Policy.Place> places, int k, CompletableFuture<List<Policy.Next>> answer)
            implements Message {}

    private record Work(int search, Runnable run, CompletableFuture<?> answer) implements Message {}

    private record Over<T>(
            int search, @Nullable T result, @Nullable Throwable failure) implements Message {}

    /// Told after each batch.
    @FunctionalInterface
    interface Watcher {
        /// @param over searches that are over
        /// @param tokens generated since it was told last
        void seen(int over, long tokens);
    }

    private final Policy policy;
    private final Watcher watcher;
    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final SortedMap<Integer, Sample> samples = new TreeMap<>();
    private final SortedMap<Integer, Tokens> places = new TreeMap<>();
    private final SortedMap<Integer, Work> works = new TreeMap<>();

    /// Whether the searches that are left are being ended because another failed.
    private boolean stopped;

    private Lockstep(Policy policy, Watcher watcher) {
        this.policy = policy;
        this.watcher = watcher;
    }

    /// The results of `count` searches, in order. If some fail, the first one's exception is thrown once all are
    /// over.
    ///
    /// @param search makes the result of a number from 0 on with the policy that it is to ask
    static <T> List<T> run(Policy policy, int count, BiFunction<Policy, Integer, T> search, Watcher watcher) {
        return new Lockstep(policy, watcher).run(count, search);
    }

    private <T> List<T> run(int count, BiFunction<Policy, Integer, T> search) {
        for (int i = 0; i < count; i++) {
            int number = i;
            Thread.ofVirtual().name("search-" + i).start(() -> messages.add(over(number, search)));
        }
        List<@Nullable T> results = new ArrayList<>();
        SortedMap<Integer, Throwable> failures = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            results.add(null);
        }
        int over = 0;
        while (over < count) {
            switch (take()) {
                case Sample sample -> samples.put(sample.search, sample);
                case Tokens tokens -> places.put(tokens.search, tokens);
                case Work work -> works.put(work.search, work);
                case Over<?> done -> {
                    over++;
                    set(results, done.search, done.result);
                    if (done.failure != null && !stopped) {
                        failures.put(done.search, done.failure);
                    }
                }
            }
            if (over < count && samples.size() + places.size() + works.size() + over == count) {
                serve(over, failures);
            }
        }
        watcher.seen(over, 0);
        if (!failures.isEmpty()) {
            throw failure(failures.get(failures.firstKey()));
        }
        List<T> all = new ArrayList<>();
        for (T result : results) {
            if (result == null) {
                throw new IllegalStateException("[search] expected a result of every search; got none of one");
            }
            all.add(result);
        }
        return all;
    }

    @SuppressWarnings("unchecked") // a search's own result comes back through the queue
    private static <T> void set(List<@Nullable T> results, int number, @Nullable Object result) {
        results.set(number, (T) result);
    }

    private <T> Over<T> over(int number, BiFunction<Policy, Integer, T> search) {
        try {
            return new Over<>(number, search.apply(new Waiting(number), number), null);
        } catch (RuntimeException | Error e) {
            return new Over<>(number, null, e);
        }
    }

    private Message take() {
        try {
            return messages.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("[search] interrupted", e);
        }
    }

    /// Answers all that wait; once something has failed, with that.
    private void serve(int over, SortedMap<Integer, Throwable> failures) {
        List<Sample> asked = List.copyOf(samples.values());
        List<Tokens> stepped = List.copyOf(places.values());
        List<Work> given = List.copyOf(works.values());
        samples.clear();
        places.clear();
        works.clear();
        if (failures.isEmpty()) {
            try {
                given.forEach(work -> work.run.run());
                long tokens = sample(asked) + next(stepped);
                watcher.seen(over, tokens);
                return;
            } catch (RuntimeException | Error e) {
                failures.put(-1, e);
            }
        }
        stopped = true;
        RuntimeException end = new IllegalStateException("[search] another search failed");
        asked.forEach(sample -> sample.answer.completeExceptionally(end));
        stepped.forEach(tokens -> tokens.answer.completeExceptionally(end));
        given.forEach(work -> work.answer.completeExceptionally(end));
    }

    private long sample(List<Sample> asked) {
        if (asked.isEmpty()) {
            return 0;
        }
        List<Policy.Ask> all = new ArrayList<>();
        asked.forEach(sample -> all.addAll(sample.asks));
        List<Completion> answers = policy.sample(all);
        int at = 0;
        for (Sample sample : asked) {
            sample.answer.complete(List.copyOf(answers.subList(at, at += sample.asks.size())));
        }
        return answers.stream().mapToLong(answer -> answer.ids().length).sum();
    }

    private long next(List<Tokens> stepped) {
        int[] ks = stepped.stream().mapToInt(tokens -> tokens.k).distinct().toArray();
        long count = 0;
        for (int k : ks) {
            List<Tokens> same = stepped.stream().filter(tokens -> tokens.k == k).toList();
            List<Policy.Place> all = new ArrayList<>();
            same.forEach(tokens -> all.addAll(tokens.places));
            List<Policy.Next> answers = policy.next(all, k);
            int at = 0;
            for (Tokens tokens : same) {
                tokens.answer.complete(List.copyOf(answers.subList(at, at += tokens.places.size())));
            }
            count += all.size();
        }
        return count;
    }

    private static RuntimeException failure(@Nullable Throwable failure) {
        return switch (failure) {
            case Error error -> throw error;
            case RuntimeException e -> e;
            case null, default -> new IllegalStateException("[search] failed", failure);
        };
    }

    /// A search's own view of the policy.
    private final class Waiting implements Policy {
        private final int search;

        Waiting(int search) {
            this.search = search;
        }

        @Override
        public List<Completion> sample(List<Ask> asks) {
            CompletableFuture<List<Completion>> answer = new CompletableFuture<>();
            messages.add(new Sample(search, List.copyOf(asks), answer));
            return answer.join();
        }

        @Override
        public List<Next> next(List<Place> places, int k) {
            CompletableFuture<List<Next>> answer = new CompletableFuture<>();
            messages.add(new Tokens(search, List.copyOf(places), k, answer));
            return answer.join();
        }

        /// What the work throws, its search throws.
        @Override
        public <T> T compute(Supplier<T> work) {
            CompletableFuture<T> answer = new CompletableFuture<>();
            Runnable run = () -> {
                try {
                    answer.complete(work.get());
                } catch (RuntimeException e) {
                    answer.completeExceptionally(e);
                }
            };
            messages.add(new Work(search, run, answer));
            try {
                return answer.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : e;
            }
        }

        @Override
        public int[] prompt(String text) {
            return policy.prompt(text);
        }

        @Override
        public String text(int[] ids) {
            return policy.text(ids);
        }

        @Override
        public int end() {
            return policy.end();
        }

        @Override
        public int maxPositions() {
            return policy.maxPositions();
        }
    }
}
