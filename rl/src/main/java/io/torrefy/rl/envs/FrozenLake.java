package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Gymnasium's `FrozenLake-v1`: across the ice from S to G past the holes H; slippery ice carries a move to either side
/// as often as ahead. Reaching G pays 1, all else nothing; G and H end the episode. Actions are left, down, right, up.
/// Its time limit belongs to its registered id.
@Export(value = "rl.envs.FrozenLake", since = "0.1")
public final class FrozenLake extends TableEnv implements Grid {
    /// Gymnasium's map `4x4`.
    public static final String MAP_4X4 = """
            SFFF
            FHFH
            FFFH
            HFFG
            """;

    /// Gymnasium's map `8x8`.
    public static final String MAP_8X8 = """
            SFFFFFFF
            FFFFFFFF
            FFFHFFFF
            FFFFFHFF
            FFFHFFFF
            FHHFFFHF
            FHFFHFHF
            FFFHFFFG
            """;

    private static final List<Move> MOVES = List.of(Move.LEFT, Move.DOWN, Move.RIGHT, Move.UP);
    private static final Map<Character, Cell> LETTERS =
            Map.of('S', Cell.START, 'F', Cell.FREE, 'H', Cell.BAD, 'G', Cell.TARGET);

    private final TextMap map;

    private FrozenLake(TextMap map, double success) {
        super(model(map, success));
        this.map = map;
    }

    /// The 4x4 lake, slippery or not.
    public static FrozenLake of(boolean slippery) {
        return of(MAP_4X4, slippery);
    }

    /// Any lake: one letter of S (start), F (ice), H (hole) and G (goal) a cell.
    ///
    /// @throws IllegalArgumentException on a bad map, as [#of(String, double)]
    public static FrozenLake of(String map, boolean slippery) {
        return of(map, slippery ? 1.0 / 3 : 1);
    }

    /// Any lake with a chance of going where one wants to; the rest is shared by the two sides.
    ///
    /// @param success in (0, 1]; 1 for ice that is not slippery
    /// @throws IllegalArgumentException on a bad map: other letters, rows of several lengths, no start or goal, or
    ///     no way from a start to a goal
    public static FrozenLake of(String map, double success) {
        if (!(success > 0 && success <= 1)) {
            throw new IllegalArgumentException("[frozenlake] expected a chance of success in (0, 1]; got " + success
                    + ". Hint: 1/3 is Gymnasium's slippery ice, 1 does not slip.");
        }
        TextMap cells = TextMap.parse("frozenlake", LETTERS, map);
        if (cells.count(Cell.START) == 0 || cells.count(Cell.TARGET) == 0) {
            throw new IllegalArgumentException("[frozenlake] expected a start S and a goal G; got "
                    + cells.count(Cell.START) + " and " + cells.count(Cell.TARGET) + " of them.");
        }
        for (int state = 0; state < cells.cells().length; state++) {
            if (cells.cells()[state] == Cell.START && !cells.passable(state)) {
                throw new IllegalArgumentException("[frozenlake] expected a way from every S to a G; got holes all"
                        + " around it, from row " + (state / cells.columns() + 1) + ", column "
                        + (state % cells.columns() + 1) + ".");
            }
        }
        return new FrozenLake(cells, success);
    }

    private static FiniteMdp model(TextMap map, double success) {
        double fail = (1 - success) / 2;
        double[] start = new double[map.cells().length];
        long starts = map.count(Cell.START);
        Arrays.setAll(start, s -> map.cells()[s] == Cell.START ? 1.0 / starts : 0);
        return FiniteMdp.of(start.length, MOVES.size(), start, (s, a, to) -> {
            Move move = MOVES.get(a);
            if (over(map.cells()[s])) {
                to.add(1, s, 0, true);
            } else if (success == 1) {
                add(map, s, move, 1, to);
            } else {
                // Gymnasium's order: the move before it, itself, the one after it.
                add(map, s, move.clockwise(), fail, to);
                add(map, s, move, success, to);
                add(map, s, move.counterclockwise(), fail, to);
            }
        });
    }

    private static void add(TextMap map, int s, Move move, double probability, FiniteMdp.Outcomes to) {
        int next = TextMap.after(s, move, map.rows(), map.columns());
        Cell cell = map.cells()[next];
        to.add(probability, next, cell == Cell.TARGET ? 1 : 0, over(cell));
    }

    private static boolean over(Cell cell) {
        return cell == Cell.TARGET || cell == Cell.BAD;
    }

    @Override
    public int rows() {
        return map.rows();
    }

    @Override
    public int columns() {
        return map.columns();
    }

    @Override
    public List<Move> moves() {
        return MOVES;
    }

    @Override
    public Cell cell(int state) {
        return map.cells()[state];
    }
}
