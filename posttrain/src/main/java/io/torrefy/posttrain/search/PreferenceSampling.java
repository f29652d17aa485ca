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

/// Preferences from a reward (RSO, Liu et al. 2024, arXiv 2309.06657; "on-policy" pairs of Tajwar et al. 2024): sample
/// each problem `n` times and pair the distinct completions, the best with the worst, the next best with the next
/// worst, while they lie `margin` apart.
///
/// The file is JSON Lines, one `{"prompt": …, "chosen": …, "rejected": …, "margin": …, "problem": …}` a line, or, where
/// completions are to be judged one by one (KTO), `{"prompt": …, "completion": …, "label": …, "problem": …}`, both of a
/// pair, the chosen one first.
///
/// @param n samples of a problem, at least 2
/// @param temperature of the samples, above 0
/// @param margin the least difference of rewards, above 0
/// @param keep pairs of a problem at most, at least 1
/// @param maxTokens the greatest length of a completion
/// @param unpaired whether the two of a pair are lines of their own
@Export(value = "posttrain.search.PreferenceSampling", since = "0.1")
public record PreferenceSampling(int n, double temperature, double margin, int keep, int maxTokens, boolean unpaired) {
    public PreferenceSampling {
        Sampled.check(n >= 2, "preferences", "n of at least 2, a pair", n);
        Sampled.temperature("preferences", temperature);
        Sampled.check(margin > 0 && Double.isFinite(margin), "preferences", "a margin above 0", margin);
        Sampled.check(keep >= 1, "preferences", "to keep at least 1", keep);
        Sampled.check(maxTokens >= 1, "preferences", "maxTokens of at least 1", maxTokens);
    }

    /// What came of it.
    ///
    /// @param lines of the file
    /// @param paired problems with a pair
    /// @param tokens generated in all
    public record Yield(int problems, int lines, int paired, long tokens) {}

    /// Samples and writes.
    ///
    /// @param watcher told after each batch how many problems are done
    /// @throws IOException if the file cannot be written
    public Yield write(
            Path file, Policy policy, Task task, Rewards rewards, List<Problem> problems, SearchScore.Watcher watcher)
            throws IOException {
        SampledDataset.Yield sum = SampledDataset.write(
                file, policy, task, problems, maxTokens, session -> pairs(session, rewards), watcher);
        return new Yield(sum.problems(), sum.lines(), sum.useful(), sum.tokens());
    }

    private List<Map<String, Object>> pairs(Session session, Rewards rewards) {
        List<SampledDataset.Scored> ranked = SampledDataset.distinct(session, n, temperature, rewards);
        List<Map<String, Object>> lines = new ArrayList<>();
        for (int i = 0; i < Math.min(keep, ranked.size() / 2); i++) {
            SampledDataset.Scored chosen = ranked.get(i);
            SampledDataset.Scored rejected = ranked.get(ranked.size() - 1 - i);
            if (chosen.score() - rejected.score() < margin) {
                break;
            }
            if (unpaired) {
                lines.add(judged(session, chosen, true));
                lines.add(judged(session, rejected, false));
            } else {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("prompt", session.problem().prompt());
                line.put("chosen", chosen.text());
                line.put("rejected", rejected.text());
                line.put("margin", chosen.score() - rejected.score());
                line.put("problem", session.problem().id());
                lines.add(line);
            }
        }
        return lines;
    }

    private static Map<String, Object> judged(Session session, SampledDataset.Scored one, boolean label) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("prompt", session.problem().prompt());
        line.put("completion", one.text());
        line.put("label", label);
        line.put("problem", session.problem().id());
        return line;
    }
}
