package io.torrefy.rl.approximation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.testkit.Close;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FeaturesTest {
    @Test
    void polynomialsAreAllProductsUpToTheirDegree() {
        assertThat(PolynomialFeatures.of(2, 1).vector(3, 5)).containsExactly(1, 3, 5);
        assertThat(PolynomialFeatures.of(2, 3).vector(3, 5)).containsExactly(1, 3, 5, 9, 15, 25, 27, 45, 75, 125);
        // (3 + 2)! / (3! 2!) products of three inputs
        assertThat(PolynomialFeatures.of(3, 2).size()).isEqualTo(10);
        assertThat(PolynomialFeatures.of(1, 0).vector(7)).containsExactly(1);
    }

    @Test
    void theFourierBasisIsOfCosines() {
        assertThat(FourierFeatures.of(2, 5).size()).isEqualTo(36);
        double root = Math.sqrt(0.5);
        Close.check("order 1", FourierFeatures.of(2, 1).vector(0.25, 1), new double[] {1, root, -1, -root}, 0, 1e-12);
    }

    @Test
    void everyTilingHasOneTile() {
        var tiles = TileCoding.of(4, 3, new double[] {0, -1}, new double[] {3, 1});
        assertThat(tiles.size()).isEqualTo(4 * 16);
        double[] vector = tiles.vector(1.9, 0.2);
        for (int t = 0; t < 4; t++) {
            assertThat(Arrays.stream(vector, t * 16, (t + 1) * 16).sum())
                    .as("tiling %d", t)
                    .isEqualTo(1);
        }
        // Tilings are a quarter of a tile apart along the first input: 1.9 is in tile 1 of the first, 2 of the others.
        // Along the second they are moved by 0, 3/4, 2/4, 1/4; 0.2 is at 1.8 tiles.
        int[] index = new int[4];
        tiles.of(new double[] {1.9, 0.2}, index, new double[4]);
        assertThat(index).containsExactly(1 + 4, 16 + 2 + 4 * 2, 32 + 2 + 4 * 2, 48 + 2 + 4 * 2);
    }

    @Test
    void closeStatesShareTilesAndFarOnesDoNot() {
        var tiles = TileCoding.of(8, 8, new double[] {0}, new double[] {1});
        assertThat(shared(tiles, 0.5, 0.5)).isEqualTo(8);
        // An eighth of a tile apart: all tilings but one.
        assertThat(shared(tiles, 0.501, 0.501 + 1.0 / 64)).isEqualTo(7);
        assertThat(shared(tiles, 0.1, 0.9)).isZero();
    }

    private static int shared(Features features, double a, double b) {
        double[] first = features.vector(a);
        double[] second = features.vector(b);
        int n = 0;
        for (int i = 0; i < first.length; i++) {
            n += first[i] != 0 && second[i] != 0 ? 1 : 0;
        }
        return n;
    }

    @Test
    void whatLiesOutsideCountsAsTheEnd() {
        var tiles = TileCoding.of(8, 4, new double[] {0}, new double[] {1});
        assertThat(tiles.vector(7)).isEqualTo(tiles.vector(1));
        assertThat(tiles.vector(-7)).isEqualTo(tiles.vector(0));
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> PolynomialFeatures.of(0, 1)).hasMessageContaining("inputs >= 1");
        assertThatThrownBy(() -> FourierFeatures.of(20, 3)).hasMessageContaining("at most 1048576 features");
        assertThatThrownBy(() -> TileCoding.of(8, 8, new double[] {1}, new double[] {1}))
                .hasMessageContaining("expected finite low < high; got 1.0 and 1.0 for input 0");
        assertThatThrownBy(() -> TileCoding.of(8, 100, new double[6], new double[] {1, 1, 1, 1, 1, 1}))
                .hasMessageContaining("Hint: fewer tiles");
        assertThatThrownBy(() -> Features.oneHot(3).vector(3)).hasMessageContaining("expected a state 0 to 2; got 3.0");
        assertThatThrownBy(() -> new LinearSettings(0, 0.9, 0.1, 10)).hasMessageContaining("alpha in (0, 2]");
    }
}
