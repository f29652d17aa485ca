package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How a CSV file is written: RFC 4180 in UTF-8 with these settings.
///
/// @param delimiter between two cells, `,` by default
/// @param quote around cells that need it, doubled inside of them, `"` by default
/// @param header the column names of a file that does not start with them; empty where the file does
/// @param missing unquoted cells that mean a missing value, in the order in which a writer prefers them; by default
///     the empty cell
/// @param types the types of columns by name; others are text
/// @param inferredFrom how many rows at the head of the file decide the types of columns that have none given;
///     0 leaves them text
@Export(value = "data.CsvFormat", since = "0.1")
public record CsvFormat(
        char delimiter,
        char quote,
        List<String> header,
        Set<String> missing,
        Map<String, FieldType> types,
        int inferredFrom) {
    public CsvFormat {
        header = List.copyOf(header);
        missing = Collections.unmodifiableSet(new LinkedHashSet<>(missing));
        types = Map.copyOf(types);
        if (delimiter == quote || isLineEnd(delimiter) || isLineEnd(quote)) {
            throw new IllegalArgumentException("[csv] expected a delimiter and a quote that differ and end no line;"
                    + " got '" + delimiter + "' and '" + quote + "'.");
        }
        if (inferredFrom < 0) {
            throw new IllegalArgumentException("[csv] expected inferredFrom >= 0; got " + inferredFrom + ".");
        }
    }

    private static boolean isLineEnd(char c) {
        return c == '\n' || c == '\r';
    }

    /// Commas, double quotes, a header line, everything text.
    public static CsvFormat standard() {
        return new CsvFormat(',', '"', List.of(), Set.of(""), Map.of(), 0);
    }

    /// The standard with tabs between cells.
    public static CsvFormat tabs() {
        return standard().delimiter('\t');
    }

    /// With another delimiter.
    public CsvFormat delimiter(char other) {
        return new CsvFormat(other, quote, header, missing, types, inferredFrom);
    }

    /// With another quote.
    public CsvFormat quote(char other) {
        return new CsvFormat(delimiter, other, header, missing, types, inferredFrom);
    }

    /// For a file without a header line.
    public CsvFormat header(List<String> names) {
        return new CsvFormat(delimiter, quote, names, missing, types, inferredFrom);
    }

    /// With other cells that mean a missing value; a writer uses the first.
    public CsvFormat missing(String... cells) {
        return new CsvFormat(delimiter, quote, header, new LinkedHashSet<>(List.of(cells)), types, inferredFrom);
    }

    /// With the types of columns.
    public CsvFormat types(Map<String, FieldType> byName) {
        return new CsvFormat(delimiter, quote, header, missing, byName, inferredFrom);
    }

    /// With types inferred from the first 1000 rows: the first of integer, number and text that fits all cells of
    /// the column. Integers with leading zeros (`007`) and columns without any value are text. A later cell that
    /// does not fit is an error that names it.
    public CsvFormat inferred() {
        return inferredFrom(1000);
    }

    /// As [#inferred], from that many rows.
    public CsvFormat inferredFrom(int rows) {
        return new CsvFormat(delimiter, quote, header, missing, types, rows);
    }
}
