package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.Problem;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SearchComparisonTest {
    private static SearchScore score(String label, String family, int correct, long tokens) {
        return new SearchScore(label, family, false, 4, correct, tokens, 0, Map.of(), 1.5, List.of());
    }

    @Test
    void accuracyAndTokensAreOfAProblem() {
        Problem problem = ScriptedPolicy.problem();
        ScriptedPolicy policy = new ScriptedPolicy(
                List.of("", "x", "y"),
                written -> written.isEmpty() ? new double[] {0, 0.5, 0.5} : new double[] {1, 0, 0});
        Searches.Named search = new Searches.Named("pass-8", "pass", new BestOfN(8, 1, Scorers.accuracy()));
        SearchScore score = SearchScore.of(
                search, policy, ScriptedPolicy.task("x"), List.of(problem, problem, problem), 9, (_, _) -> {});
        assertThat(score.tokens()).isEqualTo(3 * 8 * 2).isEqualTo(policy.given);
        assertThat(score.tokensPerProblem()).isEqualTo(16);
        assertThat(score.outcomes()).containsEntry("correct", score.correct()).containsEntry("no_answer", 0);
        assertThat(score.accuracy()).isEqualTo(score.correct() / 3.0);
        assertThat(score.asksVerifier()).isTrue();
        assertThat(score.cut()).isZero();
        assertThat(score.texts()).hasSize(3);
    }

    @Test
    void theTableHasALineForEach() {
        List<String> table = new SearchComparison(
                        List.of(score("greedy", "greedy", 1, 40), score("best-of-8", "best-of", 3, 4000)))
                .table();
        assertThat(table).hasSize(3);
        assertThat(table.get(0)).startsWith("search ").contains("accuracy").contains("tokens/problem");
        assertThat(table.get(2)).startsWith("best-of-8").contains("75.0 %").contains("1,000.0");
        assertThat(table.stream().map(String::length).distinct()).hasSize(1);
        assertThatThrownBy(() -> new SearchComparison(List.of())).hasMessageContaining("at least one");
    }

    @Test
    void thePageHasALineForAFamily() {
        String page = new SearchComparison(List.of(
                        score("best-of-8", "best-of", 3, 4000),
                        score("best-of-2", "best-of", 2, 1000),
                        score("greedy", "greedy", 1, 40)))
                .page("4 <problems>")
                .html();
        assertThat(page)
                .contains("best-of-8 solves 75.0 %")
                .contains("4 &lt;problems&gt;")
                .contains("Accuracy over tokens per problem. best-of: from 50.0% to 75.0%")
                .contains("data-over=\"tokens per problem\"")
                .contains("\"x\":[250.0,1000.0]");
    }

    /// Wilson's interval for 81 of 263 (Newcombe 1998, table I: 0.2553 to 0.3662).
    @Test
    void theMarginIsWilsons() {
        assertThat(SearchComparison.margin(81 / 263.0, 263)).isCloseTo((0.3662 - 0.2553) / 2, within(1e-4));
        assertThat(SearchComparison.margin(0, 20)).isCloseTo(0.1611 / 2, within(1e-4));
    }
}
