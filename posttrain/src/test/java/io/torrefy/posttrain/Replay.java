package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Module;
import io.torrefy.nn.ParameterGroups;
import io.torrefy.nn.Schedule;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Safetensors;
import io.torrefy.testkit.Tolerance;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// A run of one of TRL's trainers, as its fixture keeps it: batches, curves and the weights at the end.
public record Replay(Fixture run, Map<String, Golden> stored) {
    public static Replay of(Fixture run) {
        return new Replay(run, Safetensors.read(run.file(run.name() + ".safetensors")));
    }

    /// The runs of a trainer, by TRL's name.
    public static Stream<Fixture> runsOf(String trainer) {
        return Fixtures.open().ofKind("training").stream()
                .filter(run -> run.settings().path("trainer").asText().equals(trainer));
    }

    public JsonNode settings() {
        return run.settings();
    }

    public Golden get(String name) {
        return stored.get(name);
    }

    /// The model as it began.
    public CausalLm model() {
        return CausalLm.load(folder());
    }

    public Path folder() {
        return run.file("config.json").getParent();
    }

    /// The run's optimiser.
    public Learner learner(CausalLm model) {
        Set<String> undecayed = new HashSet<>();
        settings().get("no_weight_decay").forEach(name -> undecayed.add(name.asText()));
        assertThat(model.namedParameters().keySet()).containsAll(undecayed);
        var groups =
                ParameterGroups.of(model.namedParameters()).withWeightDecay((name, _) -> undecayed.contains(name), 0);
        double rate = settings().get("lr").asDouble();
        AdamW optimizer = AdamW.of(groups, rate)
                .withBetas(0.9, 0.999)
                .withEps(1e-8)
                .withWeightDecay(settings().get("weight_decay").asDouble());
        return Learner.of(
                run.name(),
                model,
                optimizer,
                Schedule.constantWithWarmup(rate, 0),
                settings().get("max_grad_norm").asDouble());
    }

    public void checkCurve(String curve, double[] actual) {
        stored.get("curve." + curve)
                .assertClose(actual, run.tolerance(curve.equals("grad_norm") ? "grad_norm" : "loss"));
    }

    /// Compares the first three steps more closely.
    public void checkBeginning(String curve, double[] actual) {
        Tolerance tolerance = run.tolerance("first_3_steps");
        Golden golden = stored.get("curve." + curve);
        for (int k = 0; k < 3; k++) {
            assertThat(tolerance.accepts(actual[k], golden.at(k)))
                    .as("%s of step %d: %s, got %s", curve, k, golden.at(k), actual[k])
                    .isTrue();
        }
    }

    /// Compares norm and a projection of every parameter at the end.
    public void checkFinal(Module model) {
        JsonNode expected = Fixtures.json(run.file(run.name() + ".json")).get("final");
        Tolerance tolerance = run.tolerance("final");
        Set<String> names = new HashSet<>();
        expected.fieldNames().forEachRemaining(names::add);
        assertThat(model.namedParameters().keySet()).containsExactlyInAnyOrderElementsOf(names);
        model.namedParameters().forEach((name, parameter) -> {
            double squares = 0;
            double probe = 0;
            double[] x = parameter.toDoubles();
            for (int i = 0; i < x.length; i++) {
                squares += x[i] * x[i];
                probe += x[i] * Math.cos(0.7 * i + 0.3);
            }
            double norm = expected.get(name).get("norm").asDouble();
            double limit = tolerance.limit(norm);
            assertThat(Math.sqrt(squares) - norm).as("norm of " + name).isBetween(-limit, limit);
            assertThat(probe - expected.get(name).get("probe").asDouble())
                    .as("probe of " + name)
                    .isBetween(-limit, limit);
        });
    }
}
