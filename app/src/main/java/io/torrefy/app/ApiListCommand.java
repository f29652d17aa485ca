package io.torrefy.app;

import io.torrefy.export.ExportException;
import io.torrefy.export.ExportIndex;
import io.torrefy.export.ExportRegistry;
import io.torrefy.export.Exported;
import io.torrefy.export.Spelling;
import io.torrefy.export.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy api list`.
@Command(name = "list", description = "Lists exported names, a line each: name, signature, version, status.")
final class ApiListCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "PREFIX",
            description = "Only names that begin like this: nn.functional, posttrain.losses.")
    private String prefix = "";

    @Option(names = "--module", paramLabel = "NAME", description = "Only of this module: nn, or io.torrefy.nn.")
    private Optional<String> module = Optional.empty();

    @Option(names = "--status", paramLabel = "STATUS", description = "Only of this status: ${COMPLETION-CANDIDATES}.")
    private Optional<Status> status = Optional.empty();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        common.apply();
        List<ExportIndex> indexes = ExportRegistry.standard().indexes();
        module.ifPresent(wanted -> common.check(
                indexes.stream().anyMatch(index -> isModule(index, wanted)),
                "--module",
                "one of " + indexes.stream().map(ExportIndex::module).toList(),
                wanted));
        requirePrefix(indexes);
        List<Exported> found = new ArrayList<>();
        for (ExportIndex index : indexes) {
            if (module.isEmpty() || isModule(index, module.get())) {
                index.exports().stream().filter(this::isWanted).forEach(found::add);
            }
        }
        found.sort((a, b) -> a.name().compareTo(b.name()));
        int width = found.stream().mapToInt(e -> e.name().length()).max().orElse(0);
        for (Exported e : found) {
            common.out()
                    .printf(
                            Locale.ROOT,
                            "%-" + Math.clamp(width, 1, 48) + "s  %s  since %s %s%n",
                            e.name(),
                            e.signature(),
                            e.since(),
                            e.status());
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("count", found.size());
        json.put("exports", found.stream().map(ApiShowCommand::json).toList());
        common.result(json);
        return 0;
    }

    /// A prefix that no name has is a slip, unlike a status that none of its names has.
    private void requirePrefix(List<ExportIndex> indexes) {
        Set<String> prefixes = new TreeSet<>();
        for (ExportIndex index : indexes) {
            for (Exported exported : index.exports()) {
                if (begins(exported)) {
                    return;
                }
                for (int dot = exported.name().indexOf('.');
                        dot > 0;
                        dot = exported.name().indexOf('.', dot + 1)) {
                    prefixes.add(exported.name().substring(0, dot));
                }
                prefixes.add(exported.name());
            }
        }
        List<String> near = Spelling.nearest(prefix, prefixes, 3);
        throw new ExportException("[api] the beginning of an exported name was expected; got '" + prefix + "'."
                + (near.isEmpty() ? "" : " Did you mean " + String.join(", ", near) + "?"));
    }

    /// By any of its names.
    private boolean begins(Exported exported) {
        return exported.allNames().stream().anyMatch(name -> name.startsWith(prefix));
    }

    private boolean isWanted(Exported exported) {
        return begins(exported) && status.map(s -> s == exported.status()).orElse(true);
    }

    private static boolean isModule(ExportIndex index, String wanted) {
        return index.module().equals(wanted) || index.module().equals("io.torrefy." + wanted);
    }
}
