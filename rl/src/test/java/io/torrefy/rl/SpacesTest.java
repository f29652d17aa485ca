package io.torrefy.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SpacesTest {
    private static final float INF = Float.POSITIVE_INFINITY;

    private static List<Space<?>> all() {
        var parts = new LinkedHashMap<String, Space<?>>();
        parts.put("place", new Discrete(3, -1));
        parts.put("speed", Box.of(-1, 1, 2));
        return List.of(
                Discrete.of(1),
                new Discrete(5, 2),
                MultiDiscrete.of(2, 7, 1),
                Box.of(new float[] {-1, -INF, 0, -INF}, new float[] {1, INF, INF, 3}),
                TupleSpace.of(Discrete.of(4), Box.of(0, 1, 1)),
                new DictSpace(parts));
    }

    /// A sample is an element, the same one under the same seed, and has a flat form of the size that was said.
    @Test
    void samplesAreElements() {
        for (Space<?> space : all()) {
            assertSamples(space);
        }
    }

    private static <T> void assertSamples(Space<T> space) {
        var random = new SplitMix(3, 0);
        var again = new SplitMix(3, 0);
        float[] flat = new float[space.flatSize() + 2];
        float[] flatAgain = new float[flat.length];
        for (int n = 0; n < 200; n++) {
            T value = space.sample(random);
            assertThat(space.problem(value)).as("%s", space).isEmpty();
            flat[0] = flat[flat.length - 1] = flatAgain[0] = flatAgain[flat.length - 1] = 7;
            space.flatten(value, flat, 1);
            space.flatten(space.sample(again), flatAgain, 1);
            assertThat(flat).containsExactly(flatAgain);
            assertThat(flat[0] + flat[flat.length - 1]).isEqualTo(14);
        }
    }

    /// Six standard errors of 60 000 draws: wrong once in 10^8 seeds, and the seed is fixed.
    @Test
    void samplesAreUniform() {
        var random = new SplitMix(9, 0);
        int draws = 60_000;
        int[] count = new int[5];
        for (int n = 0; n < draws; n++) {
            count[new Discrete(5, 2).sample(random) - 2]++;
        }
        double spread = 6 * Math.sqrt(draws * 0.2 * 0.8);
        for (int c : count) {
            assertThat(Math.abs(c - draws * 0.2)).isLessThan(spread);
        }
        double sum = 0;
        for (int n = 0; n < draws; n++) {
            sum += Box.of(-1, 3, 1).sample(random)[0];
        }
        // A uniform number over [-1, 3] has mean 1 and variance 16 / 12.
        assertThat(Math.abs(sum / draws - 1)).isLessThan(6 * Math.sqrt(16 / 12.0 / draws));
    }

    @Test
    void oneHot() {
        float[] into = new float[6];
        new Discrete(3, 2).flatten(3, into, 0);
        MultiDiscrete.of(1, 2).flatten(new int[] {0, 1}, into, 3);
        assertThat(into).containsExactly(0, 1, 0, 1, 0, 1);
    }

    @Test
    void problemsSayWhere() {
        assertThat(new Discrete(3, 1).problem(4)).contains("4");
        assertThat(Discrete.of(Integer.MAX_VALUE).contains(-1)).isFalse();
        assertThat(new Discrete(2, Integer.MIN_VALUE).contains(Integer.MAX_VALUE))
                .isFalse();
        assertThat(MultiDiscrete.of(2, 3).problem(new int[] {1, 3})).contains("3 at 1");
        assertThat(MultiDiscrete.of(2, 3).problem(new int[1])).contains("a vector of 1");
        assertThat(Box.of(-1, 1, 3).problem(new float[] {2, 0, Float.NaN})).contains("2.0 at 0, NaN at 2");
        assertThat(TupleSpace.of(Discrete.of(4), Box.of(0, 1, 1)).problem(List.of(1, "x")))
                .contains("a String that is no element of Box([0.0], [1.0]) in part 1");
        var space = (DictSpace) all().getLast();
        assertThat(space.problem(Map.of("place", 1)))
                .hasValueSatisfying(t -> assertThat(t).contains("[place]"));
        assertThat(space.problem(Map.of("place", 2, "speed", new float[2]))).contains("2 in 'place'");
    }

    @Test
    void emptySpacesAreRefused() {
        assertThatThrownBy(() -> Discrete.of(0)).hasMessageContaining("n = 0");
        assertThatThrownBy(() -> MultiDiscrete.of(3, 0)).hasMessageContaining("[3, 0]");
        assertThatThrownBy(() -> Box.of(1, -1, 2)).hasMessageContaining("low <= high; got 1.0 and -1.0 at 0");
        assertThatThrownBy(() -> Box.of(Float.NaN, 1, 1)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> Box.of(INF, INF, 1)).hasMessageContaining("an open side");
        assertThatThrownBy(() -> Box.of(new float[1], new float[2])).hasMessageContaining("1 lower and 2 upper");
        assertThatThrownBy(() -> TupleSpace.of()).hasMessageContaining("at least one part");
        assertThatThrownBy(() -> new DictSpace(new LinkedHashMap<>())).hasMessageContaining("at least one part");
    }

    @Test
    void spacesOfTheSameBoundsAreEqual() {
        assertThat(all()).isEqualTo(all());
        assertThat(Arrays.hashCode(all().toArray())).isEqualTo(Arrays.hashCode(all().toArray()));
        assertThat(Box.of(0, 1, 2)).isNotEqualTo(Box.of(0, 1, 3));
    }
}
