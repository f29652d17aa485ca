package io.torrefy.data;

/// What is wrong in a Parquet file, before file and row are known; [ParquetRows] adds them.
final class ParquetFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String expected;
    private final String got;

    ParquetFault(String expected, String got) {
        super("expected " + expected + "; got " + got + ".", null, false, false);
        this.expected = expected;
        this.got = got;
    }

    /// The same in a column, in the page at a byte of the file.
    ParquetFault in(String column, long offset) {
        int hint = got.indexOf(". Hint: ");
        String what = hint < 0 ? got : got.substring(0, hint);
        return new ParquetFault(
                expected + " in column \"" + column + "\"",
                what + " in the page at byte " + offset + (hint < 0 ? "" : got.substring(hint)));
    }

    static void require(boolean sound, String expected, Object got) {
        if (!sound) {
            throw new ParquetFault(expected, String.valueOf(got));
        }
    }
}
