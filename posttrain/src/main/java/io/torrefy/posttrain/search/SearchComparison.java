package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.CurvePage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Searches side by side on the same problems: accuracy against tokens spent.
///
/// @param scores at least one
@Export(value = "posttrain.search.SearchComparison", since = "0.1")
public record SearchComparison(List<SearchScore> scores) {
    private static final List<String> COLUMNS =
            List.of("search", "accuracy", "± 95 %", "tokens/problem", "cut off", "seconds", "verifier");
    private static final double Z = 1.959964;

    public SearchComparison {
        scores = List.copyOf(scores);
        if (scores.isEmpty()) {
            throw new IllegalArgumentException("[search] expected at least one search to compare; got none");
        }
    }

    /// Half the width of Wilson's 95 % interval (1927) of an accuracy. Its middle is a little nearer to one half
    /// than the accuracy is.
    ///
    /// @param accuracy of `n` problems
    public static double margin(double accuracy, int n) {
        return n == 0 ? 0 : Z * Math.sqrt(accuracy * (1 - accuracy) / n + Z * Z / (4.0 * n * n)) / (1 + Z * Z / n);
    }

    /// The table, a line each, for a terminal.
    public List<String> table() {
        List<List<String>> all = new ArrayList<>(List.of(COLUMNS));
        all.addAll(rows());
        int[] widths = new int[COLUMNS.size()];
        for (List<String> row : all) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return all.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String fill = " ".repeat(widths[i] - row.get(i).length());
            line.append(i == 0 ? "" : "  ").append(i == 0 ? row.get(i) + fill : fill + row.get(i));
        }
        return line.toString().stripTrailing();
    }

    private List<List<String>> rows() {
        return scores.stream().map(SearchComparison::row).toList();
    }

    private static List<String> row(SearchScore score) {
        return List.of(
                score.label(),
                percent(score.accuracy()),
                percent(margin(score.accuracy(), score.problems())),
                String.format(Locale.ROOT, "%,.1f", score.tokensPerProblem()),
                String.valueOf(score.cut()),
                String.format(Locale.ROOT, "%.1f", score.seconds()),
                score.asksVerifier() ? "yes" : "no");
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /// What was found, for JSON.
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("searches", scores.stream().map(SearchScore::toMap).toList());
        return map;
    }

    /// The curve and the table as a page. Searches of one family are one line, by the tokens they spend.
    ///
    /// @param lead what was measured on, for people
    public CurvePage page(String lead) {
        Map<String, List<SearchScore>> families = new LinkedHashMap<>();
        scores.forEach(score ->
                families.computeIfAbsent(score.family(), _ -> new ArrayList<>()).add(score));
        List<CurvePage.Curve> curves = new ArrayList<>();
        families.forEach((family, members) -> {
            List<SearchScore> sorted = members.stream()
                    .sorted(Comparator.comparingDouble(SearchScore::tokensPerProblem))
                    .toList();
            curves.add(new CurvePage.Curve(
                    family,
                    sorted.stream().mapToDouble(SearchScore::tokensPerProblem).toArray(),
                    sorted.stream().mapToDouble(SearchScore::accuracy).toArray()));
        });
        SearchScore best = scores.stream()
                .max(Comparator.comparingDouble(SearchScore::accuracy))
                .orElseThrow();
        return new CurvePage(
                "Search",
                best.label() + " solves " + percent(best.accuracy()),
                lead,
                "tokens per problem",
                "Problems solved against all tokens generated for one, those that were thrown away included.",
                curves,
                COLUMNS,
                rows());
    }
}
