package io.torrefy.rl.approximation;

import io.torrefy.export.Export;

/// Tile coding (Sutton and Barto, section 9.5.4): several grids over the inputs' ranges, each moved a little against
/// the others, and one feature that is 1 in each, that of the tile which the state is in. Grid t is moved by
/// `t (1, 3, 5, …) / tilings` of a tile, so that no direction is preferred. Every tile has its weight; nothing is
/// hashed.
@Export(value = "rl.approximation.TileCoding", since = "0.1")
public final class TileCoding implements Features {
    private static final long LARGEST = 1 << 26;

    private final int tilings;
    private final int tiles;
    private final double[] low;
    private final double[] high;
    private final int perTiling;

    private TileCoding(int tilings, int tiles, double[] low, double[] high, int perTiling) {
        this.tilings = tilings;
        this.tiles = tiles;
        this.low = low;
        this.high = high;
        this.perTiling = perTiling;
    }

    /// @param tilings grids
    /// @param tiles of a grid along each input's range; one more is there for what moving uncovers
    /// @param low of each input; what lies outside of its range counts as its end
    public static TileCoding of(int tilings, int tiles, double[] low, double[] high) {
        if (tilings < 1 || tiles < 1 || low.length == 0 || low.length != high.length) {
            throw new IllegalArgumentException("[tiles] expected tilings and tiles of at least 1 and as many lower as"
                    + " upper bounds; got " + tilings + " tilings of " + tiles + " tiles, " + low.length + " and "
                    + high.length + " bounds.");
        }
        for (int i = 0; i < low.length; i++) {
            if (!(low[i] < high[i]) || Double.isInfinite(high[i] - low[i])) {
                throw new IllegalArgumentException("[tiles] expected finite low < high; got " + low[i] + " and "
                        + high[i] + " for input " + i + ".");
            }
        }
        double size = tilings * Math.pow(tiles + 1.0, low.length);
        if (size > LARGEST) {
            throw new IllegalArgumentException("[tiles] expected at most " + LARGEST + " tiles in all; got "
                    + (long) size + ". Hint: fewer tiles, or fewer inputs.");
        }
        return new TileCoding(tilings, tiles, low.clone(), high.clone(), (int) size / tilings);
    }

    @Override
    public int size() {
        return tilings * perTiling;
    }

    @Override
    public int active() {
        return tilings;
    }

    @Override
    public int inputs() {
        return low.length;
    }

    @Override
    public int of(double[] state, int[] index, double[] value) {
        for (int t = 0; t < tilings; t++) {
            int tile = 0;
            for (int i = low.length - 1; i >= 0; i--) {
                double place = Math.clamp((state[i] - low[i]) / (high[i] - low[i]), 0, 1) * tiles;
                int moved = (int) ((long) t * (2 * i + 1) % tilings);
                int along = Math.min(tiles, (int) (place + (double) moved / tilings));
                tile = tile * (tiles + 1) + along;
            }
            index[t] = t * perTiling + tile;
            value[t] = 1;
        }
        return tilings;
    }

    @Override
    public String toString() {
        return "TileCoding(" + tilings + " tilings, " + tiles + " tiles a side, " + low.length + " inputs, " + size()
                + " features)";
    }
}
