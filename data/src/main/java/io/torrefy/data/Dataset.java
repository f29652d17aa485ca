package io.torrefy.data;

import io.torrefy.export.Export;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A stream of training data, as a chain of stages: where records come from and what becomes of them. A dataset is a
/// description and never changes; an [#iterator] does the work, element by element as they are asked for.
///
/// ```java
/// var batches = Datasets.jsonl(files, 7)
///         .map(line -> tokenizer.encode(line.text("text")), 2)
///         .shuffle(10_000, 7)
///         .pack(tokens -> tokens, 2048, 0, 1000)
///         .batch(8)
///         .repeat()
///         .prefetch(2);
/// try (var iterator = batches.iterator(saved)) { ... checkpoint(iterator.state()) ... }
/// ```
///
/// The elements depend on the dataset and its seeds alone, never on time or the number of threads. An iterator made
/// from a state gives exactly what the one that saved it would have given. For that the functions passed to `map` and
/// the others must give the same for the same element; those called by several threads must be safe for it.
///
/// @param <T> what the elements are
@Export(value = "data.Dataset", since = "0.1")
public final class Dataset<T> {
    /// When a mix ends.
    public enum Stop {
        /// As soon as a dataset is drawn from that has no more; the weights hold until then.
        FIRST_EXHAUSTED,
        /// When none has any more; of those that have some, the weights hold.
        ALL_EXHAUSTED
    }

    private final Stage<T> stage;

    private Dataset(Stage<T> stage) {
        this.stage = stage;
    }

    /// The elements of `list`.
    public static <T> Dataset<T> of(List<T> list) {
        return new Dataset<>(new Sources.InMemory<>(List.copyOf(list)));
    }

    /// The records of one file after the other.
    public static <T> Dataset<T> files(RecordSource<T> source, List<Path> files) {
        return files(source, files, 1, 1, OptionalLong.empty());
    }

    /// The records of `files`, `cycle` of which are open at once and give `block` records each in turn.
    ///
    /// @param seed of the order in which files are opened, another one in every epoch; empty: as listed
    public static <T> Dataset<T> files(
            RecordSource<T> source, List<Path> files, int cycle, int block, OptionalLong seed) {
        var parts = files.stream()
                .<Stage<T>>map(file -> new Sources.OneFile<>(source, file))
                .toList();
        return new Dataset<>(new Interleave<>(parts, cycle, block, seed));
    }

    /// Elements of several datasets, of which `cycle` are open at once and give `block` elements each in turn; one
    /// that ends makes room for the next.
    public static <T> Dataset<T> interleave(List<Dataset<T>> datasets, int cycle, int block) {
        return new Dataset<>(new Interleave<>(stages(datasets), cycle, block, OptionalLong.empty()));
    }

    /// Elements of several datasets, each drawn from one of them with the probability of its weight. Weights need
    /// not add up to 1.
    public static <T> Dataset<T> mix(List<Dataset<T>> datasets, double[] weights, long seed, Stop stop) {
        return new Dataset<>(new Mix<>(stages(datasets), weights, seed, stop));
    }

    private static <T> List<Stage<T>> stages(List<Dataset<T>> datasets) {
        var stages = new ArrayList<Stage<T>>();
        datasets.forEach(dataset -> stages.add(dataset.stage));
        return stages;
    }

    /// `function` of every element.
    public <R> Dataset<R> map(Function<? super T, ? extends R> function) {
        return new Dataset<>(new Transforms.Map<>(stage, "map", function));
    }

    /// As [#map(Function)], called on `threads` threads of the iterator's own; the elements keep their order. Any
    /// number of threads reads a state that any other saved.
    public <R> Dataset<R> map(Function<? super T, ? extends R> function, int threads) {
        return new Dataset<>(new ParallelMap<>(stage, "parallel map", function, threads));
    }

    /// The elements of every list that `function` gives.
    public <R> Dataset<R> flatMap(Function<? super T, ? extends List<? extends R>> function) {
        return new Dataset<>(new Transforms.FlatMap<>(stage, "flatMap", function));
    }

    /// The elements for which `condition` holds.
    public Dataset<T> filter(Predicate<? super T> condition) {
        return new Dataset<>(new Transforms.Filter<>(stage, "filter", condition));
    }

    /// The elements in random order, another one in every epoch, through a buffer of `size`: an element comes out
    /// at most `size - 1` places early.
    public Dataset<T> shuffle(int size, long seed) {
        return new Dataset<>(new Shuffle<>(stage, size, seed));
    }

    /// Lists of `size` elements; the last one may be shorter.
    public Dataset<List<T>> batch(int size) {
        return batch(size, false);
    }

    /// Lists of `size` elements.
    ///
    /// @param dropRemainder whether to leave out a last one that would be shorter
    public Dataset<List<T>> batch(int size, boolean dropRemainder) {
        return new Dataset<>(new Transforms.Batch<>(stage, size, dropRemainder));
    }

    /// Batches of `size` sequences of tokens, padded to the longest of a batch and to a multiple of `multiple`.
    ///
    /// @param tokensOf the tokens of an element
    /// @param padding the token that fills up a row
    public Dataset<Padded<T>> pad(Function<? super T, int[]> tokensOf, int size, int multiple, int padding) {
        Checks.positive("pad", "multiple", multiple);
        return batch(size).map(batch -> Padded.of(batch, tokensOf, multiple, padding));
    }

    /// Rows of `length` tokens, each with as many whole sequences as fit: best-fit decreasing among `window`
    /// sequences at a time, never worse than first-fit. Rows come in the order of their first sequence.
    ///
    /// @param tokensOf the tokens of an element, at most `length`
    /// @param padding the token that fills up a row
    public Dataset<Packed<T>> pack(Function<? super T, int[]> tokensOf, int length, int padding, int window) {
        return new Dataset<>(new Pack<>(stage, tokensOf, length, padding, window));
    }

    /// The same elements, up to `size` of them made ahead of time by a thread of the iterator's own.
    public Dataset<T> prefetch(int size) {
        return new Dataset<>(new Prefetch<>(stage, size));
    }

    /// The elements of rank `rank` among `world`: every element goes to exactly one rank.
    public Dataset<T> shard(int rank, int world) {
        return new Dataset<>(new Counted.Shard<>(stage, rank, world));
    }

    /// The first `count` elements.
    public Dataset<T> take(long count) {
        return new Dataset<>(new Counted.Take<>(stage, count));
    }

    /// All but the first `count` elements.
    public Dataset<T> skip(long count) {
        return new Dataset<>(new Counted.Skip<>(stage, count));
    }

    /// `times` epochs.
    public Dataset<T> repeat(long times) {
        Checks.positive("repeat", "times", times);
        return new Dataset<>(new Repeat<>(stage, times));
    }

    /// Epochs without end.
    public Dataset<T> repeat() {
        return new Dataset<>(new Repeat<>(stage, 0));
    }

    /// From the first element of the first epoch.
    public DatasetIterator<T> iterator() {
        return iterator(0);
    }

    /// From the first element of epoch `epoch`, which decides what is random.
    public DatasetIterator<T> iterator(long epoch) {
        return new DatasetIterator<>(stage, epoch);
    }

    /// From where an iterator of the same dataset saved `state`.
    ///
    /// @throws IllegalArgumentException where the state is of another dataset, or a file has changed since
    public DatasetIterator<T> iterator(DatasetState state) {
        return new DatasetIterator<>(stage, state);
    }

    /// All elements of the first epoch.
    public List<T> toList() {
        var list = new ArrayList<T>();
        forEach(list::add);
        return list;
    }

    /// Gives every element of the first epoch to `action`.
    public void forEach(Consumer<? super T> action) {
        try (var iterator = iterator()) {
            iterator.forEachRemaining(action);
        }
    }

    /// The elements of the first epoch; close the stream.
    public Stream<T> stream() {
        var iterator = iterator();
        var elements = Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED);
        return StreamSupport.stream(elements, false).onClose(iterator::close);
    }

    /// The last stage and its settings.
    @Override
    public String toString() {
        return stage.description();
    }
}
