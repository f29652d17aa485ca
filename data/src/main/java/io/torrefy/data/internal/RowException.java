package io.torrefy.data.internal;

/// Something is wrong in one row of a batch. Who knows where the rows are from can say it of the row itself.
public final class RowException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String problem;
    private final int row;

    /// @param what `expected ...; got ...`, without a full stop
    /// @param row of the batch, from 0 on
    /// @param hint without a full stop; empty for none
    public RowException(String what, int row, String hint) {
        super("[columns] " + what + " in row " + row + "." + (hint.isEmpty() ? "" : " Hint: " + hint + "."));
        problem = what + (hint.isEmpty() ? "" : ". Hint: " + hint);
        this.row = row;
    }

    /// What is wrong, without saying where and without a full stop.
    public String problem() {
        return problem;
    }

    /// The row of the batch, from 0 on.
    public int row() {
        return row;
    }
}
