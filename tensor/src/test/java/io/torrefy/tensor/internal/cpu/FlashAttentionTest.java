package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.internal.cpu.AttentionCase.Shape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FlashAttentionTest {
    static Stream<Shape> shapes() {
        List<Shape> all = new ArrayList<>();
        for (int dim : new int[] {1, 3, 15, 16, 17, 31, 32, 33, 48, 64, 67, 80, 96, 128, 256}) {
            all.add(Shape.of("causal, head size " + dim, 2, 1, dim, 53));
        }
        for (int dim : new int[] {16, 24, 32, 40, 64, 80, 96, 128, 192, 256}) {
            all.add(Shape.of("groups, packed, head size " + dim, 4, 2, dim, 51, 1, 17));
            all.add(Shape.of("groups, packed, window, sinks, head size " + dim, 4, 2, dim, 51, 1, 17)
                    .window(11)
                    .sinkTokens(2)
                    .sinkLogits());
        }
        all.add(Shape.of("head size 192, values of 128", 2, 2, 192, 53, 7).valueDim(128));
        for (int n : new int[] {1, 2, 7, 8, 9, 15, 16, 17, 47, 48, 49, 127, 128, 129, 200}) {
            all.add(Shape.of("causal, length " + n, 3, 3, 32, n));
            all.add(Shape.of("full, length " + n, 2, 2, 24, n).full());
        }
        all.add(Shape.of("several spans and parts", 2, 1, 256, 700));
        all.add(Shape.of("several spans, window", 1, 1, 256, 400).window(150));
        all.add(Shape.of("many heads to one", 7, 1, 16, 61));
        all.add(Shape.of("groups of three", 6, 2, 32, 5, 0, 70, 1, 33, 48, 0, 120));
        all.add(Shape.of("groups, long", 10, 2, 32, 300));
        all.add(Shape.of("other value size", 4, 2, 24, 60, 20).valueDim(40));
        all.add(Shape.of("small value size", 2, 2, 64, 60, 20).valueDim(3));
        all.add(Shape.of("no values of width 1", 2, 2, 5, 20).valueDim(1));
        all.add(Shape.of("more keys", 2, 2, 32, 20, 1, 50).keys(90, 41, 50).offset(70, 40, 0));
        all.add(Shape.of("more queries", 2, 2, 32, 60, 4).keys(30, 1).full());
        all.add(Shape.of("more queries, causal", 2, 2, 32, 60, 4).keys(30, 1));
        all.add(Shape.of("negative offset", 2, 2, 16, 60, 30, 20)
                .keys(40, 30, 20)
                .offset(-20, -3, -20));
        all.add(Shape.of("no keys", 2, 1, 16, 5, 1, 3).keys(0, 0, 4).full());
        all.add(Shape.of("no queries", 2, 1, 16, 0, 3).keys(9, 4).full());
        for (int window : new int[] {1, 2, 16, 31, 100}) {
            all.add(Shape.of("window " + window, 2, 1, 32, 140, 30).window(window));
        }
        all.add(Shape.of("window without causal", 2, 1, 32, 140, 30).window(20).full());
        all.add(Shape.of("window and offset", 2, 1, 32, 60, 30)
                .keys(100, 40)
                .offset(40, 10)
                .window(25));
        all.add(Shape.of("window in front of keys", 2, 1, 32, 60)
                .keys(20)
                .offset(5)
                .window(7));
        for (int sinks : new int[] {1, 4, 16, 130}) {
            all.add(Shape.of("window and sink tokens " + sinks, 2, 1, 32, 400, 30)
                    .window(20)
                    .sinkTokens(sinks));
            all.add(Shape.of("one query, window and sink tokens " + sinks, 4, 2, 20, 1, 1, 1)
                    .keys(200, sinks, 20 + sinks)
                    .offset(199, sinks - 1, 19 + sinks)
                    .window(20)
                    .sinkTokens(sinks));
        }
        all.add(Shape.of("several spans, sink tokens", 1, 1, 256, 700)
                .window(150)
                .sinkTokens(3));
        all.add(Shape.of("sink tokens, window without causal", 2, 1, 32, 140, 30)
                .window(20)
                .sinkTokens(5)
                .full());
        all.add(Shape.of("sink tokens and offset", 2, 1, 32, 60, 30, 20)
                .keys(100, 40, 20)
                .offset(40, 10, -15)
                .window(9)
                .sinkTokens(3));
        all.add(Shape.of("sink tokens without a window", 2, 1, 32, 60).sinkTokens(3));
        all.add(Shape.of("sink logits", 4, 2, 32, 60, 0, 17, 1, 130).sinkLogits());
        all.add(Shape.of("sink logits, full, values of 3", 6, 2, 20, 60, 17)
                .valueDim(3)
                .full()
                .sinkLogits());
        all.add(Shape.of("sink logits, no keys", 2, 1, 16, 5, 1, 3)
                .keys(0, 0, 4)
                .full()
                .sinkLogits());
        all.add(Shape.of("sink logits, masked", 4, 2, 32, 60, 17).mask("all").sinkLogits());
        all.add(Shape.of("both sinks and a window", 4, 2, 64, 200, 1)
                .window(30)
                .sinkTokens(4)
                .sinkLogits());
        all.add(Shape.of("one query, sink logits", 4, 2, 32, 1, 1)
                .keys(100, 0)
                .offset(99, -1)
                .window(30)
                .sinkTokens(4)
                .sinkLogits());
        for (String kind : List.of("keys", "all", "transposed")) {
            all.add(Shape.of("mask " + kind, 4, 2, 32, 60, 17, 130).full().mask(kind));
            all.add(Shape.of("mask and causal " + kind, 4, 2, 20, 60, 17).mask(kind));
        }
        all.add(Shape.of("mask, one query", 4, 2, 20, 1, 1).keys(60, 7).full().mask("keys"));
        all.add(Shape.of("padded", 4, 2, 32, 60, 17, 33).padded(0));
        all.add(Shape.of("padded with gaps", 4, 2, 31, 60, 17, 33).padded(5));
        for (int keys : new int[] {1, 2, 3, 5, 15, 16, 17, 33, 63, 200}) {
            all.add(Shape.of("one query, keys " + keys, 4, 2, 32, 1).keys(keys).full());
        }
        for (int dim : new int[] {1, 15, 17, 33, 48, 64, 80, 128}) {
            all.add(Shape.of("one query, size " + dim, 2, 1, dim, 1, 1)
                    .keys(37, 20)
                    .full()
                    .valueDim(dim + 1));
        }
        all.add(Shape.of("one query, window", 2, 1, 32, 1).keys(100).offset(99).window(30));
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void agreesWithTheDefinition(Shape shape) {
        try (Arena arena = Arena.ofShared()) {
            AttentionCase problem = new AttentionCase(shape, arena, 1);
            double[] expected = problem.expected();
            close(problem.kernels(), expected, 4e-6);
            close(problem.reference(), expected, 2e-6);
        }
    }

    private static void close(float[] actual, double[] expected, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            double e = expected[i];
            boolean same = Double.isFinite(e)
                    ? Math.abs(actual[i] - e) <= tolerance * (1 + Math.abs(e))
                    : Double.compare(actual[i], e) == 0;
            if (!same) {
                assertThat((double) actual[i])
                        .as("element %d of %d", i, expected.length)
                        .isEqualTo(e);
            }
        }
    }

    @Test
    void theDefinitionsGradientIsItsDerivative() {
        Shape shape = Shape.of("small", 2, 1, 5, 6)
                .keys(9)
                .offset(3)
                .valueDim(4)
                .mask("all")
                .sinkLogits();
        try (Arena arena = Arena.ofShared()) {
            AttentionCase problem = new AttentionCase(shape, arena, 2);
            double[] expected = problem.expected();
            int[] sizes = {5, 5, 4, 1};
            for (int tensor = 0; tensor < sizes.length; tensor++) {
                for (int i = 0; i < sizes[tensor]; i++) {
                    float step = 1f / 1024;
                    double slope =
                            (problem.lossWith(tensor, i, step) - problem.lossWith(tensor, i, -step)) / (2 * step);
                    assertThat(expected[problem.gradientAt(tensor, i)])
                            .as("tensor %d, element %d", tensor, i)
                            .isCloseTo(slope, Offset.offset(2e-5));
                }
            }
        }
    }

    @Test
    void sameBitsOnAnyNumberOfThreads() {
        List<Shape> shapes = List.of(
                Shape.of("packed", 6, 2, 32, 70, 3, 120, 1, 33, 48, 0, 200, 64, 90, 11, 1, 1, 5),
                Shape.of("long", 3, 3, 128, 600),
                Shape.of("window and sinks", 4, 2, 64, 600)
                        .window(100)
                        .sinkTokens(4)
                        .sinkLogits(),
                Shape.of("decode", 6, 2, 32, 1, 1, 1, 1, 1, 1)
                        .keys(5, 100, 64, 33, 700, 2)
                        .full());
        int before = Parallel.threads();
        try (Arena arena = Arena.ofShared()) {
            for (Shape shape : shapes) {
                AttentionCase problem = new AttentionCase(shape, arena, 3);
                Parallel.threads(1);
                float[] one = problem.kernels();
                for (int threads : new int[] {2, 3, 7}) {
                    Parallel.threads(threads);
                    assertThat(problem.kernels())
                            .as("%s on %d threads", shape, threads)
                            .isEqualTo(one);
                }
            }
        } finally {
            Parallel.threads(before);
        }
    }

    /// A causal row does not know what follows it, nor what else is in the batch.
    @Test
    void aRowDoesNotDependOnItsCompany() {
        try (Arena arena = Arena.ofShared()) {
            AttentionCase batch = new AttentionCase(Shape.of("batch", 4, 2, 32, 300, 7, 90), arena, 4);
            float[] all = batch.kernels();
            for (int length : new int[] {2, 17, 50, 128, 129, 299, 300}) {
                float[] prefix = batch.outputOfPrefix(0, length);
                for (int row = 0; row < length; row++) {
                    assertThat(batch.outputRow(prefix, 0, 3, row))
                            .as("row %d of %d", row, length)
                            .isEqualTo(batch.outputRow(all, 0, 3, row));
                }
            }
        }
    }

    /// The path for one query agrees with the tiles: the last row of a causal prefix is a decode step.
    @Test
    void decodeAgreesWithTheTiles() {
        try (Arena arena = Arena.ofShared()) {
            Shape plain = Shape.of("tiles", 4, 2, 32, 200);
            for (Shape shape : List.of(plain, plain.window(40).sinkTokens(4), plain.sinkLogits())) {
                AttentionCase tiles = new AttentionCase(shape, arena, 5);
                float[] all = tiles.kernels();
                for (int row : new int[] {0, 1, 15, 16, 63, 199}) {
                    float[] one = tiles.decode(row);
                    for (int head = 0; head < 4; head++) {
                        float[] expected = tiles.outputRow(all, 0, head, row);
                        for (int d = 0; d < 32; d++) {
                            assertThat(one[head * 32 + d]).isCloseTo(expected[d], Offset.offset(1e-6f));
                        }
                    }
                }
            }
        }
    }
}
