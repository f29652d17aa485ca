package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every algorithm finds the way through a small world whose best way is known, from each of three seeds.
class KnownOptimumTest {
    @ParameterizedTest
    @MethodSource("io.torrefy.rl.deep.Agents#discrete")
    @Timeout(120)
    void theShortestSafeWayIsFound(Agents kind) {
        for (long seed = 1; seed <= 3; seed++) {
            try (Agent<Integer, Integer> agent = kind.grid(seed)) {
                agent.train(kind == Agents.QAC ? 40_000 : 20_000);
                Evaluation greedy = agent.evaluate(Agents.world(), 1, 0);
                assertThat(greedy.returns()).as("%s, seed %d", kind, seed).containsExactly(1.0);
                assertThat(greedy.lengths()).as("%s, seed %d", kind, seed).containsExactly(4);
            }
        }
    }
}
