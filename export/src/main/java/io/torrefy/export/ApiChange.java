package io.torrefy.export;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A difference between two listings of exported names.
///
/// @param name of the endpoint
/// @param before what is gone, as listed; empty for what was added
/// @param after what came; empty for what was removed
/// @param breaks whether somebody who kept to the promises can be broken by it: something of a STABLE or MAINTAINED
///     endpoint is gone or differs. Deprecation is the step before; deprecated names may go.
@Export(value = "export.ApiChange", since = "0.1")
public record ApiChange(String name, List<String> before, List<String> after, boolean breaks) {
    /// How the name changed.
    public enum Sort {
        ADDED,
        REMOVED,
        CHANGED
    }

    public ApiChange {
        before = List.copyOf(before);
        after = List.copyOf(after);
    }

    /// Whether it came, went or differs.
    public Sort sort() {
        return before.isEmpty() ? Sort.ADDED : after.isEmpty() ? Sort.REMOVED : Sort.CHANGED;
    }

    /// All differences, sorted by name. A name that moved from one module to another is none.
    public static List<ApiChange> between(List<ApiListing> before, List<ApiListing> after) {
        Map<String, List<ApiListing.Endpoint>> old = byName(before);
        Map<String, List<ApiListing.Endpoint>> now = byName(after);
        Set<String> names = new TreeSet<>(old.keySet());
        names.addAll(now.keySet());
        List<ApiChange> changes = new ArrayList<>();
        for (String name : names) {
            compare(name, old.getOrDefault(name, List.of()), now.getOrDefault(name, List.of()), changes);
        }
        return changes;
    }

    private static Map<String, List<ApiListing.Endpoint>> byName(List<ApiListing> listings) {
        Map<String, List<ApiListing.Endpoint>> map = new LinkedHashMap<>();
        for (ApiListing listing : listings) {
            for (ApiListing.Endpoint endpoint : listing.endpoints()) {
                map.computeIfAbsent(endpoint.name(), _ -> new ArrayList<>()).add(endpoint);
            }
        }
        return map;
    }

    private static void compare(
            String name, List<ApiListing.Endpoint> old, List<ApiListing.Endpoint> now, List<ApiChange> changes) {
        Set<String> was = lines(old);
        Set<String> is = lines(now);
        if (was.equals(is)) {
            return;
        }
        List<String> gone = was.stream().filter(line -> !is.contains(line)).toList();
        List<String> came = is.stream().filter(line -> !was.contains(line)).toList();
        boolean promised = old.stream().anyMatch(e -> e.status() == Status.STABLE || e.status() == Status.MAINTAINED);
        Set<String> promises = promises(old);
        promises.removeAll(promises(now));
        changes.add(new ApiChange(name, gone, came, promised && !promises.isEmpty()));
    }

    private static Set<String> lines(List<ApiListing.Endpoint> endpoints) {
        Set<String> lines = new LinkedHashSet<>();
        for (ApiListing.Endpoint e : endpoints) {
            lines.add(e.signature() + "  since " + e.since() + " " + e.status());
            lines.addAll(e.details());
        }
        return lines;
    }

    /// What a caller may lean on: signatures, members, names and defaults, but neither version, status nor old
    /// names.
    private static Set<String> promises(List<ApiListing.Endpoint> endpoints) {
        Set<String> promises = new LinkedHashSet<>();
        for (ApiListing.Endpoint e : endpoints) {
            promises.add(e.signature());
            e.details().stream().filter(line -> !line.startsWith("~ ")).forEach(promises::add);
        }
        return promises;
    }
}
