package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlabTest {
    @Test
    void piecesOfOneBlockFollowEachOtherAndGoWithTheirTakers() {
        long before = Memory.stats().liveBytes();
        List<Slab.Piece> pieces = new ArrayList<>();
        try (var slab = new Slab(Device.CPU)) {
            for (long bytes : new long[] {1, 64, 65, 0, 3 << 20, 2 << 20, 9 << 20, 1}) {
                pieces.add(slab.take(bytes));
            }
        }
        long[] from = pieces.stream().mapToLong(Slab.Piece::address).toArray();
        for (long address : from) {
            assertThat(address % 64).isZero();
        }
        assertThat(from[1] - from[0]).isEqualTo(64);
        assertThat(from[2] - from[1]).isEqualTo(64);
        assertThat(from[3] - from[2]).isEqualTo(128);
        assertThat(from[4]).isEqualTo(from[3]);
        // 4 MiB are too small for the fifth and the sixth together, 8 MiB for the seventh beside it.
        assertThat(pieces.get(5).storage()).isNotSameAs(pieces.get(4).storage());
        assertThat(pieces.get(6).storage()).isNotSameAs(pieces.get(5).storage());
        assertThat(pieces.get(7).storage()).isSameAs(pieces.get(6).storage());
        for (Slab.Piece piece : pieces) {
            assertThat(piece.address() - piece.storage().address).isBetween(0L, piece.storage().bytes);
            assertThat(Memory.stats().liveBytes()).isGreaterThan(before);
            piece.storage().release();
        }
        assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }
}
