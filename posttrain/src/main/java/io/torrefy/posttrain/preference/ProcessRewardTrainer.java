package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A process reward model from judged steps (Uesato et al. 2022, arXiv 2211.14275; Lightman et al. 2023, arXiv
/// 2305.20050). A step of training:
///
/// 1. take the next solutions; the model's number at the last token of each of their steps;
/// 2. binary cross-entropy with the steps' labels, over all labelled steps of the batch ([ProcessRewardModel#loss]);
/// 3. an AdamW step.
@Export(value = "posttrain.ProcessRewardTrainer", since = "0.1")
public final class ProcessRewardTrainer implements AutoCloseable {
    private final ValueModel model;
    private final List<StepwiseExample> examples;
    private final boolean lastStepOnly;
    private final Updates updates;

    private ProcessRewardTrainer(
            ValueModel model, List<StepwiseExample> examples, boolean lastStepOnly, PreferenceTraining training) {
        this.model = model;
        this.examples = List.copyOf(examples);
        this.lastStepOnly = lastStepOnly;
        updates = new Updates("prm", model, training, examples.size());
    }

    /// @param trainOnLastStepOnly false in TRL (`train_on_last_step_only`): whether only each solution's last label
    ///     counts, which makes an outcome reward model
    /// @throws IllegalArgumentException naming the examples that cannot be trained on
    public static ProcessRewardTrainer of(
            ValueModel model,
            List<StepwiseExample> examples,
            boolean trainOnLastStepOnly,
            PreferenceTraining training) {
        StepwiseExample.check("prm", examples, model.config());
        return new ProcessRewardTrainer(model, examples, trainOnLastStepOnly, training);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return updates.optimizer();
    }

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate` and `accuracy`: of the labelled steps whose score is on the
    ///     label's side of ½
    /// @throws RunException if the loss or the gradient is not finite; the model is as it was then
    public Map<String, Double> step(long step) {
        double[] right = new double[1];
        int[] batch = updates.batch(step);
        Map<String, Double> metrics = updates.apply(step, accumulate(examples, batch, right));
        metrics.put("accuracy", right[0] / labelled(examples, batch));
        return metrics;
    }

    /// How well the model judges other solutions' steps, without training.
    ///
    /// @return `eval_loss` and `eval_accuracy`
    /// @throws IllegalArgumentException naming the examples that cannot be measured on
    public Map<String, Double> evaluate(List<StepwiseExample> heldOut) {
        StepwiseExample.check("prm", heldOut, model.config());
        double[] right = new double[1];
        double labelled = labelled(heldOut, IntStream.range(0, heldOut.size()).toArray());
        return Updates.held(
                updates.evaluate(heldOut.size(), batch -> accumulate(heldOut, batch, right)),
                metrics -> metrics.put("accuracy", right[0] / labelled));
    }

    private double labelled(List<StepwiseExample> data, int[] batch) {
        return Arrays.stream(batch).mapToDouble(i -> labels(data.get(i)).length).sum();
    }

    /// The loss of a step's examples, whose gradient is added.
    ///
    /// @param right receives how many labelled steps are judged as they are labelled
    private double accumulate(List<StepwiseExample> data, int[] batch, double[] right) {
        double labelled = labelled(data, batch);
        return updates.accumulate(updates.microBatches(batch, i -> data.get(i).ids().length), part -> {
            List<StepwiseExample> some = Updates.at(data, part);
            TokenBatch packed =
                    TokenBatch.pack(some.stream().map(StepwiseExample::ids).toList());
            double[] labels =
                    some.stream().flatMapToDouble(e -> Arrays.stream(labels(e))).toArray();
            Tensor logits = model.values(packed, places(packed, some, labels.length));
            double[] z = logits.detach().toDoubles();
            for (int i = 0; i < z.length; i++) {
                right[0] += z[i] > 0 == labels[i] > 0.5 ? 1 : 0;
            }
            return ProcessRewardModel.loss(logits, labels, labelled);
        });
    }

    private double[] labels(StepwiseExample example) {
        double[] all = example.labels();
        return lastStepOnly ? Arrays.copyOfRange(all, all.length - 1, all.length) : all;
    }

    /// Where the labelled steps end in the packed batch.
    private int[] places(TokenBatch packed, List<StepwiseExample> some, int count) {
        int[] places = new int[count];
        int at = 0;
        for (int i = 0; i < some.size(); i++) {
            int[] ends = StepwiseExample.ends(some.get(i).prompt(), some.get(i).steps());
            for (int s = lastStepOnly ? ends.length - 1 : 0; s < ends.length; s++) {
                places[at++] = packed.offsets()[i] + ends[s];
            }
        }
        return places;
    }

    @Override
    public void close() {
        updates.close();
    }
}
