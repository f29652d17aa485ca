package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, section 4), offline, on pairs. A step:
///
/// 1. take the next pairs, each a prompt x with a chosen answer and a rejected one;
/// 2. log-probabilities of both answers, summed over their tokens, under the policy and under the frozen reference;
/// 3. the loss of [DpoLoss] on the difference of the two log ratios, divided by the whole step's pairs;
/// 4. an AdamW step.
///
/// With equal policy and reference the first loss is ln 2 = 0.693147 and its margins are 0. What step `k` takes depends
/// on (seed, k) alone, so a run resumes from weights, optimiser state and the number of steps.
@Export(value = "posttrain.Dpo", since = "0.1")
public final class Dpo implements AutoCloseable {
    /// How to train.
    ///
    /// @param precomputeRefLogProbs false in [#defaults(PreferenceTraining)] (TRL's `precompute_ref_log_probs`):
    ///     whether the reference reads all pairs once, in front, after which it may be closed; then it may also be
    ///     the policy itself, as it is at the beginning
    public record Options(PreferenceTraining training, DpoLoss.Options loss, boolean precomputeRefLogProbs) {
        /// TRL's defaults beside those of the training.
        public static Options defaults(PreferenceTraining training) {
            return new Options(training, DpoLoss.Options.defaults(), false);
        }

        /// These with another loss.
        public Options withLoss(DpoLoss.Options value) {
            return new Options(training, value, precomputeRefLogProbs);
        }

        /// These with another `precomputeRefLogProbs`.
        public Options withPrecomputeRefLogProbs(boolean value) {
            return new Options(training, loss, value);
        }
    }

    private final CausalLm policy;
    private final Options options;
    private final DpoLoss loss;
    private final Updates updates;
    private final @Nullable Reference reference;
    private final Data training;
    private final Data heldOut;

    /// @param refLogProbs the reference's log-probabilities of both answers of each pair, where they are
    ///     precomputed
    private record Data(List<PreferencePair> pairs, double[][] refLogProbs) {
        List<PreferencePair> at(int[] part) {
            return Arrays.stream(part).mapToObj(pairs::get).toList();
        }

        int tokens(int pair) {
            return pairs.get(pair).tokens();
        }
    }

    private Dpo(
            CausalLm policy,
            Reference reference,
            List<PreferencePair> pairs,
            List<PreferencePair> heldOut,
            Options options) {
        this.policy = policy;
        this.options = options;
        loss = DpoLoss.of(options.loss);
        updates = new Updates("dpo", policy, options.training, pairs.size());
        this.reference = options.precomputeRefLogProbs ? null : reference;
        training = data(pairs, reference);
        this.heldOut = data(heldOut, reference);
    }

    private Data data(List<PreferencePair> pairs, Reference model) {
        Data plain = new Data(List.copyOf(pairs), new double[0][]);
        return options.precomputeRefLogProbs ? new Data(plain.pairs, precomputed(plain, model)) : plain;
    }

    /// @param reference frozen; usually what the policy was before
    /// @param pairs all that is trained on
    /// @throws IllegalArgumentException naming the pairs that cannot be trained on (of equal answers, empty, too
    ///     long, of another vocabulary), or a reference that does not fit
    public static Dpo of(CausalLm policy, CausalLm reference, List<PreferencePair> pairs, Options options) {
        return of(policy, Reference.of(reference), pairs, List.of(), options);
    }

    /// The same with any reference, and with pairs to measure on.
    ///
    /// @param heldOut what [#evaluate()] measures on; may be empty
    public static Dpo of(
            CausalLm policy,
            Reference reference,
            List<PreferencePair> pairs,
            List<PreferencePair> heldOut,
            Options options) {
        References.check("dpo", policy, reference, options.precomputeRefLogProbs);
        PreferencePair.check("dpo", pairs, policy.config(), true);
        if (!heldOut.isEmpty()) {
            PreferencePair.check("dpo", heldOut, policy.config(), true);
        }
        return new Dpo(policy, reference, pairs, heldOut, options);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return updates.optimizer();
    }

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate` and TRL's `rewards/chosen`, `rewards/rejected`,
    ///     `rewards/accuracies`, `rewards/margins`, `logps/chosen`, `logps/rejected` and `entropy`: means over the
    ///     step's pairs, and for the entropy over the tokens of their answers. Rewards are β times the log ratio,
    ///     whatever the loss.
    /// @throws RunException if the loss or the gradient is not finite; the policy is as it was then
    public Map<String, Double> step(long step) {
        PairMetrics seen = new PairMetrics(options.loss.beta());
        double sum = accumulate(training, updates.batch(step), seen);
        Map<String, Double> metrics = updates.apply(step, sum);
        seen.put(metrics);
        return metrics;
    }

    /// Loss and metrics of the held-out pairs under the policy as it is, `eval_loss`, `eval_rewards/chosen` and so
    /// on; empty if there are none.
    public Map<String, Double> evaluate() {
        if (heldOut.pairs.isEmpty()) {
            return Map.of();
        }
        PairMetrics seen = new PairMetrics(options.loss.beta());
        return Updates.held(
                updates.evaluate(heldOut.pairs.size(), batch -> accumulate(heldOut, batch, seen)), seen::put);
    }

    /// The loss of a step's pairs, whose gradient is added.
    private double accumulate(Data data, int[] batch, PairMetrics seen) {
        List<int[]> parts = updates.microBatches(batch, data::tokens);
        double chosenTokens =
                data.at(batch).stream().mapToInt(p -> p.chosen().length).sum();
        DpoLoss.Normaliser whole = new DpoLoss.Normaliser(batch.length, chosenTokens);
        return loss.needsWholeStep() && parts.size() > 1
                ? inTwoPasses(data, batch, parts, whole, seen)
                : updates.accumulate(parts, part -> loss.loss(pairsOf(data, part, seen), whole));
    }

    private DpoLoss.Pairs pairsOf(Data data, int[] part, PairMetrics seen) {
        Tensor ref = reference(data, part);
        Answers.Scores scores = Answers.of(data.at(part)).scores(policy, options.loss.useWeighting());
        Tensor sums = scores.pairSums(options.loss.ldAlpha());
        seen.add(sums, ref, scores);
        return pairsOf(scores, sums, ref);
    }

    private DpoLoss.Pairs pairsOf(Answers.Scores scores, Tensor sums, Tensor ref) {
        return new DpoLoss.Pairs(
                sums.select(1, 0),
                sums.select(1, 1),
                ref.select(1, 0),
                ref.select(1, 1),
                scores.lengthsFrom(0),
                scores.lengthsFrom(1),
                options.loss.useWeighting() ? scores.pairWeights() : null);
    }

    /// A loss that needs all pairs of the step, of which only some fit into memory: its gradient by the answers'
    /// log-probabilities first, and then the chain rule, some pairs at a time.
    private double inTwoPasses(Data data, int[] batch, List<int[]> parts, DpoLoss.Normaliser whole, PairMetrics seen) {
        double[][] own = sumsOf(data, policy, parts);
        double[][] ref = new double[parts.size()][];
        for (int i = 0; i < ref.length; i++) {
            try (Scope _ = Scope.open()) {
                ref[i] = reference(data, parts.get(i)).toDoubles();
            }
        }
        double value;
        double[] gradient = new double[2 * batch.length];
        try (Scope _ = Scope.open()) {
            Tensor leaf = pairTensor(own).requiresGrad(true);
            Tensor total = loss.loss(pairsOf(Answers.of(data.at(batch)).unscored(), leaf, pairTensor(ref)), whole);
            value = total.item();
            if (Autograd.isEnabled()) {
                total.backward();
                gradient = leaf.grad().orElseThrow().toDoubles();
            }
        }
        int at = 0;
        for (int i = 0; i < ref.length; i++) {
            try (Scope _ = Scope.open()) {
                Answers.Scores scores = Answers.of(data.at(parts.get(i))).scores(policy);
                Tensor sums = scores.pairSums(options.loss.ldAlpha());
                seen.add(sums, pairTensor(new double[][] {ref[i]}), scores);
                double[] some = Arrays.copyOfRange(gradient, at, at += ref[i].length);
                Updates.backward(sums.mul(pairTensor(new double[][] {some})).sum());
            }
        }
        return value;
    }

    private static Tensor pairTensor(double[][] parts) {
        double[] flat = Arrays.stream(parts).flatMapToDouble(Arrays::stream).toArray();
        return Answers.vector(flat, DType.F32).reshape(flat.length / 2, 2);
    }

    /// The reference's log-probabilities of the answers of some pairs, (pairs, 2).
    private Tensor reference(Data data, int[] part) {
        Reference model = reference;
        double[][] known = model == null
                ? Arrays.stream(part).mapToObj(i -> data.refLogProbs[i]).toArray(double[][]::new)
                : model.read(frozen -> sumsOf(data, frozen, List.of(part)));
        if (model != null) {
            References.checkFinite("dpo", known[0]);
        }
        return pairTensor(known);
    }

    /// A model's log-probabilities of all answers of each part, without gradients.
    private double[][] sumsOf(Data data, CausalLm model, List<int[]> parts) {
        double[][] all = new double[parts.size()][];
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int i = 0; i < all.length; i++) {
                try (Scope _ = Scope.open()) {
                    Answers.Scores scores = Answers.of(data.at(parts.get(i))).scores(model);
                    all[i] = scores.pairSums(options.loss.ldAlpha()).toDoubles();
                }
            }
        }
        return all;
    }

    /// The reference's log-probabilities of the answers of each pair.
    private double[][] precomputed(Data data, Reference model) {
        int[] all = IntStream.range(0, data.pairs.size()).toArray();
        List<int[]> parts = all.length == 0 ? List.of() : updates.microBatches(all, data::tokens);
        double[] flat = model.read(frozen -> Arrays.stream(sumsOf(data, frozen, parts))
                .flatMapToDouble(Arrays::stream)
                .toArray());
        References.checkFinite("dpo", flat);
        return Arrays.stream(all)
                .mapToObj(i -> new double[] {flat[2 * i], flat[2 * i + 1]})
                .toArray(double[][]::new);
    }

    @Override
    public void close() {
        updates.close();
    }
}
