package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.zip.CRC32C;

/// The checksum of TFRecord files: CRC-32C (Castagnoli), and the masked form the files store. The mask keeps a
/// checksum of data that itself holds checksums from degenerating (`tensorflow/core/lib/hash/crc32c.h`).
@Export(value = "data.Crc32c", since = "0.1", members = "data.crc32c")
public final class Crc32c {
    private static final int MASK_DELTA = 0xa282ead8;

    private Crc32c() {}

    /// CRC-32C of all `bytes`.
    public static int of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }

    /// CRC-32C of `length` bytes from `offset` on.
    public static int of(byte[] bytes, int offset, int length) {
        var crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    /// `rotr(crc, 15) + 0xa282ead8`.
    public static int mask(int crc) {
        return Integer.rotateRight(crc, 15) + MASK_DELTA;
    }

    /// The inverse of [#mask].
    public static int unmask(int masked) {
        return Integer.rotateLeft(masked - MASK_DELTA, 15);
    }
}
