package io.torrefy.tensor;

import org.jspecify.annotations.Nullable;

/// Memory for what lives and is read together, piece after piece in a few large blocks: these lie in huge pages but for
/// their ends, where blocks of a megabyte or three each have small ones throughout. A pass over all of it then runs at
/// the speed of memory, undisturbed by page after page.
final class Slab implements AutoCloseable {
    private static final long ALIGNMENT = 64;
    private static final long FIRST = 4L << 20;

    private final Device device;
    private @Nullable Storage block;
    private long used;
    private long size = FIRST / 2;

    Slab(Device device) {
        this.device = device;
    }

    /// A piece of a block.
    ///
    /// @param storage the block, of which the taker holds a reference of its own
    /// @param address where the piece begins, 64-byte aligned
    record Piece(Storage storage, long address) {}

    /// Takes a piece. Blocks double in size, so that what is left over at their ends is little.
    Piece take(long bytes) {
        Storage current = block;
        if (current == null || used + bytes > current.bytes) {
            close();
            size = Math.max(2 * size, bytes);
            current = Storage.allocate(device, size);
            block = current;
        }
        long at = current.address + used;
        used += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
        return new Piece(current.retain(), at);
    }

    /// Lets go of the last block; the pieces stay with those who took them.
    @Override
    public void close() {
        if (block != null) {
            block.release();
            block = null;
        }
        used = 0;
    }
}
