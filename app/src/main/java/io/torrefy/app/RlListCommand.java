package io.torrefy.app;

import io.torrefy.rl.Env;
import io.torrefy.rl.envs.EnvSpec;
import io.torrefy.rl.envs.Envs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy rl list`.
@Command(name = "list", description = "Lists the environments and the algorithms, and which go together.")
final class RlListCommand implements Callable<Integer> {
    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        common.apply();
        List<Map<String, Object>> environments = new ArrayList<>();
        common.out().println("Environments");
        for (String id : Envs.ids()) {
            environments.add(environment(id));
        }
        List<Map<String, Object>> algorithms = new ArrayList<>();
        common.out().println();
        common.out().println("Algorithms");
        for (RlAlgorithm algorithm : RlAlgorithm.ALL) {
            common.out()
                    .printf(
                            Locale.ROOT,
                            "  %-28s %s; needs %s%n",
                            algorithm.name(),
                            algorithm.about(),
                            algorithm.kind().needs());
            algorithms.add(Map.of(
                    "name",
                    algorithm.name(),
                    "about",
                    algorithm.about(),
                    "needs",
                    algorithm.kind().needs()));
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("environments", environments);
        line.put("algorithms", algorithms);
        common.result(line);
        return 0;
    }

    private Map<String, Object> environment(String id) {
        EnvSpec spec = Envs.spec(id);
        Map<String, Object> map = new LinkedHashMap<>();
        try (Env<?, ?> env = Envs.make(id)) {
            map.put("id", id);
            map.put("observations", env.observationSpace().toString());
            map.put("actions", env.actionSpace().toString());
        }
        map.put("max_steps", spec.maxSteps());
        map.put("threshold", spec.threshold());
        boolean table = RlAlgorithm.of("value-iteration").fits(id);
        map.put("finite", table);
        common.out()
                .printf(
                        Locale.ROOT,
                        "  %-28s observations %s, actions %s%s%s%s%n",
                        id,
                        map.get("observations"),
                        map.get("actions"),
                        spec.maxSteps() > 0 ? ", at most " + spec.maxSteps() + " steps" : "",
                        Double.isNaN(spec.threshold()) ? "" : ", solved at " + spec.threshold(),
                        table ? ", finite" : "");
        return map;
    }
}
