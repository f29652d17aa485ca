package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Kahneman-Tversky optimisation (Ethayarajh et al. 2024, arXiv 2402.01306, section 4.1). A step:
///
/// 1. take the next answers, each liked or not;
/// 2. set each answer after the prompt that follows in the batch; the mean log ratio of these mismatched answers
/// estimates the divergence z₀, at least 0 and without gradient;
/// 3. the loss of [KtoLoss] on the answers' own log ratios, divided by the whole step's answers;
/// 4. an AdamW step.
///
/// z₀ is taken over the whole step, where TRL takes it over each micro-batch: so the step does not depend on how it is
/// cut, and a larger batch has the better estimate. What step `k` takes depends on (seed, k) alone.
@Export(value = "posttrain.Kto", since = "0.1")
public final class Kto implements AutoCloseable {
    private final CausalLm policy;
    private final Reference reference;
    private final List<UnpairedExample> examples;
    private final List<UnpairedExample> heldOut;
    private final KtoLoss.Options options;
    private final KtoLoss loss;
    private final Updates updates;

    private Kto(
            CausalLm policy,
            Reference reference,
            List<UnpairedExample> examples,
            List<UnpairedExample> heldOut,
            KtoLoss.Options options,
            PreferenceTraining training) {
        this.policy = policy;
        this.reference = reference;
        this.examples = List.copyOf(examples);
        this.heldOut = List.copyOf(heldOut);
        this.options = options;
        loss = KtoLoss.of(options);
        updates = new Updates("kto", policy, training, examples.size());
    }

    /// @param reference frozen; usually what the policy was before
    /// @param examples all that is trained on
    /// @throws IllegalArgumentException naming the examples that cannot be trained on, a reference that does not
    ///     fit, or a batch of one answer, which has no mismatched one
    public static Kto of(
            CausalLm policy,
            CausalLm reference,
            List<UnpairedExample> examples,
            KtoLoss.Options options,
            PreferenceTraining training) {
        return of(policy, Reference.of(reference), examples, List.of(), options, training);
    }

    /// The same with any reference, and with examples to measure on.
    ///
    /// @param heldOut what [#evaluate()] measures on; may be empty
    public static Kto of(
            CausalLm policy,
            Reference reference,
            List<UnpairedExample> examples,
            List<UnpairedExample> heldOut,
            KtoLoss.Options options,
            PreferenceTraining training) {
        References.check("kto", policy, reference, false);
        UnpairedExample.check("kto", examples, policy.config());
        if (!heldOut.isEmpty()) {
            UnpairedExample.check("kto", heldOut, policy.config());
        }
        Wrong wrong = new Wrong("kto");
        boolean apart = options.lossType() != KtoLoss.LossType.KTO;
        wrong.need(
                apart || Math.min(training.batchSize(), examples.size()) >= 2,
                "a batch of at least 2 answers, because the divergence is taken from answers after other prompts",
                "a batchSize of " + training.batchSize() + " and " + examples.size() + " examples");
        wrong.refuse();
        return new Kto(policy, reference, examples, heldOut, options, training);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return updates.optimizer();
    }

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate`, `kl` (z₀), `entropy` and TRL's `rewards/chosen`,
    ///     `logps/chosen` over the liked answers, `rewards/rejected`, `logps/rejected` over the others, and
    ///     `rewards/margins`, the difference; what there is none of is left out
    /// @throws RunException if the loss or the gradient is not finite; the policy is as it was then
    public Map<String, Double> step(long step) {
        int[] batch = updates.batch(step);
        Seen seen = new Seen();
        double kl = divergence(examples, batch);
        double sum = accumulate(examples, batch, kl, seen);
        Map<String, Double> metrics = updates.apply(step, sum);
        metrics.put(RunMetrics.KL, kl);
        seen.put(metrics, options.beta());
        return metrics;
    }

    /// Loss and metrics of the held-out answers under the policy as it is, `eval_loss`, `eval_rewards/chosen` and
    /// so on; empty if there are none. The divergence is that of each batch.
    public Map<String, Double> evaluate() {
        if (heldOut.isEmpty()) {
            return Map.of();
        }
        Seen seen = new Seen();
        double loss =
                updates.evaluate(heldOut.size(), batch -> accumulate(heldOut, batch, divergence(heldOut, batch), seen));
        return Updates.held(loss, metrics -> seen.put(metrics, options.beta()));
    }

    /// The loss of a step's answers, whose gradient is added.
    private double accumulate(List<UnpairedExample> data, int[] batch, double kl, Seen seen) {
        return updates.accumulate(updates.microBatches(batch, i -> tokens(data.get(i))), part -> {
            List<UnpairedExample> some = Updates.at(data, part);
            Answers answers = new Answers(
                    some.stream().map(UnpairedExample::prompt).toList(),
                    some.stream().map(UnpairedExample::completion).toList());
            Tensor ref = reference(answers);
            Answers.Scores scores = answers.scores(policy);
            Tensor sums = scores.sums();
            boolean[] liked = new boolean[part.length];
            for (int i = 0; i < liked.length; i++) {
                liked[i] = some.get(i).desirable();
            }
            seen.add(sums.detach().toDoubles(), ref.toDoubles(), liked);
            seen.addEntropy(scores.entropy().toDoubles());
            return loss.loss(sums, ref, liked, kl, batch.length);
        });
    }

    private static int tokens(UnpairedExample example) {
        return example.prompt().length + example.completion().length;
    }

    private Tensor reference(Answers answers) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            Tensor sums = reference.read(
                    frozen -> Scope.of(() -> answers.scores(frozen).sums()));
            References.checkFinite("kto", sums.toDoubles());
            return sums;
        }
    }

    /// z₀ from each prompt of the batch with the answer before it, the first with the last (TRL's order).
    private double divergence(List<UnpairedExample> data, int[] batch) {
        if (!loss.needsKl()) {
            return 0;
        }
        List<Double> policies = new ArrayList<>();
        List<Double> references = new ArrayList<>();
        int[] places = IntStream.range(0, batch.length).toArray();
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int[] part : updates.microBatches(places, i -> mismatchedTokens(data, batch, i))) {
                try (Scope _ = Scope.open()) {
                    Answers answers = new Answers(
                            Arrays.stream(part)
                                    .mapToObj(i -> promptFor(data, batch, i))
                                    .toList(),
                            Arrays.stream(part)
                                    .mapToObj(i -> data.get(before(batch, i)).completion())
                                    .toList());
                    add(policies, answers.scores(policy).sums());
                    add(references, reference(answers));
                }
            }
        }
        double[] own = policies.stream().mapToDouble(Double::doubleValue).toArray();
        double kl = KtoLoss.kl(
                own, references.stream().mapToDouble(Double::doubleValue).toArray());
        if (!Double.isFinite(kl)) {
            throw new RunException("[kto] expected a finite divergence; got " + kl
                    + ". Hint: lower the learning rate and go on from the last checkpoint.");
        }
        return kl;
    }

    private static int before(int[] batch, int i) {
        return batch[(i + batch.length - 1) % batch.length];
    }

    /// The prompt at a place of the batch, its beginning cut off where the answer before does not fit behind it.
    private int[] promptFor(List<UnpairedExample> data, int[] batch, int i) {
        int[] prompt = data.get(batch[i]).prompt();
        int room = Math.min(
                        policy.config().maxPositions(),
                        reference.model().config().maxPositions())
                - data.get(before(batch, i)).completion().length;
        return Arrays.copyOfRange(prompt, Math.max(0, prompt.length - room), prompt.length);
    }

    private int mismatchedTokens(List<UnpairedExample> data, int[] batch, int i) {
        return promptFor(data, batch, i).length + data.get(before(batch, i)).completion().length;
    }

    private static void add(List<Double> all, Tensor values) {
        for (double value : values.toDoubles()) {
            all.add(value);
        }
    }

    /// Sums by kind of answer: 0 those that were liked, 1 the others.
    private static final class Seen {
        private static final String[] KINDS = {"chosen", "rejected"};
        private final double[] count = new double[2];
        private final double[] logProb = new double[2];
        private final double[] ratio = new double[2];
        private double entropy;
        private double tokens;

        void add(double[] own, double[] reference, boolean[] liked) {
            for (int i = 0; i < own.length; i++) {
                int kind = liked[i] ? 0 : 1;
                count[kind]++;
                logProb[kind] += own[i];
                ratio[kind] += own[i] - reference[i];
            }
        }

        void addEntropy(double[] perToken) {
            entropy += Arrays.stream(perToken).sum();
            tokens += perToken.length;
        }

        void put(Map<String, Double> metrics, double beta) {
            for (int kind = 0; kind < 2; kind++) {
                if (count[kind] > 0) {
                    metrics.put("rewards/" + KINDS[kind], beta * ratio[kind] / count[kind]);
                    metrics.put("logps/" + KINDS[kind], logProb[kind] / count[kind]);
                }
            }
            if (count[0] > 0 && count[1] > 0) {
                metrics.put("rewards/margins", beta * (ratio[0] / count[0] - ratio[1] / count[1]));
            }
            metrics.put(RunMetrics.ENTROPY, entropy / tokens);
        }
    }

    @Override
    public void close() {
        updates.close();
    }
}
