package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Rejection sampling for training (STaR, Zelikman et al. 2022; RFT, Yuan et al. 2023; the second SFT stage of
/// DeepSeek-R1): sample each problem `n` times, keep the distinct completions whose reward reaches the threshold, the
/// best first, and write them as a prompt-completion dataset.
///
/// The file is JSON Lines, one `{"prompt": …, "completion": …, "score": …, "problem": …}` a line, in the order of the
/// problems; it is there whole or not at all. Completions that were cut off are never kept: a model that learns from
/// them learns not to end.
///
/// @param n samples of a problem, at least 1
/// @param temperature of the samples, above 0
/// @param threshold the least reward of what is kept
/// @param keep completions of a problem at most, at least 1
/// @param maxTokens the greatest length of a completion
@Export(value = "posttrain.search.RejectionSampling", since = "0.1")
public record RejectionSampling(int n, double temperature, double threshold, int keep, int maxTokens) {
    public RejectionSampling {
        Sampled.check(n >= 1, "rejection", "n of at least 1", n);
        Sampled.temperature("rejection", temperature);
        Sampled.check(Double.isFinite(threshold), "rejection", "a finite threshold", threshold);
        Sampled.check(keep >= 1, "rejection", "to keep at least 1", keep);
        Sampled.check(maxTokens >= 1, "rejection", "maxTokens of at least 1", maxTokens);
    }

    /// What came of it.
    ///
    /// @param samples completions that were drawn
    /// @param kept lines of the file
    /// @param solved problems with a line
    /// @param tokens generated in all
    public record Yield(int problems, int samples, int kept, int solved, long tokens) {}

    /// Samples and writes.
    ///
    /// @param watcher told after each batch how many problems are done
    /// @throws IOException if the file cannot be written
    public Yield write(
            Path file, Policy policy, Task task, Rewards rewards, List<Problem> problems, SearchScore.Watcher watcher)
            throws IOException {
        SampledDataset.Yield sum = SampledDataset.write(
                file, policy, task, problems, maxTokens, session -> sample(session, rewards), watcher);
        return new Yield(sum.problems(), sum.problems() * n, sum.lines(), sum.useful(), sum.tokens());
    }

    private List<Map<String, Object>> sample(Session session, Rewards rewards) {
        List<SampledDataset.Scored> scored = SampledDataset.distinct(session, n, temperature, rewards).stream()
                .filter(one -> one.score() >= threshold)
                .limit(keep)
                .toList();
        List<Map<String, Object>> lines = new ArrayList<>();
        for (SampledDataset.Scored one : scored) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("prompt", session.problem().prompt());
            line.put("completion", one.text());
            line.put("score", one.score());
            line.put("problem", session.problem().id());
            lines.add(line);
        }
        return lines;
    }
}
