package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteEnv;
import java.util.List;

/// A finite environment whose states are the cells of a grid, row by row from the top left: state `row * columns +
/// column`.
@Export(value = "rl.envs.Grid", since = "0.1")
public interface Grid extends FiniteEnv {
    int rows();

    int columns();

    /// What each action does, by its number.
    List<Move> moves();

    /// What a cell is.
    Cell cell(int state);

    /// Kinds of cells.
    enum Cell {
        FREE,
        START,
        /// A place to keep away from: a forbidden cell, a hole, the cliff.
        BAD,
        /// A place to reach.
        TARGET
    }
}
