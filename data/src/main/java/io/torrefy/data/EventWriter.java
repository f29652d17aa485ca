package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Locale;

/// Writes TensorBoard event files: scalars, text, histograms and images, each at a step. An event file is a TFRecord
/// file of `tensorflow.Event` messages whose first one states the format's version.
///
/// Each writer opens a file of its own (TensorBoard reads all event files of a folder as one run), so a process
/// never writes into a file that a killed one left half written. What is written can be seen after [#flush], which
/// happens by itself with every tenth event and with the first one after 120 seconds, as in TensorBoard's own writer.
/// Not thread-safe.
@Export(value = "data.EventWriter", since = "0.1")
public final class EventWriter implements AutoCloseable {
    private static final String VERSION = "brain.Event:2";
    private static final int DT_FLOAT = 1;
    private static final int DT_DOUBLE = 2;
    private static final int DT_STRING = 7;
    private static final int MOST_WAITING = 10;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(120);

    private final TfRecordWriter records;
    private final InstantSource clock;
    private Instant flushed;
    private int waiting;

    private EventWriter(TfRecordWriter records, InstantSource clock) {
        this.records = records;
        this.clock = clock;
        this.flushed = clock.instant();
    }

    /// Opens a new event file in `folder`, which is created where it does not exist.
    public static EventWriter open(Path folder) throws IOException {
        return open(folder, InstantSource.system());
    }

    /// As [#open(Path)], with the wall times of the events taken from `clock`.
    public static EventWriter open(Path folder, InstantSource clock) throws IOException {
        Files.createDirectories(folder);
        var writer = new EventWriter(newFile(folder, clock.instant().getEpochSecond()), clock);
        writer.records.write(writer.event().text(3, VERSION).toBytes());
        writer.flush();
        return writer;
    }

    /// `events.out.tfevents.SECONDS.HOST.PID.N`, the first `N` that is free. Readers take the files of a folder in
    /// the order of their names.
    private static TfRecordWriter newFile(Path folder, long seconds) throws IOException {
        var stem = String.format(
                Locale.ROOT,
                "events.out.tfevents.%010d.%s.%d.",
                seconds,
                hostName(),
                ProcessHandle.current().pid());
        for (int n = 0; ; n++) {
            try {
                return TfRecordWriter.create(folder.resolve(stem + n));
            } catch (FileAlreadyExistsException _) {
                // another writer of this process in the same second
            }
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9.-]", "_");
        } catch (UnknownHostException _) {
            return "localhost";
        }
    }

    /// The event file.
    public Path file() {
        return records.file();
    }

    /// One point of the curve `tag`. TensorBoard keeps scalars as 32-bit floats.
    public void scalar(String tag, long step, double value) throws IOException {
        var content = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        content.putFloat((float) value);
        var tensor = new Proto().varint(1, DT_FLOAT).message(2, new Proto()).bytes(4, content.array());
        add(step, new Proto().text(1, tag).message(9, plugin("scalars")).message(8, tensor));
    }

    /// A Markdown text under `tag`.
    public void text(String tag, long step, String markdown) throws IOException {
        var tensor = new Proto()
                .varint(1, DT_STRING)
                .message(2, new Proto())
                .bytes(8, markdown.getBytes(StandardCharsets.UTF_8));
        add(step, new Proto().text(1, tag).message(8, tensor).message(9, plugin("text")));
    }

    /// An image.
    ///
    /// @param channels 1 grey, 2 grey and alpha, 3 red, green and blue, 4 with alpha
    /// @param pixels `(height, width, channels)`
    public void image(String tag, long step, int width, int height, int channels, byte[] pixels) throws IOException {
        var tensor = new Proto()
                .varint(1, DT_STRING)
                .message(2, new Proto().message(2, new Proto().varint(1, 3)))
                .text(8, Integer.toString(width))
                .text(8, Integer.toString(height))
                .bytes(8, Png.encode(width, height, channels, pixels));
        add(step, new Proto().text(1, tag).message(9, plugin("images")).message(8, tensor));
    }

    /// The distribution of `values` in 30 buckets of equal width; NaN and infinities are left out.
    public void histogram(String tag, long step, double[] values) throws IOException {
        histogram(tag, step, values, 30);
    }

    /// As [#histogram(String,long,double\[\])] with `buckets` buckets. Where all values are equal the last bucket
    /// holds them all; where there are none, every bucket is zero.
    public void histogram(String tag, long step, double[] values, int buckets) throws IOException {
        if (buckets < 1) {
            throw new IllegalArgumentException("[histogram] expected at least 1 bucket; got " + buckets + ".");
        }
        var shape = new Proto().message(2, new Proto().varint(1, buckets)).message(2, new Proto().varint(1, 3));
        var tensor = new Proto().varint(1, DT_DOUBLE).message(2, shape).bytes(4, buckets(values, buckets));
        add(step, new Proto().text(1, tag).message(8, tensor).message(9, plugin("histograms")));
    }

    /// Rows of (left edge, right edge, count), little-endian float64.
    private static byte[] buckets(double[] values, int buckets) {
        double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
        double min = Arrays.stream(finite).min().orElse(0);
        double max = Arrays.stream(finite).max().orElse(0);
        double width = (max - min) / buckets;
        var counts = new double[buckets];
        for (double value : finite) {
            int index = width > 0 ? (int) Math.min((value - min) / width, buckets - 1) : buckets - 1;
            counts[index]++;
        }
        var rows = ByteBuffer.allocate(buckets * 3 * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < buckets; i++) {
            rows.putDouble(min + i * width);
            rows.putDouble(i == buckets - 1 ? max : min + (i + 1) * width);
            rows.putDouble(counts[i]);
        }
        return rows.array();
    }

    private static Proto plugin(String name) {
        return new Proto().message(1, new Proto().text(1, name));
    }

    private void add(long step, Proto value) throws IOException {
        var event = event();
        if (step != 0) {
            event.varint(2, step);
        }
        records.write(event.message(5, new Proto().message(1, value)).toBytes());
        waiting++;
        if (waiting == MOST_WAITING || !clock.instant().isBefore(flushed.plus(LONGEST_WAIT))) {
            flush();
        }
    }

    private Proto event() {
        var now = clock.instant();
        return new Proto().float64(1, now.getEpochSecond() + now.getNano() / 1e9);
    }

    /// Makes everything written so far visible to readers.
    public void flush() throws IOException {
        records.flush();
        flushed = clock.instant();
        waiting = 0;
    }

    @Override
    public void close() throws IOException {
        records.close();
    }
}
