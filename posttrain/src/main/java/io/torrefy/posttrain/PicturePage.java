package io.torrefy.posttrain;

import io.torrefy.export.Export;
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
        return Report.page(name, headline, lead, pictures() + Report.table(List.of(), rows));
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
}
