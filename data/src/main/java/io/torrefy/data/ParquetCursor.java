package io.torrefy.data;

import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A place in a column: the levels of the next value, and the value. One page is held at a time.
final class ParquetCursor {
    /// About what a value, its place in a list and its box take.
    private static final int VALUE_BYTES = 48;

    private final ParquetNode.Leaf leaf;
    private final Budget budget;
    private @Nullable ParquetPages pages;
    private @Nullable ParquetRuns repetitions;
    private @Nullable ParquetRuns definitions;
    private Supplier<ParquetDecoder> decoders = () -> {
        throw new IllegalStateException("no page");
    };
    private @Nullable ParquetDecoder decoder;
    private int left;
    private int repetition;
    private int definition;
    private boolean ended = true;

    /// How much a row may take yet. A few bytes can stand for a list of a thousand million values.
    static final class Budget {
        private static final long MOST = Runtime.getRuntime().maxMemory() / 4;

        private long left = MOST;

        void beginRow() {
            left = MOST;
        }

        private void take(long bytes) {
            left -= bytes;
            ParquetFault.require(
                    left >= 0,
                    "a row of at most " + MOST + " bytes, a quarter of the heap",
                    "more. Hint: with more heap (-Xmx) it can be read");
        }
    }

    ParquetCursor(ParquetNode.Leaf leaf, Budget budget) {
        this.leaf = leaf;
        this.budget = budget;
    }

    /// Begins with the first value of `chunk`.
    void begin(ParquetFile file, ParquetFile.Chunk chunk) throws IOException {
        pages = new ParquetPages(file, chunk, leaf);
        left = 0;
        ended = false;
        advance();
    }

    /// Whether no value is left of the chunk.
    boolean ended() {
        return ended;
    }

    /// The level at which the next value goes on with a list; 0 where it begins a row or there is none.
    int repetition() {
        return repetition;
    }

    /// The level to which the next value is there.
    int definition() {
        return definition;
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    /// Gives an error its place.
    private <T> T guarded(ParquetPages of, Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (ParquetFault e) {
            throw e.in(leaf.path(), of.offset());
        } catch (RuntimeException e) {
            // Dates and times that the calendar does not have.
            throw new ParquetFault("values of a " + leaf.type().meaning(), String.valueOf(e.getMessage()))
                    .in(leaf.path(), of.offset());
        }
    }

    /// The next value, nothing where it is missing, and the step behind it.
    @Nullable
    Object take() throws IOException {
        Object value = definition == leaf.definition() ? guarded(current(), this::value) : null;
        advance();
        return value;
    }

    private Object value() {
        var values = decoder;
        if (values == null) {
            values = decoders.get();
            decoder = values;
        }
        Object value = values.next();
        if (!values.shares()) {
            budget.take(
                    switch (value) {
                        case String text -> text.length();
                        case byte[] bytes -> bytes.length;
                        default -> 0;
                    });
        }
        return value;
    }

    private ParquetPages current() {
        if (pages == null || ended) {
            throw new ParquetFault("another value in column \"" + leaf.path() + "\"", "the end of the row group");
        }
        return pages;
    }

    /// Steps behind the next value.
    void advance() throws IOException {
        var of = current();
        guarded(of, () -> {
            budget.take(VALUE_BYTES);
            step(of);
            return true;
        });
    }

    private void step(ParquetPages of) throws IOException {
        if (left == 0) {
            var page = of.next();
            if (page == null) {
                ended = true;
                repetition = 0;
                definition = 0;
                return;
            }
            left = page.values();
            repetitions = page.repetitions();
            definitions = page.definitions();
            decoders = page.decoder();
            decoder = null;
        }
        left--;
        repetition = level(repetitions, leaf.repetition());
        definition = level(definitions, leaf.definition());
    }

    private static int level(@Nullable ParquetRuns levels, int most) {
        int level = levels == null ? 0 : levels.next();
        ParquetFault.require(level <= most, "a level of at most " + most, level);
        return level;
    }
}
