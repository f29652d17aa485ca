package io.torrefy.data;

import io.torrefy.export.Export;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The records of many TFRecord files as one stream: files interleaved, records shuffled in a buffer, both the same for
/// the same seed, and resumable at any place.
///
/// Interleaving is that of `tf.data`: `cycle` files are open at once, `block` records of one are followed by as many of
/// the next, and a file that ends gives its place to the next one not yet open. Not thread-safe.
@Export(value = "data.TfRecords", since = "0.1")
public final class TfRecords implements AutoCloseable {
    private static final long SHUFFLE_STREAM = 0x7f5ec0d5L;

    /// In which order to read.
    ///
    /// @param cycle how many files are open at once; 1 reads one after the other
    /// @param block how many records of one follow each other
    /// @param shuffle size of the shuffle buffer; 0 and 1 keep the order
    /// @param seed of the shuffling
    public record Options(TfRecordReader.Options reading, int cycle, int block, int shuffle, long seed) {
        /// One file after the other.
        public static final Options DEFAULT = new Options(TfRecordReader.Options.DEFAULT, 1, 1, 0, 0);

        public Options {
            if (cycle < 1 || block < 1 || shuffle < 0 || shuffle > 1 << 24) {
                throw new IllegalArgumentException("[records] expected cycle and block of 1 or more and shuffle of 0 to"
                        + " 2^24; got " + cycle + ", " + block + " and " + shuffle + ".");
            }
        }

        public Options reading(TfRecordReader.Options value) {
            return new Options(value, cycle, block, shuffle, seed);
        }

        public Options interleave(int files, int records) {
            return new Options(reading, files, records, shuffle, seed);
        }

        public Options shuffle(int buffer, long withSeed) {
            return new Options(reading, cycle, block, buffer, withSeed);
        }
    }

    /// Where a record is.
    ///
    /// @param file which of the files
    /// @param position its start
    public record Place(int file, TfRecordReader.Position position) {}

    /// Everything needed to go on exactly here: small, whatever the records' size.
    ///
    /// @param open for each place of the cycle the file and the position in it; file -1: the place is empty
    /// @param turn whose turn it is
    /// @param ofBlock how many records of its block were read
    /// @param nextFile the first file not yet opened
    /// @param drawn how many records were drawn from the shuffle buffer
    /// @param buffered what is in it
    public record State(List<Place> open, int turn, int ofBlock, int nextFile, long drawn, List<Place> buffered) {
        public State {
            open = List.copyOf(open);
            buffered = List.copyOf(buffered);
        }
    }

    /// A record and where it came from.
    ///
    /// @param place to find it again
    /// @param file that it was read from
    public record Entry(Place place, Path file, byte[] data) {}

    private record Source(int file, Optional<TfRecordReader> reader) {
        static final Source NONE = new Source(-1, Optional.empty());
    }

    private final List<Path> files;
    private final Options options;
    private final List<Source> open = new ArrayList<>();
    private final List<Entry> buffer = new ArrayList<>();
    private final List<TfRecordReader.Skipped> skipped = new ArrayList<>();
    private int turn;
    private int ofBlock;
    private int nextFile;
    private long drawn;

    private TfRecords(List<Path> files, Options options) {
        this.files = List.copyOf(files);
        this.options = options;
    }

    /// The stream from its start.
    public static TfRecords open(List<Path> files, Options options) {
        var records = new TfRecords(files, options);
        for (int i = 0; i < options.cycle; i++) {
            records.open.add(Source.NONE);
        }
        return records;
    }

    /// The stream from where [#state] of one with the same files and options was taken.
    public static TfRecords open(List<Path> files, Options options, State from) throws IOException {
        if (from.open.size() != options.cycle) {
            throw new IllegalArgumentException("[records] expected the state of a cycle of " + options.cycle
                    + " files; got one of " + from.open.size() + ".");
        }
        var records = new TfRecords(files, options);
        try {
            for (Place place : from.open) {
                records.open.add(place.file < 0 ? Source.NONE : records.openAt(place));
            }
            for (Place place : from.buffered) {
                records.buffer.add(new Entry(place, files.get(place.file), records.readAt(place)));
            }
        } catch (IOException | RuntimeException e) {
            records.close();
            throw e;
        }
        records.turn = from.turn;
        records.ofBlock = from.ofBlock;
        records.nextFile = from.nextFile;
        records.drawn = from.drawn;
        return records;
    }

    private Source openAt(Place place) throws IOException {
        Path file = files.get(place.file);
        return new Source(place.file, Optional.of(TfRecordReader.open(file, options.reading, place.position)));
    }

    private byte[] readAt(Place place) throws IOException {
        try (TfRecordReader reader = openAt(place).reader.orElseThrow()) {
            if (!reader.next() || reader.offset() != place.position.offset()) {
                throw new DataLossException(
                        reader.file(),
                        place.position.record(),
                        place.position.offset(),
                        "[records] expected the record at byte " + place.position.offset() + " of " + reader.file()
                                + " that the saved state names; it is gone.");
            }
            return reader.record();
        }
    }

    /// The next record; empty at the end.
    public Optional<Entry> next() throws IOException {
        if (options.shuffle <= 1) {
            return read();
        }
        while (buffer.size() < options.shuffle) {
            Optional<Entry> read = read();
            if (read.isEmpty()) {
                break;
            }
            buffer.add(read.get());
        }
        return draw();
    }

    /// A record chosen evenly; the last one takes its place.
    private Optional<Entry> draw() {
        if (buffer.isEmpty()) {
            return Optional.empty();
        }
        int chosen = (int) (Rng.uniformAt(options.seed, SHUFFLE_STREAM, drawn) * buffer.size());
        drawn++;
        Entry last = buffer.removeLast();
        return Optional.of(chosen == buffer.size() ? last : buffer.set(chosen, last));
    }

    private Optional<Entry> read() throws IOException {
        for (int empty = 0; empty < options.cycle; ) {
            Source source = open.get(turn);
            if (source.file < 0 && nextFile < files.size()) {
                source = openAt(new Place(nextFile, TfRecordReader.Position.START));
                open.set(turn, source);
                nextFile++;
            }
            if (source.file >= 0) {
                TfRecordReader reader = source.reader.orElseThrow();
                if (reader.next()) {
                    return Optional.of(take(source.file, reader));
                }
                release(turn);
                empty = 0;
            } else {
                empty++;
            }
            passOn();
        }
        return Optional.empty();
    }

    private Entry take(int file, TfRecordReader reader) {
        var place = new Place(file, new TfRecordReader.Position(reader.offset(), reader.number()));
        if (++ofBlock == options.block) {
            passOn();
        }
        return new Entry(place, reader.file(), reader.record());
    }

    private void passOn() {
        turn = (turn + 1) % options.cycle;
        ofBlock = 0;
    }

    private void release(int place) throws IOException {
        TfRecordReader reader = open.get(place).reader.orElseThrow();
        skipped.addAll(reader.skipped());
        reader.close();
        open.set(place, Source.NONE);
    }

    /// Where the stream is.
    public State state() {
        return new State(
                open.stream().map(TfRecords::place).toList(),
                turn,
                ofBlock,
                nextFile,
                drawn,
                buffer.stream().map(Entry::place).toList());
    }

    private static Place place(Source source) {
        return new Place(
                source.file, source.reader.map(TfRecordReader::position).orElse(TfRecordReader.Position.START));
    }

    /// What was left out of the files read so far.
    public List<TfRecordReader.Skipped> skipped() {
        var all = new ArrayList<>(skipped);
        open.forEach(source -> source.reader.ifPresent(reader -> all.addAll(reader.skipped())));
        return all;
    }

    @Override
    public void close() throws IOException {
        for (int i = 0; i < open.size(); i++) {
            if (open.get(i).file >= 0) {
                release(i);
            }
        }
    }
}
