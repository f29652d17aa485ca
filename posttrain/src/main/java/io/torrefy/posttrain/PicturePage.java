package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Pictures and a table as a page that needs nothing but itself: [Report]'s look, for results that are pictures.
///
/// @param name what was done
/// @param headline the result in one line
/// @param lead what it was done on
/// @param figures SVG documents by their titles, in their order. They are taken as they are: from a drawing of ours,
///     never from a run's texts
/// @param rows of the table, each a name and a value
@Export(value = "posttrain.PicturePage", since = "0.1")
public record PicturePage(
        String name, String headline, String lead, Map<String, String> figures, List<List<String>> rows) {
    public PicturePage {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
        rows = List.copyOf(rows);
    }

    /// The page itself.
    public String html() {
        try {
            return Report.page(
                    name + ": " + headline,
                    "<header>\n<p class=\"eyebrow\">" + Report.bean() + "<span>" + Html.escape(name)
                            + "</span></p>\n<h1>" + Html.escape(headline) + "</h1>\n<p class=\"lead\">"
                            + Html.escape(lead) + "</p>\n</header>\n" + pictures() + table()
                            + "<footer>Torrefy</footer>\n");
        } catch (IOException e) {
            throw RunException.of("read the page's style", e);
        }
    }

    /// Writes the page, whole or not at all.
    ///
    /// @throws RunException where it cannot be written
    public void write(Path file) {
        CurvePage.write(file, html());
    }

    private String pictures() {
        return figures.entrySet().stream()
                .map(figure -> "<h2>" + Html.escape(figure.getKey()) + "</h2>\n<figure class=\"card picture\">\n"
                        + figure.getValue() + "</figure>\n")
                .collect(Collectors.joining());
    }

    private String table() {
        return "<section class=\"tables\">\n<div><h2>In numbers</h2>\n<table class=\"card\">\n"
                + rows.stream()
                        .map(row -> "<tr><th scope=\"row\">" + Html.escape(row.get(0)) + "</th><td>"
                                + Html.escape(row.get(1)) + "</td></tr>\n")
                        .collect(Collectors.joining())
                + "</table></div>\n</section>\n";
    }
}
