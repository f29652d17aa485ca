package io.torrefy.export;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a module exports as text, to be committed and reviewed: the file `api/{module}.api`. A line an endpoint, with
/// what belongs to it indented behind it: other names (`=`), deprecated names (`~`) and a type's members.
///
/// ```
/// nn.Linear  final class io.torrefy.nn.Linear extends Layer  since 0.1 STABLE
///     ~ nn.Dense until 0.4, use nn.Linear
///     static of(long in, long out) -> Linear
/// ```
@Export(value = "export.ApiListing", since = "0.1")
public record ApiListing(String module, List<Endpoint> endpoints) {
    /// The command that brings the committed files up to date.
    public static final String UPDATE = "mvn -q -Dquick clean compile -Dexport.update";

    private static final Pattern LINE = Pattern.compile("(\\S+) {2}(\\S.*\\S) {2}since (\\S+) ([A-Z]+)");
    private static final Pattern HEADER = Pattern.compile("# (\\S+): exported names\\..*");
    private static final String INDENT = "    ";

    public ApiListing {
        endpoints = List.copyOf(endpoints);
    }

    /// One line with what belongs to it.
    public record Endpoint(String name, String signature, String since, Status status, List<String> details) {
        public Endpoint {
            details = List.copyOf(details);
        }

        private static Endpoint of(Exported exported) {
            List<String> details = new ArrayList<>();
            exported.names().stream().skip(1).forEach(name -> details.add("= " + name));
            for (Exported.OldName old : exported.oldNames()) {
                details.add("~ " + old.name() + " until " + old.remove() + ", use " + old.replacement());
            }
            exported.parameters().stream()
                    .filter(parameter -> !parameter.value().isEmpty())
                    .forEach(parameter -> details.add("default " + parameter.name() + " = " + parameter.value()));
            details.addAll(exported.members());
            return new Endpoint(exported.name(), exported.signature(), exported.since(), exported.status(), details);
        }
    }

    /// The listing of an index.
    public static ApiListing of(ExportIndex index) {
        return new ApiListing(
                index.module(), index.exports().stream().map(Endpoint::of).toList());
    }

    /// Reads what [#text] wrote.
    ///
    /// @param place the file's name, for errors
    public static ApiListing parse(String text, String place) {
        String module = "";
        List<Endpoint> endpoints = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            Matcher header = HEADER.matcher(line);
            Matcher endpoint = LINE.matcher(line);
            if (header.matches()) {
                module = header.group(1);
            } else if (line.startsWith(INDENT) && !endpoints.isEmpty()) {
                endpoints.add(with(endpoints.removeLast(), line.strip()));
            } else if (endpoint.matches()) {
                endpoints.add(endpoint(endpoint, place + ":" + number));
            } else if (!line.isBlank()) {
                throw new ExportException("[api] 'NAME  SIGNATURE  since VERSION STATUS' was expected in " + place + ":"
                        + number + "; got '" + line + "'. Hint: write it anew with " + UPDATE);
            }
        }
        return new ApiListing(module, endpoints);
    }

    private static Endpoint endpoint(Matcher line, String place) {
        try {
            Status status = Status.valueOf(line.group(4));
            return new Endpoint(line.group(1), line.group(2), line.group(3), status, List.of());
        } catch (IllegalArgumentException e) {
            throw new ExportException(
                    "[api] a status of " + List.of(Status.values()) + " was expected in " + place + "; got "
                            + line.group(4) + ".",
                    e);
        }
    }

    private static Endpoint with(Endpoint endpoint, String detail) {
        List<String> details = new ArrayList<>(endpoint.details());
        details.add(detail);
        return new Endpoint(endpoint.name(), endpoint.signature(), endpoint.since(), endpoint.status(), details);
    }

    /// The file's content.
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append("# ").append(module).append(": exported names. The build fails on a difference. To change them on");
        text.append(" purpose: ").append(UPDATE).append("\n\n");
        for (Endpoint e : endpoints) {
            text.append(e.name())
                    .append("  ")
                    .append(e.signature())
                    .append("  since ")
                    .append(e.since());
            text.append(' ').append(e.status()).append('\n');
            e.details().forEach(detail -> text.append(INDENT).append(detail).append('\n'));
        }
        return text.toString();
    }
}
