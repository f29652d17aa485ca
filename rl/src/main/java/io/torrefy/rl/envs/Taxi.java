package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import java.util.Arrays;
import java.util.List;

/// Gymnasium's `Taxi-v4` (Dietterich 2000): drive to the passenger, pick up, drive to the destination, put down. A step
/// pays -1, picking up or putting down at a wrong place -10, putting down at the destination 20, which ends the
/// episode. Actions are down, up, right, left, pick up, put down.
///
/// The state is `((row * 5 + column) * 5 + passenger) * 4 + destination`, where places are 0 red (top left), 1 green
/// (top right), 2 yellow (bottom left), 3 blue (bottom), and a passenger in the taxi is at place 4.
///
/// Gymnasium's `is_rainy` is [#of(double)], its `fickle_passenger` is [FickleTaxi].
@Export(value = "rl.envs.Taxi", since = "0.1")
public final class Taxi extends TableEnv {
    /// Walls between two columns are |, open sides are :
    private static final String[] MAP = {"|R: | : :G|", "| : | : : |", "| : : : : |", "| | : | : |", "|Y| : |B: |"};

    private static final int SIDE = 5;
    private static final int IN_TAXI = 4;
    static final int PLACES = 4;
    private static final int STATES = SIDE * SIDE * (PLACES + 1) * PLACES;
    private static final int PICK_UP = 4;
    private static final int PUT_DOWN = 5;

    /// Cells of the places.
    private static final List<Integer> WHERE = List.of(0, 4, 20, 23);

    private static final List<Move> MOVES = List.of(Move.DOWN, Move.UP, Move.RIGHT, Move.LEFT);

    private Taxi(FiniteMdp model) {
        super(model);
    }

    public static Taxi of() {
        return of(1);
    }

    /// A taxi in the rain.
    ///
    /// @param success the chance that a move goes where it should; else it drifts to one side or the other, each as
    ///     often. Gymnasium's `is_rainy` is 0.8.
    /// @throws IllegalArgumentException if the chance is not in (0, 1]
    public static Taxi of(double success) {
        if (!(success > 0 && success <= 1)) {
            throw new IllegalArgumentException("[taxi] expected a chance of success in (0, 1]; got " + success + ".");
        }
        double[] start = new double[STATES];
        Arrays.setAll(start, s -> passenger(s) < IN_TAXI && passenger(s) != destination(s) ? 1.0 / 300 : 0);
        return new Taxi(FiniteMdp.of(STATES, PUT_DOWN + 1, start, (s, a, to) -> {
            switch (a) {
                case PICK_UP -> pickUp(s, to);
                case PUT_DOWN -> putDown(s, to);
                default -> drive(s, MOVES.get(a), success, to);
            }
        }));
    }

    private static void drive(int s, Move move, double success, FiniteMdp.Outcomes to) {
        int ahead = after(cell(s), move);
        if (success == 1) {
            to.add(1, with(ahead, passenger(s), s), -1, false);
            return;
        }
        // Where the way ahead is shut the taxi does not drift either.
        boolean shut = ahead == cell(s);
        double side = (1 - success) / 2;
        to.add(success, with(ahead, passenger(s), s), -1, false);
        to.add(side, with(shut ? ahead : after(cell(s), move.counterclockwise()), passenger(s), s), -1, false);
        to.add(side, with(shut ? ahead : after(cell(s), move.clockwise()), passenger(s), s), -1, false);
    }

    private static void pickUp(int s, FiniteMdp.Outcomes to) {
        boolean there = passenger(s) < IN_TAXI && WHERE.get(passenger(s)) == cell(s);
        to.add(1, there ? with(cell(s), IN_TAXI, s) : s, there ? -1 : -10, false);
    }

    private static void putDown(int s, FiniteMdp.Outcomes to) {
        int place = WHERE.indexOf(cell(s));
        if (passenger(s) != IN_TAXI || place < 0) {
            to.add(1, s, -10, false);
        } else {
            boolean arrived = place == destination(s);
            to.add(1, with(cell(s), place, s), arrived ? 20 : -1, arrived);
        }
    }

    private static int after(int cell, Move move) {
        int row = cell / SIDE;
        int column = cell % SIDE;
        int wall = 2 * column + 1 + move.columns();
        boolean open = move.columns() == 0 || MAP[row].charAt(wall) == ':';
        return open ? TextMap.after(cell, move, SIDE, SIDE) : cell;
    }

    private static int with(int cell, int passenger, int s) {
        return (cell * (PLACES + 1) + passenger) * PLACES + destination(s);
    }

    static int cell(int s) {
        return s / (PLACES * (PLACES + 1));
    }

    /// Whether the passenger is in the taxi.
    static boolean riding(int s) {
        return passenger(s) == IN_TAXI;
    }

    private static int passenger(int s) {
        return s / PLACES % (PLACES + 1);
    }

    static int destination(int s) {
        return s % PLACES;
    }
}
