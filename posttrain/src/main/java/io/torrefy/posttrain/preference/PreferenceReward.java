package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.rewards.RewardModel;
import java.util.ArrayList;
import java.util.List;

/// A trained reward model as a [RewardModel]: it reads the prompt's ids and the completion's own, and its score is the
/// number at the last one.
@Export(value = "posttrain.PreferenceReward", since = "0.1")
public final class PreferenceReward implements RewardModel {
    private final ValueModel model;
    private final Tokenizer tokenizer;
    private final int batchTokens;

    private PreferenceReward(ValueModel model, Tokenizer tokenizer, int batchTokens) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.batchTokens = batchTokens;
    }

    /// @param tokenizer the policy's, whose ids completions are; the reward model was trained with the same
    /// @param batchTokens read at a time, at least 1; does not change a score
    /// @throws io.torrefy.lm.TokenizerException if it has ids beyond the model's vocabulary
    public static PreferenceReward of(ValueModel model, Tokenizer tokenizer, int batchTokens) {
        if (batchTokens < 1) {
            throw new IllegalArgumentException(
                    "[preference reward] expected batchTokens of at least 1; got " + batchTokens);
        }
        tokenizer.checkFits(model.config().vocab());
        return new PreferenceReward(model, tokenizer, batchTokens);
    }

    @Override
    public double[] scores(List<Attempt> attempts) {
        double[] scores = new double[attempts.size()];
        List<int[]> open = new ArrayList<>();
        int used = 0;
        int first = 0;
        for (int i = 0; i <= scores.length; i++) {
            int[] ids = i == scores.length ? new int[0] : ids(attempts.get(i));
            if (!open.isEmpty() && (i == scores.length || used + ids.length > batchTokens)) {
                System.arraycopy(model.score(open), 0, scores, first, open.size());
                open.clear();
                used = 0;
                first = i;
            }
            open.add(ids);
            used += ids.length;
        }
        return scores;
    }

    private int[] ids(Attempt attempt) {
        return StepwiseExample.join(Tokens.prompt(tokenizer, attempt.problem()), List.of(attempt.ids()));
    }
}
