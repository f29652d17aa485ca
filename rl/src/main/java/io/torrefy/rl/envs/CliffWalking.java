package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import java.util.List;

/// Gymnasium's `CliffWalking-v1` (Sutton and Barto, Example 6.6): 4 x 12 cells, from the bottom left to the bottom
/// right, with the cliff between. A step pays -1; the cliff pays -100 and leads back to the start without ending the
/// episode. Actions are up, right, down, left. There is no time limit, and a random walk takes some 7000 steps.
@Export(value = "rl.envs.CliffWalking", since = "0.1")
public final class CliffWalking extends TableEnv implements Grid {
    private static final int ROWS = 4;
    private static final int COLUMNS = 12;
    private static final int START = (ROWS - 1) * COLUMNS;
    private static final int GOAL = ROWS * COLUMNS - 1;
    private static final List<Move> MOVES = List.of(Move.UP, Move.RIGHT, Move.DOWN, Move.LEFT);

    private CliffWalking(FiniteMdp model) {
        super(model);
    }

    /// @param slippery whether a move goes to either side as often as ahead: `CliffWalkingSlippery-v1`
    public static CliffWalking of(boolean slippery) {
        int states = ROWS * COLUMNS;
        return new CliffWalking(FiniteMdp.of(states, MOVES.size(), FiniteMdp.startIn(START, states), (s, a, to) -> {
            Move move = MOVES.get(a);
            if (slippery) {
                add(s, move.counterclockwise(), 1.0 / 3, to);
                add(s, move, 1.0 / 3, to);
                add(s, move.clockwise(), 1.0 / 3, to);
            } else {
                add(s, move, 1, to);
            }
        }));
    }

    private static void add(int s, Move move, double probability, FiniteMdp.Outcomes to) {
        int next = TextMap.after(s, move, ROWS, COLUMNS);
        if (cliff(next)) {
            to.add(probability, START, -100, false);
        } else {
            to.add(probability, next, -1, next == GOAL);
        }
    }

    private static boolean cliff(int state) {
        return state > START && state < GOAL;
    }

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int columns() {
        return COLUMNS;
    }

    @Override
    public List<Move> moves() {
        return MOVES;
    }

    @Override
    public Cell cell(int state) {
        if (cliff(state)) {
            return Cell.BAD;
        }
        return state == START ? Cell.START : state == GOAL ? Cell.TARGET : Cell.FREE;
    }
}
