package io.torrefy.data;

import java.io.IOException;
import java.time.DateTimeException;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// The pages of a column in a row group, one after the other. Headers, sizes, counts and checksums are held against
/// each other before anything is decoded.
final class ParquetPages {
    private static final int DATA = 0;
    private static final int INDEX = 1;
    private static final int DICTIONARY = 2;
    private static final int DATA_V2 = 3;

    /// Most headers have some 30 bytes; statistics of long texts are in some.
    private static final int FIRST_LOOK = 256;

    private static final int MOST_HEADER = 16 << 20;

    /// A page is held as it is in the file and inflated. Writers aim at a megabyte, and our own at 16.
    private static final long MOST_PAGE =
            Math.clamp(Runtime.getRuntime().maxMemory() / 8, 24L << 20, Integer.MAX_VALUE - 8L);

    private final ParquetFile file;
    private final ParquetFile.Chunk chunk;
    private final ParquetNode.Leaf leaf;
    private final long end;
    private Object[] dictionary = {};
    private boolean first = true;
    private long at;
    private long offset;
    private long left;

    /// A page of values.
    ///
    /// @param values how many, those that are missing too
    /// @param repetitions the levels, where there is more than one
    record Page(
            int values,
            @Nullable ParquetRuns repetitions,
            @Nullable ParquetRuns definitions,
            Supplier<ParquetDecoder> decoder) {}

    /// `PageHeader` with the header that is in it.
    private static final class Header {
        int type = -1;
        int inflated = -1;
        int bytes = -1;
        boolean checked;
        int crc;
        int values = -1;
        int encoding = -1;
        int definitionLevels = ParquetDecoder.RLE;
        int repetitionLevels = ParquetDecoder.RLE;
        int definitionBytes;
        int repetitionBytes;
        boolean compressed = true;
        int size;
    }

    ParquetPages(ParquetFile file, ParquetFile.Chunk chunk, ParquetNode.Leaf leaf) {
        this.file = file;
        this.chunk = chunk;
        this.leaf = leaf;
        this.at = chunk.from();
        this.offset = at;
        this.end = at + chunk.bytes();
        this.left = chunk.values();
    }

    /// Where the page starts that [#next] gave last.
    long offset() {
        return offset;
    }

    /// The next page of values, or none.
    @Nullable
    Page next() throws IOException {
        while (left > 0) {
            ParquetFault.require(at < end, left + " more values", "the end of the column");
            offset = at;
            Header header = header();
            byte[] data = file.read(at + header.size, header.bytes);
            at += header.size + (long) header.bytes;
            checkSum(header, data);
            boolean begins = first;
            first = false;
            switch (header.type) {
                case INDEX -> {
                    // Nobody writes them.
                }
                case DICTIONARY -> {
                    ParquetFault.require(begins, "a dictionary before all values", "a second page");
                    dictionary = dictionary(header, data);
                }
                default -> {
                    ParquetFault.require(header.values <= left, "at most " + left + " more values", header.values);
                    left -= header.values;
                    if (header.values > 0) {
                        return header.type == DATA ? page(header, data) : pageV2(header, data);
                    }
                }
            }
        }
        return null;
    }

    private Header header() throws IOException {
        long most = Math.min(end - at, MOST_HEADER);
        for (long look = Math.min(most, FIRST_LOOK); ; look = Math.min(most, 8 * look)) {
            var in = new ThriftReader(file.read(at, (int) look), (int) look, at);
            try {
                Header header = header(in);
                header.size = in.consumed();
                check(header);
                return header;
            } catch (ThriftReader.Cut _) {
                ParquetFault.require(look < most, "the whole header of a page", "the end of the column");
            }
        }
    }

    private static Header header(ThriftReader in) {
        var header = new Header();
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 1 -> header.type = in.i32();
                case 2 -> header.inflated = in.i32();
                case 3 -> header.bytes = in.i32();
                case 4 -> {
                    header.checked = true;
                    header.crc = in.i32();
                }
                case 5, 7, 8 -> inner(in, field, header);
                default -> in.skip();
            }
        }
        return header;
    }

    /// `DataPageHeader` (5), `DictionaryPageHeader` (7) or `DataPageHeaderV2` (8).
    private static void inner(ThriftReader in, int kind, Header header) {
        in.requireStruct();
        boolean second = kind == 8;
        for (int field = in.field(0); field != 0; field = in.field(field)) {
            switch (field) {
                case 1 -> header.values = in.i32();
                case 2 -> {
                    if (second) {
                        in.skip();
                    } else {
                        header.encoding = in.i32();
                    }
                }
                case 3 -> {
                    if (kind == 5) {
                        header.definitionLevels = in.i32();
                    } else {
                        in.skip();
                    }
                }
                case 4 -> {
                    if (second) {
                        header.encoding = in.i32();
                    } else {
                        header.repetitionLevels = in.i32();
                    }
                }
                case 5 -> {
                    if (second) {
                        header.definitionBytes = in.i32();
                    } else {
                        in.skip();
                    }
                }
                case 6 -> header.repetitionBytes = in.i32();
                case 7 -> header.compressed = in.bool();
                default -> in.skip();
            }
        }
    }

    private void check(Header header) {
        ParquetFault.require(header.type >= DATA && header.type <= DATA_V2, "a type of page of 0 to 3", header.type);
        ParquetFault.require(
                header.bytes >= 0 && header.bytes <= end - at - header.size,
                "a page of at most the " + (end - at - header.size) + " bytes that are left of the column",
                header.bytes);
        ParquetFault.require(header.inflated >= 0, "a size of the inflated page", header.inflated);
        ParquetFault.require(
                header.bytes <= MOST_PAGE && header.inflated <= MOST_PAGE,
                "a page of at most " + MOST_PAGE + " bytes with this heap",
                header.bytes + " bytes that become " + header.inflated
                        + ". Hint: with smaller pages, or with more heap (-Xmx), it can be read");
        ParquetFault.require(
                header.type == INDEX || header.values >= 0 && header.encoding >= 0,
                "a number of values and an encoding",
                header.values + " and " + header.encoding);
        long levels = (long) header.definitionBytes + header.repetitionBytes;
        ParquetFault.require(
                header.definitionBytes >= 0
                        && header.repetitionBytes >= 0
                        && levels <= Math.min(header.bytes, header.inflated),
                "levels of at most the " + header.bytes + " bytes of the page",
                header.definitionBytes + " and " + header.repetitionBytes);
    }

    private static void checkSum(Header header, byte[] data) {
        if (header.checked) {
            var crc = new CRC32();
            crc.update(data);
            ParquetFault.require(
                    (int) crc.getValue() == header.crc,
                    "a page whose checksum matches",
                    Integer.toHexString((int) crc.getValue()) + " for " + Integer.toHexString(header.crc));
        }
    }

    private Object[] dictionary(Header header, byte[] data) {
        ParquetFault.require(
                header.encoding == ParquetDecoder.PLAIN || header.encoding == ParquetDecoder.PLAIN_DICTIONARY,
                "a dictionary of plain values",
                "encoding " + header.encoding);
        ParquetType type = leaf.type();
        ParquetFault.require(type.physical() != ParquetType.Physical.BOOLEAN, "no dictionary of truth values", "one");
        byte[] plain = ParquetCodecs.inflate(chunk.codec(), data, 0, header.inflated);
        int least = type.size() == 0 ? Integer.BYTES : type.size();
        ParquetFault.require(
                header.values <= plain.length / least,
                "at most the " + plain.length / least + " values that the dictionary has room for",
                header.values);
        var decoder = ParquetDecoder.of(ParquetDecoder.PLAIN, type, plain, 0, plain.length, new Object[0]);
        var values = new Object[header.values];
        Arrays.setAll(values, _ -> valueOrFault(decoder));
        return values;
    }

    /// What is wrong with a value is told in the row that has it.
    private static Object valueOrFault(ParquetDecoder decoder) {
        try {
            return decoder.next();
        } catch (ParquetFault | DateTimeException | ArithmeticException e) {
            return e;
        }
    }

    private Page page(Header header, byte[] data) {
        byte[] plain = ParquetCodecs.inflate(chunk.codec(), data, 0, header.inflated);
        int from = 0;
        ParquetRuns repetitions = null;
        if (leaf.repetition() > 0) {
            int length = levels(header.repetitionLevels, plain, from);
            from += Integer.BYTES;
            repetitions = runs(plain, from, length, leaf.repetition());
            from += length;
        }
        ParquetRuns definitions = null;
        if (leaf.definition() > 0) {
            int length = levels(header.definitionLevels, plain, from);
            from += Integer.BYTES;
            definitions = runs(plain, from, length, leaf.definition());
            from += length;
        }
        return new Page(header.values, repetitions, definitions, decoder(header, plain, from));
    }

    private static int levels(int encoding, byte[] plain, int from) {
        ParquetFault.require(encoding == ParquetDecoder.RLE, "levels in encoding 3", encoding);
        return ParquetDecoder.length(plain, from, plain.length);
    }

    private static ParquetRuns runs(byte[] data, int from, int length, int most) {
        return new ParquetRuns(data, from, from + length, Integer.SIZE - Integer.numberOfLeadingZeros(most));
    }

    /// Levels come first and are never compressed.
    private Page pageV2(Header header, byte[] data) {
        int levels = header.repetitionBytes + header.definitionBytes;
        ParquetRuns repetitions =
                leaf.repetition() > 0 ? runs(data, 0, header.repetitionBytes, leaf.repetition()) : null;
        ParquetRuns definitions = leaf.definition() > 0
                ? runs(data, header.repetitionBytes, header.definitionBytes, leaf.definition())
                : null;
        int codec = header.compressed ? chunk.codec() : ParquetCodecs.NONE;
        int size = header.inflated - levels;
        byte[] plain =
                levels == data.length && size == 0 ? new byte[0] : ParquetCodecs.inflate(codec, data, levels, size);
        return new Page(header.values, repetitions, definitions, decoder(header, plain, 0));
    }

    /// Where all values are missing, some writers leave out what a decoder would begin with.
    private Supplier<ParquetDecoder> decoder(Header header, byte[] plain, int from) {
        return () -> ParquetDecoder.of(header.encoding, leaf.type(), plain, from, plain.length, dictionary);
    }
}
