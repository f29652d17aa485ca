package io.torrefy.app;

import io.torrefy.export.ExportRegistry;
import io.torrefy.export.Exported;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `torrefy api show`.
@Command(
        name = "show",
        description = "Shows what an exported name stands for: signature, version, status, other names and summary.")
final class ApiShowCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "Such as nn.functional.softmax; a deprecated name will do.")
    private String name = "";

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        common.apply();
        List<Exported> overloads = ExportRegistry.standard().overloads(name);
        overloads.forEach(this::show);
        common.result(
                Map.of("exports", overloads.stream().map(ApiShowCommand::json).toList()));
        return 0;
    }

    private void show(Exported e) {
        common.out().println(e.name());
        line("signature", e.signature());
        e.parameters().stream()
                .filter(parameter -> !parameter.value().isEmpty())
                .forEach(parameter -> line("default", parameter.name() + " = " + parameter.value()));
        line("since", e.since());
        line("status", e.status().toString());
        e.names().stream().skip(1).forEach(other -> line("also", other));
        for (Exported.OldName old : e.oldNames()) {
            line(
                    "deprecated",
                    old.name() + " since " + old.since() + ", goes with " + old.remove() + ": " + old.replacement());
        }
        line("summary", e.summary());
        line("source", e.source());
        e.members().forEach(member -> line("member", member));
    }

    private void line(String what, String text) {
        common.out().printf(Locale.ROOT, "  %-10s  %s%n", what, text);
    }

    static Map<String, Object> json(Exported e) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", e.name());
        map.put("kind", e.kind().name().toLowerCase(Locale.ROOT));
        map.put("signature", e.signature());
        map.put("since", e.since());
        map.put("status", e.status().name().toLowerCase(Locale.ROOT));
        map.put("other_names", e.names().subList(1, e.names().size()));
        map.put(
                "deprecated_names",
                e.oldNames().stream().map(Exported.OldName::name).toList());
        map.put("summary", e.summary());
        map.put("members", e.members());
        return map;
    }
}
