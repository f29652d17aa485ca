package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SearchesTest {
    private static List<Searches.Named> parse(String list) {
        return Searches.parse(list, "log-prob");
    }

    @Test
    void namesWithNumbersAndArguments() {
        List<Searches.Named> all = parse("greedy, best-of-8,majority-4:temperature=0.5,beam-3:lengthPenalty=0,"
                + "posttrain.search.weighted_majority:n=2,step-beam-6:width=3,separator=comma,"
                + "mcts-5:budget=100,scorer=rollouts-2,rollout=0");
        assertThat(all.stream().map(Searches.Named::search).limit(4).skip(2))
                .containsExactly(SelfConsistency.majority(4, 0.5), new BeamSearch(3, 0));
        assertThat(all.get(0)).isEqualTo(new Searches.Named("greedy", "greedy", new Greedy()));
        assertThat(all.get(1).label()).isEqualTo("best-of-8");
        assertThat(all.get(1).family()).isEqualTo("best-of");
        assertThat(((BestOfN) all.get(1).search()).n()).isEqualTo(8);
        assertThat(((SelfConsistency) all.get(4).search()).weights()).isNotNull();
        assertThat(((StepBeam) all.get(5).search()).separator()).isEqualTo(",");
        assertThat(all.get(6).label()).isEqualTo("mcts-5:budget=100,scorer=rollouts-2,rollout=0");
        Mcts mcts = (Mcts) all.get(6).search();
        assertThat(mcts.scorer()).isEqualTo(new RolloutScorer(2, 1));
        assertThat(mcts.n()).isEqualTo(5);
        assertThat(mcts.budget()).isEqualTo(100);
        assertThat(mcts.separator()).isEqualTo("\n");
        assertThat(mcts.asksVerifier()).isTrue();
        assertThat(all.get(1).search().asksVerifier()).isFalse();
    }

    @Test
    void separatorsHaveNames() {
        assertThat(Searches.separator("newline")).isEqualTo("\n");
        assertThat(Searches.separator("blank")).isEqualTo("\n\n");
        assertThat(Searches.separator("Step\\n")).isEqualTo("Step\n");
    }

    @Test
    void whatIsNoSearchIsNamedWithWhatIs() {
        assertThatThrownBy(() -> parse("greedy,best-off-8"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("posttrain.search.best_off")
                .hasMessageContaining("Did you mean posttrain.search.best_of")
                .hasMessageContaining("There are: ")
                .hasMessageContaining("step_beam");
        assertThatThrownBy(() -> parse("mcts-4:wide=3")).hasMessageContaining("has no wide");
        assertThatThrownBy(() -> parse("best-of-0")).hasMessageContaining("n of at least 1; got 0");
        assertThatThrownBy(() -> parse("mcts:n=2,n=3")).hasMessageContaining("each argument once");
        assertThatThrownBy(() -> parse("beam-2,beam-2")).hasMessageContaining("every search once");
        assertThatThrownBy(() -> parse("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> parse("best-of-2:scorer=rolouts"))
                .hasMessageContaining("rolouts")
                .hasMessageContaining("There are: accuracy, countdown, log_prob, process_reward, rollouts");
        assertThatThrownBy(() -> parse("posttrain.tasks.countdown")).hasMessageContaining("was expected");
    }
}
