package io.torrefy.rl.envs;

import io.torrefy.export.Export;

/// A move on a grid whose first row is on top.
@Export(value = "rl.envs.Move", since = "0.1")
public enum Move {
    UP(-1, 0, '↑'),
    RIGHT(0, 1, '→'),
    DOWN(1, 0, '↓'),
    LEFT(0, -1, '←'),
    STAY(0, 0, '○');

    private final int rows;
    private final int columns;
    private final char glyph;

    Move(int rows, int columns, char glyph) {
        this.rows = rows;
        this.columns = columns;
        this.glyph = glyph;
    }

    /// How many rows it goes down.
    public int rows() {
        return rows;
    }

    /// How many columns it goes to the right.
    public int columns() {
        return columns;
    }

    /// An arrow, or a circle for staying.
    public char glyph() {
        return glyph;
    }

    /// A quarter turn clockwise; staying stays.
    public Move clockwise() {
        return switch (this) {
            case UP -> RIGHT;
            case RIGHT -> DOWN;
            case DOWN -> LEFT;
            case LEFT -> UP;
            case STAY -> STAY;
        };
    }

    /// A quarter turn against the clock; staying stays.
    public Move counterclockwise() {
        return clockwise().clockwise().clockwise();
    }
}
