package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.ProcessRewardModel;
import io.torrefy.posttrain.preference.StepAggregation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// A trained process reward model as a scorer: the aggregate of its steps' scores. Steps are what stands between
/// separators, read as they were in training, each with a separator behind it; of a draft that is longer in the model's
/// tokens than it has positions, the first ones. It reads and does not generate, so a search's count of tokens does not
/// grow.
@Export(value = "posttrain.search.ProcessRewardScorer", since = "0.1")
public final class ProcessRewardScorer implements ProcessScorer {
    /// What is said of a draft without a step, of which nothing is known.
    private static final double UNKNOWN = 0.5;

    private final ProcessRewardModel model;
    private final Tokenizer tokenizer;
    private final String separator;

    private ProcessRewardScorer(ProcessRewardModel model, Tokenizer tokenizer, String separator) {
        Sampled.check(!separator.isEmpty(), "process_reward", "a separator such as newline", "none");
        this.model = model;
        this.tokenizer = tokenizer;
        this.separator = separator;
    }

    /// @param model is closed with this scorer
    /// @param tokenizer the model's own, which need not be the policy's
    /// @param separator what a step ends at, as in training
    public static ProcessRewardScorer of(ProcessRewardModel model, Tokenizer tokenizer, String separator) {
        return new ProcessRewardScorer(model, tokenizer, separator);
    }

    /// A process reward model from its folder.
    ///
    /// @param aggregation `min`, `product` or `last`
    @Export(
            value = "posttrain.search.scorers.process_reward",
            since = "0.1",
            params = {"model", "aggregation=min", "separator=newline"})
    public static ProcessRewardScorer load(String model, String aggregation, String separator) {
        StepAggregation how;
        try {
            how = StepAggregation.valueOf(aggregation.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "[search process_reward] expected the aggregation min, product or last; got " + aggregation, e);
        }
        Path folder = Path.of(model);
        Tokenizer tokenizer = BpeTokenizer.load(folder);
        ValueModel values = ValueModel.load(folder);
        tokenizer.checkFits(values.config().vocab());
        return of(new ProcessRewardModel(values, how), tokenizer, Searches.separator(separator));
    }

    @Override
    public double[] score(Session session, List<Draft> drafts) {
        return session.compute(() -> {
            int[] prompt = Tokens.prompt(tokenizer, session.problem());
            return drafts.stream()
                    .mapToDouble(draft -> score(prompt, draft.text()))
                    .toArray();
        });
    }

    private double score(int[] prompt, String text) {
        List<int[]> steps = new ArrayList<>();
        int[] end = tokenizer.encode(separator);
        int room = model.model().config().maxPositions() - prompt.length;
        for (String step : text.split(Pattern.quote(separator), -1)) {
            if (!step.isBlank()) {
                int[] ids = tokenizer.encode(step);
                int[] whole = Arrays.copyOf(ids, ids.length + end.length);
                System.arraycopy(end, 0, whole, ids.length, end.length);
                room -= whole.length;
                if (room < 0) {
                    break;
                }
                steps.add(whole);
            }
        }
        // Below 1, which would say that none can be better.
        return steps.isEmpty() ? UNKNOWN : Math.min(model.score(prompt, steps), Math.nextDown(1.0));
    }

    @Override
    public void close() {
        model.model().close();
    }
}
