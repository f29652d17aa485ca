package io.torrefy.rl.plot;

import io.torrefy.export.Export;
import io.torrefy.rl.envs.Grid;
import io.torrefy.rl.envs.Grid.Cell;
import io.torrefy.rl.envs.Move;
import io.torrefy.tensor.SplitMix;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A grid with layers: its cells, values as colours and numbers, action values as triangles, a policy as arrows whose
/// length is the action's probability, and a trajectory. What is not given is not drawn.
///
/// @param grid the cells
/// @param values one a cell (states), or null
/// @param actionValues (states, actions), or null
/// @param policy probabilities (states, actions), or null
/// @param trajectory states in the order of visits, or null
/// @param scale of the values' colours; null for one from the values
/// @param title above, may be empty
@Export(value = "rl.plot.GridView", since = "0.1")
public record GridView(
        Grid grid,
        double @Nullable [] values,
        double @Nullable [][] actionValues,
        double @Nullable [][] policy,
        int @Nullable [] trajectory,
        @Nullable ValueScale scale,
        String title) {
    private static final double SIDE = 56;
    private static final double MARGIN = 12;
    private static final double TITLE = 28;
    /// Grids with more cells a side are drawn in smaller cells, without numbers.
    private static final int NUMBERED = 25;

    public GridView {
        int states = grid.states();
        check(values == null || values.length == states, "values", states, values == null ? 0 : values.length);
        check(
                actionValues == null || actionValues.length == states,
                "actionValues",
                states,
                actionValues == null ? 0 : actionValues.length);
        check(policy == null || policy.length == states, "policy", states, policy == null ? 0 : policy.length);
        if (trajectory != null) {
            for (int state : trajectory) {
                if (state < 0 || state >= states) {
                    throw new IllegalArgumentException(
                            "[plot] expected a trajectory of states below " + states + "; got " + state + ".");
                }
            }
        }
    }

    private static void check(boolean right, String what, int states, int got) {
        if (!right) {
            throw new IllegalArgumentException(
                    "[plot] expected " + what + " of " + states + " states, one a cell; got " + got + ".");
        }
    }

    /// The cells alone.
    public static GridView of(Grid grid) {
        return new GridView(grid, null, null, null, null, null, "");
    }

    public GridView withValues(double[] given) {
        return new GridView(grid, given.clone(), actionValues, policy, trajectory, scale, title);
    }

    public GridView withActionValues(double[][] given) {
        return new GridView(grid, values, given.clone(), policy, trajectory, scale, title);
    }

    /// @param given probabilities (states, actions)
    public GridView withPolicy(double[][] given) {
        return new GridView(grid, values, actionValues, given.clone(), trajectory, scale, title);
    }

    /// @param actions one a state
    public GridView withPolicy(int[] actions) {
        double[][] sure = new double[actions.length][grid.actions()];
        for (int s = 0; s < actions.length; s++) {
            sure[s][actions[s]] = 1;
        }
        return withPolicy(sure);
    }

    public GridView withTrajectory(int[] states) {
        return new GridView(grid, values, actionValues, policy, states.clone(), scale, title);
    }

    public GridView withScale(ValueScale given) {
        return new GridView(grid, values, actionValues, policy, trajectory, given, title);
    }

    public GridView withTitle(String given) {
        return new GridView(grid, values, actionValues, policy, trajectory, scale, given);
    }

    // ---- as a picture ----------------------------------------------------------------------------------------------

    public Picture picture() {
        double side = side();
        double top = MARGIN + (title.isEmpty() ? 0 : TITLE);
        return new Picture(
                grid.columns() * side + 2 * MARGIN,
                grid.rows() * side + top + MARGIN,
                canvas -> draw(canvas, side, top));
    }

    private double side() {
        return Math.max(4, SIDE * Math.min(1, (double) NUMBERED / Math.max(grid.rows(), grid.columns())));
    }

    private void draw(Canvas canvas, double side, double top) {
        if (!title.isEmpty()) {
            canvas.text(MARGIN, MARGIN + TITLE / 2 - 4, 15, Canvas.Anchor.START, Ink.BLACK, title);
        }
        ValueScale colors = colors();
        for (int s = 0; s < grid.states(); s++) {
            double x = MARGIN + s % grid.columns() * side;
            double y = top + s / grid.columns() * side;
            cell(canvas, s, x, y, side, colors);
        }
        if (trajectory != null) {
            trajectory(canvas, trajectory, side, top);
        }
        canvas.frame(MARGIN, top, grid.columns() * side, grid.rows() * side, Ink.BLACK, 1.5);
    }

    private ValueScale colors() {
        if (scale != null) {
            return scale;
        }
        if (values != null) {
            return ValueScale.withoutExtremes(values);
        }
        return actionValues == null
                ? new ValueScale(0, 0, 0)
                : ValueScale.withoutExtremes(java.util.Arrays.stream(actionValues)
                        .flatMapToDouble(java.util.Arrays::stream)
                        .toArray());
    }

    private void cell(Canvas canvas, int s, double x, double y, double side, ValueScale colors) {
        Cell kind = grid.cell(s);
        Ink ground = values == null ? plain(kind) : colors.color(values[s]);
        canvas.rect(x, y, side, side, ground);
        if (actionValues != null) {
            triangles(canvas, actionValues[s], x, y, side, colors);
        }
        canvas.frame(x, y, side, side, Ink.LIGHT, Math.min(1, side / 20));
        if (kind != Cell.FREE) {
            double inset = side * 0.05;
            canvas.frame(
                    x + inset, y + inset, side - 2 * inset, side - 2 * inset, edge(kind), Math.max(0.8, side / 22));
        }
        if (policy != null) {
            boolean numbered = values != null && side >= 30;
            arrows(canvas, policy[s], x + side / 2, y + side * (numbered ? 0.4 : 0.5), side, ground.text());
        }
        if (values != null && side >= 30) {
            double size = side * (policy == null ? 0.27 : 0.19);
            double at = policy == null ? 0.5 : 0.83;
            canvas.text(x + side / 2, y + side * at, size, Canvas.Anchor.MIDDLE, ground.text(), number(values[s]));
        }
    }

    private static Ink plain(Cell kind) {
        return switch (kind) {
            case FREE, START -> Ink.WHITE;
            case BAD -> Ink.ORANGE.withAlpha(0.35);
            case TARGET -> Ink.BLUE.withAlpha(0.35);
        };
    }

    private static Ink edge(Cell kind) {
        return switch (kind) {
            case FREE, START -> Ink.GREY;
            case BAD -> Ink.RED;
            case TARGET -> Ink.GREEN;
        };
    }

    /// A number in at most five characters where that says enough.
    static String number(double value) {
        double size = Math.abs(value);
        if (Double.isNaN(value)) {
            return "";
        }
        String text = String.format(
                Locale.ROOT, size >= 1e5 ? "%.0e" : size >= 1000 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
        return text.matches("-0\\.?0*") ? text.substring(1) : text;
    }

    private void triangles(Canvas canvas, double[] q, double x, double y, double side, ValueScale colors) {
        double middleX = x + side / 2;
        double middleY = y + side / 2;
        for (int a = 0; a < q.length; a++) {
            Move move = grid.moves().get(a);
            Ink fill = colors.color(q[a]);
            if (move == Move.STAY) {
                canvas.disc(middleX, middleY, side / 8, fill);
                continue;
            }
            // The two corners that the move goes between.
            double dx = side / 2 * move.columns();
            double dy = side / 2 * move.rows();
            canvas.polygon(
                    new double[] {middleX, middleX + dx - dy, middleX + dx + dy},
                    new double[] {middleY, middleY + dy - dx, middleY + dy + dx},
                    fill);
            if (side >= 50) {
                canvas.text(
                        middleX + dx * 0.58,
                        middleY + dy * 0.72,
                        side / 8,
                        Canvas.Anchor.MIDDLE,
                        fill.text(),
                        number(q[a]));
            }
        }
    }

    private void arrows(Canvas canvas, double[] probabilities, double x, double y, double side, Ink ink) {
        for (int a = 0; a < probabilities.length; a++) {
            double p = probabilities[a];
            if (p <= 0) {
                continue;
            }
            Move move = grid.moves().get(a);
            if (move == Move.STAY) {
                canvas.ring(x, y, Math.max(1, side * 0.14 * p), ink, Math.max(0.8, side / 32));
                continue;
            }
            double length = side * 0.3 * p;
            double headX = x + move.columns() * length;
            double headY = y + move.rows() * length;
            double head = Math.min(length, side * 0.11);
            canvas.line(x, y, headX, headY, ink, Math.max(0.8, side / 32));
            double backX = headX - move.columns() * head;
            double backY = headY - move.rows() * head;
            double wide = head * 0.7;
            canvas.polygon(
                    new double[] {headX, backX - move.rows() * wide, backX + move.rows() * wide},
                    new double[] {headY, backY - move.columns() * wide, backY + move.columns() * wide},
                    ink);
        }
    }

    /// Steps through the cells' middles, moved a little so that a cell that is crossed twice shows both.
    private void trajectory(Canvas canvas, int[] states, double side, double top) {
        var random = new SplitMix(0, 0);
        double[] x = new double[states.length];
        double[] y = new double[states.length];
        for (int t = 0; t < states.length; t++) {
            x[t] = MARGIN + (states[t] % grid.columns() + 0.5 + 0.3 * (random.unit() - 0.5)) * side;
            y[t] = top + (states[t] / grid.columns() + 0.5 + 0.3 * (random.unit() - 0.5)) * side;
        }
        canvas.polyline(x, y, Ink.GREEN.withAlpha(0.75), Math.max(1, side / 24));
        if (states.length > 0) {
            canvas.disc(x[0], y[0], Math.max(1.5, side / 14), Ink.GREEN);
            canvas.ring(x[x.length - 1], y[y.length - 1], Math.max(1.5, side / 14), Ink.GREEN, Math.max(1, side / 24));
        }
    }

    // ---- in the terminal -------------------------------------------------------------------------------------------

    /// The grid as text, a line a row, each cell an arrow for every action of the greatest probability and its
    /// value.
    ///
    /// @param colored whether cells are coloured by ANSI sequences of 24 bits; else kinds of cells are letters (`#`
    ///     bad,
    ///     `T` target, `S` start)
    public List<String> lines(boolean colored) {
        String[] cells = new String[grid.states()];
        int width = 1;
        for (int s = 0; s < cells.length; s++) {
            cells[s] = text(s, colored);
            width = Math.max(width, cells[s].codePointCount(0, cells[s].length()));
        }
        ValueScale colors = colors();
        var lines = new java.util.ArrayList<String>();
        if (!title.isEmpty()) {
            lines.add(title);
        }
        for (int row = 0; row < grid.rows(); row++) {
            var line = new StringBuilder();
            for (int column = 0; column < grid.columns(); column++) {
                int s = row * grid.columns() + column;
                String cell = cells[s] + " ".repeat(width - cells[s].codePointCount(0, cells[s].length()));
                line.append(column == 0 ? "" : colored ? "" : "  ");
                line.append(colored ? painted(s, " " + cell + " ", colors) : cell);
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    private String text(int s, boolean colored) {
        var text = new StringBuilder();
        if (!colored) {
            text.append(
                    switch (grid.cell(s)) {
                        case FREE -> policy == null && values == null ? "." : "";
                        case START -> "S";
                        case BAD -> "#";
                        case TARGET -> "T";
                    });
        }
        if (policy != null) {
            double best = java.util.Arrays.stream(policy[s]).max().orElse(0);
            for (int a = 0; a < policy[s].length; a++) {
                if (best > 0 && policy[s][a] >= best - 1e-12) {
                    text.append(grid.moves().get(a).glyph());
                }
            }
        }
        if (values != null) {
            text.append(text.isEmpty() ? "" : " ").append(number(values[s]));
        }
        return text.toString();
    }

    private String painted(int s, String cell, ValueScale colors) {
        Ink ground =
                values == null ? Ink.WHITE.towards(plain(grid.cell(s)).withAlpha(1), 0.5) : colors.color(values[s]);
        Ink ink = grid.cell(s) == Cell.BAD ? Ink.RED : grid.cell(s) == Cell.TARGET ? Ink.GREEN : ground.text();
        boolean marked = grid.cell(s) == Cell.BAD || grid.cell(s) == Cell.TARGET;
        return "\u001b[48;2;" + ground.red() + ";" + ground.green() + ";" + ground.blue() + "m\u001b[38;2;" + ink.red()
                + ";" + ink.green() + ";" + ink.blue() + "m" + (marked ? "\u001b[1m" : "") + cell + "\u001b[0m";
    }
}
