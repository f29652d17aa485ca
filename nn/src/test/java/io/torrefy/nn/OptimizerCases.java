package io.torrefy.nn;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Map;
import java.util.SequencedMap;

/// Optimisers from the settings of a fixture, which are the arguments of torch's constructors.
final class OptimizerCases {
    private OptimizerCases() {}

    static <T> T require(Map<String, T> map, String key) {
        T value = map.get(key);
        if (value == null) {
            throw new AssertionError("no " + key + " among " + map.keySet());
        }
        return value;
    }

    /// Makes `grad` the gradient of `p`.
    static void giveGradient(Tensor p, Tensor grad) {
        try (Scope _ = Scope.open()) {
            p.mul(grad).sum().backward();
        }
    }

    static Optimizer of(JsonNode s, SequencedMap<String, Tensor> parameters) {
        double lr = s.path("lr").asDouble();
        double decay = s.path("weight_decay").asDouble(0);
        return switch (s.path("optimizer").asText()) {
            case "Adam" -> Adam.of(parameters, lr).withOptions(adam(s));
            case "AdamW" -> AdamW.of(parameters, lr).withOptions(adam(s));
            case "SGD" ->
                Sgd.of(parameters, lr)
                        .withOptions(new SgdOptions(
                                s.path("momentum").asDouble(0),
                                s.path("dampening").asDouble(0),
                                s.path("nesterov").asBoolean(false),
                                decay));
            case "Adagrad" ->
                Adagrad.of(parameters, lr)
                        .withOptions(new AdagradOptions(
                                s.path("lr_decay").asDouble(0),
                                decay,
                                s.path("initial_accumulator_value").asDouble(0),
                                s.path("eps").asDouble(1e-10)));
            case "RMSprop" ->
                RmsProp.of(parameters, lr)
                        .withOptions(new RmsPropOptions(
                                s.path("alpha").asDouble(0.99),
                                s.path("eps").asDouble(1e-8),
                                decay,
                                s.path("momentum").asDouble(0),
                                s.path("centered").asBoolean(false)));
            case "Muon" -> {
                var adjust = s.path("adjust_lr_fn").asText().equals("original")
                        ? MuonOptions.Adjust.ORIGINAL
                        : MuonOptions.Adjust.MATCH_RMS_ADAMW;
                yield Muon.of(parameters, lr)
                        .withOptions(MuonOptions.DEFAULT
                                .withMomentum(s.path("momentum").asDouble())
                                .withNesterov(s.path("nesterov").asBoolean())
                                .withWeightDecay(decay)
                                .withAdjust(adjust));
            }
            case "MoonlightMuon" -> {
                Muon muon = Muon.moonlight(ParameterGroups.of(parameters), lr);
                yield muon.withOptions(muon.options()
                        .withMomentum(s.path("momentum").asDouble())
                        .withNesterov(s.path("nesterov").asBoolean())
                        .withIterations(s.path("ns_steps").asInt())
                        .withWeightDecay(decay));
            }
            default -> throw new AssertionError("unknown optimiser in " + s);
        };
    }

    private static AdamOptions adam(JsonNode s) {
        return AdamOptions.DEFAULT
                .withBetas(
                        s.path("betas").path(0).asDouble(0.9),
                        s.path("betas").path(1).asDouble(0.999))
                .withEps(s.path("eps").asDouble(1e-8))
                .withWeightDecay(s.path("weight_decay").asDouble(0))
                .withAmsgrad(s.path("amsgrad").asBoolean(false));
    }
}
