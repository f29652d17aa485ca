package io.torrefy.app;

import io.torrefy.export.Spelling;
import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.formats.SampleEncoder;
import io.torrefy.posttrain.formats.SampleFormat;
import io.torrefy.posttrain.preference.Cpo;
import io.torrefy.posttrain.preference.CpoLoss;
import io.torrefy.posttrain.preference.Dpo;
import io.torrefy.posttrain.preference.DpoLoss;
import io.torrefy.posttrain.preference.Orpo;
import io.torrefy.posttrain.preference.PreferencePair;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The keys of training on pairs: names and defaults of TRL's `DPOConfig`, `ORPOConfig` and `CPOConfig` (trl 1.13),
/// which TRL gives to trainers apart and which are told apart by one key here.
final class DpoRecipe implements RecipeKind {
    /// Which of TRL's trainers.
    enum Kind {
        /// DPOTrainer: every loss against a reference.
        DPO,
        /// ORPOTrainer.
        ORPO,
        /// CPOTrainer.
        CPO,
        /// CPOTrainer as its documentation sets it for SimPO.
        SIMPO
    }

    private static final int NEAREST = 2;

    private final RecipeSchema schema = new RecipeSchema("dpo");
    private final Key<Kind> trainer = schema.choice(
            "trainer",
            Kind.DPO,
            "TRL's DPOTrainer, ORPOTrainer (orpo) or CPOTrainer (cpo); simpo is cpo with loss_type [simpo] and"
                    + " cpo_alpha 0");
    private final ModelKeys model = new ModelKeys(schema);
    private final ReferenceKey reference = new ReferenceKey(schema);
    private final DataKeys data = new DataKeys(schema, "chosen, rejected and mostly prompt, each a text or messages");
    private final Key<List<String>> types = schema.texts(
            "loss_type",
            List.of("sigmoid"),
            "of dpo one or more of " + names(DpoLoss.LossType.values()) + "; of cpo one of "
                    + names(CpoLoss.LossType.values()));
    private final Key<List<Double>> weights = schema.numbers(
            "loss_weights", "of each loss_type; empty: 1 each. [0.8, 0.2, 1] of [sigmoid, bco_pair, sft] is MPO");
    private final Key<Double> beta = schema.number(
                    "beta", 0.1, "strength of the pull to the reference; of orpo the weight of the odds ratio")
            .where(x -> x > 0, "more than 0");
    private final Key<Double> smoothing =
            schema.number("label_smoothing", 0, "the share of labels that are thought to be flipped");
    private final Key<DpoLoss.FDivergence> divergence =
            schema.choice("f_divergence_type", DpoLoss.FDivergence.REVERSE_KL, "of dpo");
    private final Key<Double> alpha =
            schema.number("f_alpha_divergence_coef", 0.5, "of f_divergence_type alpha_divergence");
    private final Key<Double> tau = schema.number("discopop_tau", 0.05, "of loss_type discopop");
    private final Key<Double> ld =
            schema.number("ld_alpha", 1, "weight of tokens beyond the shorter answer's length (LD-DPO); 1 is off");
    private final Key<Boolean> weighting =
            schema.flag("use_weighting", false, "whether pairs weigh as the policy is likely to say them (WPO)");
    private final Key<Boolean> precompute =
            schema.flag("precompute_ref_log_probs", false, "whether the reference reads all pairs once, in front");
    private final Key<Double> cpoAlpha =
            schema.number("cpo_alpha", 1, "of cpo: weight of the chosen answers' negative log-probability");
    private final Key<Double> gamma = schema.number("simpo_gamma", 0.5, "of simpo: the target margin");
    private final TrainingKeys keys =
            new TrainingKeys(schema, 1e-6, "tokens of prompt and answer; what is longer is cut off at its end");
    private final TrainingKeys.OfPreferences preferences = new TrainingKeys.OfPreferences(schema, keys);

    private static String names(Enum<?>[] constants) {
        return Arrays.stream(constants).map(DpoRecipe::name).collect(Collectors.joining(", "));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        Problems problems = new Problems("dpo");
        unused(recipe, problems);
        Optional<DpoLoss.Options> dpo =
                recipe.get(trainer) == Kind.DPO ? problems.attempt(() -> dpo(recipe)) : Optional.empty();
        Optional<CpoLoss.Options> cpo = recipe.get(trainer) == Kind.CPO || recipe.get(trainer) == Kind.SIMPO
                ? problems.attempt(() -> cpo(recipe))
                : Optional.empty();
        Optional<ModelFolder> folder = model.open(recipe, problems);
        folder.ifPresent(policy -> reference.check(recipe, policy, problems));
        List<String> notes = new ArrayList<>();
        Optional<DataKeys.Split<PreferencePair>> split = data.read(
                        recipe, recipe.get(keys.seed), problems, SampleFormat.PREFERENCE)
                .flatMap(all -> folder.map(f -> encode(recipe, f, all, problems, notes)));
        Optional<PreferenceTraining> training = split.flatMap(pairs -> problems.attempt(
                () -> preferences.training(recipe, pairs.training().size(), problems)));
        problems.refuse();
        TrainedLm trained =
                problems.orRefuse(() -> model.language(recipe, folder.orElseThrow(), recipe.get(keys.seed)));
        DataKeys.Split<PreferencePair> pairs = split.orElseThrow();
        Optional<OfflineRun.Trainer> made = problems.attempt(() -> switch (recipe.get(trainer)) {
            case DPO -> dpo(recipe, trained, pairs, training.orElseThrow(), dpo.orElseThrow());
            case ORPO -> orpo(recipe, trained.model(), pairs, training.orElseThrow());
            case CPO, SIMPO -> cpo(trained.model(), pairs, training.orElseThrow(), cpo.orElseThrow());
        });
        if (made.isEmpty()) {
            trained.close();
        }
        problems.refuse();
        return RunPlan.of(
                recipe.get(trainer) == Kind.SIMPO
                        ? "SimPO"
                        : recipe.get(trainer).name(),
                recipe,
                recipe.get(keys.seed),
                pairs.fingerprint(),
                made.orElseThrow().steps(),
                new OfflineRun(made.orElseThrow(), trained, keys.pace(recipe), notes));
    }

    /// Keys of one trainer are nothing to another.
    private void unused(Recipe recipe, Problems problems) {
        Kind kind = recipe.get(trainer);
        String without = "trainer: " + name(kind);
        switch (kind) {
            case DPO -> problems.unused(recipe, without, cpoAlpha, gamma);
            case ORPO -> problems.unused(recipe, without, types, smoothing, cpoAlpha, gamma);
            case CPO -> {}
            case SIMPO -> problems.unused(recipe, without, types, cpoAlpha);
        }
        if (kind != Kind.DPO) {
            problems.unused(
                    recipe, without, reference.key(), weights, divergence, alpha, tau, ld, weighting, precompute);
        }
    }

    private DataKeys.Split<PreferencePair> encode(
            Recipe recipe, ModelFolder folder, DataKeys.Split<Sample> samples, Problems problems, List<String> notes) {
        SampleEncoder encoder = SampleEncoder.of(folder.tokenizer(), folder.template());
        Cut cut = new Cut(keys.length(recipe, folder));
        DataKeys.Split<PreferencePair> pairs = samples.map(some ->
                problems.each(some, sample -> cut.pair(encoder.pair((Sample.Preference) sample), sample.origin())));
        notes.addAll(cut.notes());
        return pairs;
    }

    // ---- losses ----------------------------------------------------------------------------------------------------

    private DpoLoss.Options dpo(Recipe recipe) {
        List<DpoLoss.LossType> losses = recipe.get(types).stream()
                .map(text -> constant(text, DpoLoss.LossType.values()))
                .toList();
        List<Double> each = recipe.get(weights);
        if (!each.isEmpty() && each.size() != losses.size()) {
            throw new IllegalArgumentException("loss_weights: expected one for each of the " + losses.size()
                    + " losses of loss_type; got " + each.size());
        }
        List<DpoLoss.Term> terms = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            terms.add(new DpoLoss.Term(losses.get(i), each.isEmpty() ? 1 : each.get(i)));
        }
        return new DpoLoss.Options(
                terms,
                recipe.get(beta),
                recipe.get(smoothing),
                recipe.get(divergence),
                recipe.get(alpha),
                recipe.get(tau),
                recipe.get(ld),
                recipe.get(weighting));
    }

    private CpoLoss.Options cpo(Recipe recipe) {
        boolean simpo = recipe.get(trainer) == Kind.SIMPO;
        if (!simpo && recipe.get(types).size() != 1) {
            throw new IllegalArgumentException("loss_type: expected one for trainer: cpo; got " + recipe.get(types));
        }
        CpoLoss.LossType type =
                simpo ? CpoLoss.LossType.SIMPO : constant(recipe.get(types).getFirst(), CpoLoss.LossType.values());
        return new CpoLoss.Options(
                type, recipe.get(beta), recipe.get(smoothing), simpo ? 0 : recipe.get(cpoAlpha), recipe.get(gamma));
    }

    private static <E extends Enum<E>> E constant(String text, E[] constants) {
        for (E constant : constants) {
            if (name(constant).equals(text)) {
                return constant;
            }
        }
        List<String> near = Spelling.nearest(
                text,
                Arrays.stream(constants).map(DpoRecipe::name).collect(Collectors.toCollection(TreeSet::new)),
                NEAREST);
        throw new IllegalArgumentException("loss_type: expected one of " + names(constants) + "; got '" + text + "'"
                + (near.isEmpty() ? "" : ". Hint: did you mean " + String.join(" or ", near) + "?"));
    }

    // ---- trainers --------------------------------------------------------------------------------------------------

    private OfflineRun.Trainer dpo(
            Recipe recipe,
            TrainedLm trained,
            DataKeys.Split<PreferencePair> pairs,
            PreferenceTraining training,
            DpoLoss.Options loss) {
        boolean first = recipe.get(precompute);
        Optional<CausalLm> frozen = reference.load(recipe, trained, first);
        Dpo dpo = Dpo.of(
                trained.model(),
                ReferenceKey.of(frozen, trained),
                pairs.training(),
                pairs.heldOut(),
                new Dpo.Options(training, loss, first));
        return new OfflineRun.Trainer(training.steps(), dpo::step, dpo::evaluate, dpo.optimizer(), frozen);
    }

    private OfflineRun.Trainer orpo(
            Recipe recipe, CausalLm policy, DataKeys.Split<PreferencePair> pairs, PreferenceTraining training) {
        Orpo orpo = Orpo.of(policy, pairs.training(), recipe.get(beta), training);
        return new OfflineRun.Trainer(
                training.steps(),
                orpo::step,
                () -> pairs.heldOut().isEmpty() ? Map.of() : orpo.evaluate(pairs.heldOut()),
                orpo.optimizer());
    }

    private static OfflineRun.Trainer cpo(
            CausalLm policy, DataKeys.Split<PreferencePair> pairs, PreferenceTraining training, CpoLoss.Options loss) {
        Cpo cpo = Cpo.of(policy, pairs.training(), loss, training);
        return new OfflineRun.Trainer(
                training.steps(),
                cpo::step,
                () -> pairs.heldOut().isEmpty() ? Map.of() : cpo.evaluate(pairs.heldOut()),
                cpo.optimizer());
    }
}
