package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The grid world of S. Zhao, "Mathematical Foundations of Reinforcement Learning", and its relatives. A move out of
/// the grid stays where it is and pays the boundary reward; else the cell that is landed on pays, also by staying in
/// it. Forbidden cells can be entered, and the target is a state as any other: the agent collects its reward for ever,
/// and v* there is `reward / (1 - gamma)`. Where the book's text, its code and its figures differ this is the text;
/// [Builder] has the rest by name.
@Export(value = "rl.envs.GridWorld", since = "0.1")
public final class GridWorld extends TableEnv implements Grid {
    private static final Map<Character, Cell> LETTERS =
            Map.of('.', Cell.FREE, 'S', Cell.START, '#', Cell.BAD, 'T', Cell.TARGET);

    private final TextMap map;
    private final List<Move> moves;

    private GridWorld(TextMap map, Builder settings) {
        super(settings.model(map));
        this.map = map;
        moves = List.copyOf(settings.moves);
    }

    /// The 5 x 5 world of the book: rewards -1 at the boundary and in forbidden cells, +1 at the target, 0
    /// elsewhere; actions up, right, down, left, stay.
    public static GridWorld book() {
        return bookMap().build();
    }

    /// The same, to be changed: `GridWorld.bookMap().forbiddenReward(-10).build()`.
    public static Builder bookMap() {
        return of("""
                . . . . .
                . # # . .
                . . # . .
                . # T # .
                . # . . .
                """);
    }

    /// The world of the book's Python code: forbidden cells throw back, actions are down, right, up, left, stay.
    public static GridWorld bookPython() {
        return of("""
                . . . . .
                . . # . .
                . . S . .
                . # . # .
                . . . . T
                """)
                .moves(Move.DOWN, Move.RIGHT, Move.UP, Move.LEFT, Move.STAY)
                .boundaryReward(-5)
                .forbiddenReward(-5)
                .targetReward(10)
                .stepReward(-1)
                .forbiddenBounces(true)
                .build();
    }

    /// The world of the book's MATLAB code: four rows of three.
    public static GridWorld bookMatlab() {
        return of("""
                . # .
                # . .
                # . T
                . . .
                """).build();
    }

    /// A world from a map: `.` is a free cell, `#` a forbidden one, `T` a target, `S` the start (top left where
    /// there is none); a line a row, blanks between letters count for nothing.
    ///
    /// @throws IllegalArgumentException on other letters, rows of several lengths, more than one start
    public static Builder of(String map) {
        return new Builder(TextMap.parse("gridworld", LETTERS, map));
    }

    /// A world of free cells, to which [Builder#forbid] and [Builder#target] add.
    ///
    /// @throws IllegalArgumentException without a cell
    public static Builder of(int rows, int columns) {
        if (rows < 1 || columns < 1 || (long) rows * columns > 1 << 26) {
            throw new IllegalArgumentException("[gridworld] expected rows and columns of at least one, and at most 2^26"
                    + " cells; got " + rows + " x " + columns + ".");
        }
        Cell[] cells = new Cell[rows * columns];
        Arrays.fill(cells, Cell.FREE);
        return new Builder(new TextMap(rows, columns, cells));
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
        return moves;
    }

    @Override
    public Cell cell(int state) {
        return map.cells()[state];
    }

    /// The map it was made from.
    @Override
    public String toString() {
        var text = new StringBuilder();
        for (int s = 0; s < states(); s++) {
            text.append(
                    switch (cell(s)) {
                        case FREE -> '.';
                        case START -> 'S';
                        case BAD -> '#';
                        case TARGET -> 'T';
                    });
            text.append(s % columns() == columns() - 1 ? '\n' : ' ');
        }
        return text.toString();
    }

    /// What a grid world is made of. Its methods change it and give it back.
    public static final class Builder {
        private final TextMap map;
        private List<Move> moves = List.of(Move.values());
        private double boundaryReward = -1;
        private double forbiddenReward = -1;
        private double targetReward = 1;
        private double stepReward;
        private double slip;
        private boolean forbiddenBounces;
        private boolean targetTerminates;
        private boolean additiveBump;

        private Builder(TextMap map) {
            this.map = map;
            if (map.count(Cell.START) > 1) {
                throw new IllegalArgumentException("[gridworld] expected at most one start S; got "
                        + map.count(Cell.START) + ". Hint: resetTo(state) begins an episode anywhere.");
            }
        }

        /// Makes a cell forbidden; rows and columns count from 1, as in the book.
        public Builder forbid(int row, int column) {
            return put(row, column, Cell.BAD);
        }

        /// Makes a cell a target.
        public Builder target(int row, int column) {
            return put(row, column, Cell.TARGET);
        }

        /// Makes a free cell the start, instead of the top left one.
        public Builder start(int row, int column) {
            int before = map.first(Cell.START);
            if (before >= 0) {
                map.cells()[before] = Cell.FREE;
            }
            return put(row, column, Cell.START);
        }

        private Builder put(int row, int column, Cell cell) {
            if (row < 1 || row > map.rows() || column < 1 || column > map.columns()) {
                throw new IllegalArgumentException("[gridworld] expected a cell of " + map.rows() + " x "
                        + map.columns() + "; got row " + row + ", column " + column + ". Hint: both count from 1.");
            }
            map.cells()[(row - 1) * map.columns() + column - 1] = cell;
            return this;
        }

        /// Of a move out of the grid; -1 by default.
        public Builder boundaryReward(double value) {
            boundaryReward = value;
            return this;
        }

        /// Of landing on a forbidden cell, or being thrown back by one; -1 by default.
        public Builder forbiddenReward(double value) {
            forbiddenReward = value;
            return this;
        }

        /// Of landing on a target; 1 by default.
        public Builder targetReward(double value) {
            targetReward = value;
            return this;
        }

        /// Of landing on any other cell; 0 by default.
        public Builder stepReward(double value) {
            stepReward = value;
            return this;
        }

        /// The actions, in their order; by default up, right, down, left, stay.
        public Builder moves(Move... actions) {
            moves = List.of(actions);
            return this;
        }

        /// Whether there is an action to stay, after up, right, down and left.
        public Builder stay(boolean value) {
            moves = value ? List.of(Move.values()) : List.of(Move.UP, Move.RIGHT, Move.DOWN, Move.LEFT);
            return this;
        }

        /// The chance that a move goes to one of its sides, half of it to each; 0 by default. Staying never
        /// slips.
        public Builder slip(double value) {
            slip = value;
            return this;
        }

        /// Whether forbidden cells throw back whoever moves onto them, as in the book's Python code; by default
        /// they can be entered, as in its text.
        public Builder forbiddenBounces(boolean value) {
            forbiddenBounces = value;
            return this;
        }

        /// Whether the episode ends on a target; by default it does not. That changes which policy is best: the
        /// target's reward comes once, so v* is `gamma^(d-1)` at d steps from it.
        public Builder targetTerminates(boolean value) {
            targetTerminates = value;
            return this;
        }

        /// Whether a move out of the grid from a forbidden cell pays both rewards, as in figures 5.6 and 5.7 of
        /// the book; by default the boundary's alone, as in its text and in figure 8.6.
        public Builder additiveBump(boolean value) {
            additiveBump = value;
            return this;
        }

        /// @throws IllegalArgumentException on a chance outside of [0, 1], no action or one twice, rewards that
        ///     are not finite, and a target that ends the episode but is not there or cannot be reached
        public GridWorld build() {
            if (!(slip >= 0 && slip <= 1)) {
                throw new IllegalArgumentException(
                        "[gridworld] expected a chance to slip in [0, 1]; got " + slip + ".");
            }
            if (moves.isEmpty() || moves.stream().distinct().count() < moves.size()) {
                throw new IllegalArgumentException("[gridworld] expected actions that differ; got " + moves + ".");
            }
            if (targetTerminates && map.count(Cell.TARGET) == 0) {
                throw new IllegalArgumentException("[gridworld] expected a target where targets end the episode; got"
                        + " none. Hint: put a T into the map, or targetTerminates(false).");
            }
            if (targetTerminates && forbiddenBounces && !map.passable(startState(map))) {
                throw new IllegalArgumentException(
                        "[gridworld] expected a way from the start to a target; got forbidden"
                                + " cells all around, which cannot be entered. Hint: forbiddenBounces(false) lets them.");
            }
            return new GridWorld(
                    new TextMap(map.rows(), map.columns(), map.cells().clone()), this);
        }

        private static int startState(TextMap map) {
            return Math.max(0, map.first(Cell.START));
        }

        private FiniteMdp model(TextMap grid) {
            int states = grid.cells().length;
            return FiniteMdp.of(states, moves.size(), FiniteMdp.startIn(startState(grid), states), (s, a, to) -> {
                Move move = moves.get(a);
                if (targetTerminates && grid.cells()[s] == Cell.TARGET) {
                    to.add(1, s, 0, true);
                } else if (slip == 0 || move == Move.STAY) {
                    add(grid, s, move, 1, to);
                } else {
                    add(grid, s, move, 1 - slip, to);
                    add(grid, s, move.counterclockwise(), slip / 2, to);
                    add(grid, s, move.clockwise(), slip / 2, to);
                }
            });
        }

        private void add(TextMap grid, int s, Move move, double probability, FiniteMdp.Outcomes to) {
            int next = TextMap.after(s, move, grid.rows(), grid.columns());
            if (next == s && move != Move.STAY) {
                boolean both = additiveBump && grid.cells()[s] == Cell.BAD;
                to.add(probability, s, boundaryReward + (both ? forbiddenReward : 0), false);
                return;
            }
            switch (grid.cells()[next]) {
                case BAD -> to.add(probability, forbiddenBounces ? s : next, forbiddenReward, false);
                case TARGET -> to.add(probability, next, targetReward, targetTerminates);
                default -> to.add(probability, next, stepReward, false);
            }
        }
    }
}
