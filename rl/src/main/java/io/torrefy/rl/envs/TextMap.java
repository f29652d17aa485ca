package io.torrefy.rl.envs;

import io.torrefy.rl.envs.Grid.Cell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// A grid read from text: a line a row, a letter a cell; blanks between letters and empty lines count for nothing.
record TextMap(int rows, int columns, Cell[] cells) {
    /// @param op who reads, for messages
    /// @param letters what each letter stands for
    /// @throws IllegalArgumentException that says where and what is wrong
    static TextMap parse(String op, Map<Character, Cell> letters, String text) {
        List<String> lines = new ArrayList<>();
        text.lines()
                .map(line -> line.replaceAll("\\s", ""))
                .filter(l -> !l.isEmpty())
                .forEach(lines::add);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected a map of at least one cell; got empty text. " + hint(letters));
        }
        int columns = lines.getFirst().length();
        Cell[] cells = new Cell[lines.size() * columns];
        for (int row = 0; row < lines.size(); row++) {
            String line = lines.get(row);
            if (line.length() != columns) {
                throw new IllegalArgumentException("[" + op + "] expected rows of one length; got " + columns
                        + " cells in row 1 and " + line.length() + " in row " + (row + 1) + ", '" + line + "'.");
            }
            for (int column = 0; column < columns; column++) {
                Cell cell = letters.get(line.charAt(column));
                if (cell == null) {
                    throw new IllegalArgumentException("[" + op + "] expected a letter of a map; got '"
                            + line.charAt(column) + "' in row " + (row + 1) + ", column " + (column + 1) + ". "
                            + hint(letters));
                }
                cells[row * columns + column] = cell;
            }
        }
        return new TextMap(lines.size(), columns, cells);
    }

    private static String hint(Map<Character, Cell> letters) {
        var words = new ArrayList<String>();
        letters.forEach((letter, cell) -> words.add("'" + letter + "' is "
                + switch (cell) {
                    case FREE -> "a free cell";
                    case START -> "the start";
                    case BAD -> "a cell to keep away from";
                    case TARGET -> "a target";
                }));
        return "Hint: " + String.join(", ", words.stream().sorted().toList()) + ".";
    }

    long count(Cell cell) {
        return Arrays.stream(cells).filter(c -> c == cell).count();
    }

    /// The first cell of a kind, or -1.
    int first(Cell cell) {
        return Arrays.asList(cells).indexOf(cell);
    }

    /// The state a move leads to, or the same one where the grid ends.
    static int after(int state, Move move, int rows, int columns) {
        int row = state / columns + move.rows();
        int column = state % columns + move.columns();
        return row < 0 || row >= rows || column < 0 || column >= columns ? state : row * columns + column;
    }

    /// Whether a target can be reached from a cell by moves to the side that enter no bad cell.
    boolean passable(int from) {
        boolean[] seen = new boolean[cells.length];
        int[] waiting = new int[cells.length];
        int head = 0;
        int tail = 0;
        waiting[tail++] = from;
        seen[from] = true;
        while (head < tail) {
            int state = waiting[head++];
            if (cells[state] == Cell.TARGET) {
                return true;
            }
            for (Move move : Move.values()) {
                int next = after(state, move, rows, columns);
                if (!seen[next] && cells[next] != Cell.BAD) {
                    seen[next] = true;
                    waiting[tail++] = next;
                }
            }
        }
        return false;
    }
}
