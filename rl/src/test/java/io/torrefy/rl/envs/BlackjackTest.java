package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.rl.FiniteEnv;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.Step;
import io.torrefy.rl.envs.Blackjack.Rules;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlackjackTest {
    static List<Fixture> games() {
        List<Fixture> all = Fixtures.open().ofKind("rl_blackjack");
        assertThat(all).isNotEmpty();
        return all;
    }

    /// The registered id has `sab=True`, which makes it deaf to `natural`.
    private static Rules rules(JsonNode settings) {
        if (settings.path("sab").asBoolean(true)) {
            return Rules.BOOK;
        }
        return settings.path("natural").asBoolean() ? Rules.NATURAL : Rules.PLAIN;
    }

    private static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    /// Gymnasium's games, with its cards.
    @ParameterizedTest
    @MethodSource("games")
    void gamesGoAsTheirsDid(Fixture fixture) throws IOException {
        JsonNode episodes =
                new ObjectMapper().readTree(fixture.file(".json").toFile()).path("episodes");
        assertThat(episodes.size()).isPositive();
        for (JsonNode episode : episodes) {
            var cards = Arrays.stream(ints(episode.path("cards"))).iterator();
            Blackjack game = Blackjack.of(rules(fixture.settings()), cards::nextInt);
            assertThat(game.reset()).containsExactly(ints(episode.path("obs").path(0)));
            int[] actions = ints(episode.path("actions"));
            for (int i = 0; i < actions.length; i++) {
                Step<int[]> step = game.step(actions[i]);
                assertThat(step.observation())
                        .containsExactly(ints(episode.path("obs").path(i + 1)));
                assertThat(step.reward())
                        .isEqualTo(episode.path("rewards").path(i).asDouble());
                assertThat(step.terminated())
                        .isEqualTo(episode.path("terminated").path(i).asBoolean());
            }
            assertThat(cards.hasNext()).as("cards left").isFalse();
        }
    }

    /// Gymnasium's rewards for a natural against 19, a natural and 21 of three cards, for 21 of three cards against
    /// 21, and for 18 against a bust.
    @Test
    void whatANaturalIsWorth() {
        assertThat(played(Rules.PLAIN)).containsExactly(1, 0, 0, 0, 1);
        assertThat(played(Rules.NATURAL)).containsExactly(1.5, 0, 0, 0, 1);
        assertThat(played(Rules.BOOK)).containsExactly(1, 0, 1, 0, 1);
    }

    private static double[] played(Rules rules) {
        int[][] decks = {{10, 9, 1, 10}, {1, 10, 10, 1}, {10, 5, 1, 10, 6}, {10, 5, 10, 5, 6, 6}, {10, 6, 9, 9, 10}};
        double[] rewards = new double[decks.length];
        for (int i = 0; i < decks.length; i++) {
            var cards = Arrays.stream(decks[i]).iterator();
            Blackjack game = Blackjack.of(rules, cards::nextInt);
            game.reset();
            if (i == 3) {
                game.step(1);
            }
            rewards[i] = game.step(0).reward();
        }
        return rewards;
    }

    @Test
    void valuesOfTheStart() {
        FiniteMdp plain = Blackjack.mdp(Rules.PLAIN);
        FiniteMdp book = Blackjack.mdp(Rules.BOOK);
        assertThat(Solve.start(plain, Solve.optimal(plain, 1))).isCloseTo(-0.046556, within(5e-7));
        assertThat(Solve.start(book, Solve.optimal(book, 1))).isCloseTo(-0.043113, within(5e-7));
        assertThat(Solve.start(plain, Solve.evaluate(plain, s -> stickOn(s, 20), 1, 50)))
                .isCloseTo(-0.353554, within(5e-7));
        assertThat(Solve.start(book, Solve.evaluate(book, s -> stickOn(s, 20), 1, 50)))
                .isCloseTo(-0.350111, within(5e-7));
        assertThat(Solve.start(plain, Solve.evaluate(plain, s -> stickOn(s, 16), 1, 50)))
                .isCloseTo(-0.0752, within(5e-5));
        double[] v = Solve.evaluate(plain, s -> stickOn(s, 20), 1, 50);
        assertThat(v[BlackjackTable.state(13, 2, true)]).isCloseTo(-0.277204, within(5e-7));
    }

    private static int stickOn(int state, int sum) {
        return state < BlackjackTable.state(sum, 1, false) ? 1 : 0;
    }

    @Test
    void optimalPolicy() {
        String hard = "HSSSSSHHHH";
        String[] rows = {"HHHSSSHHHH", hard, hard, hard, hard, "SSSSSSSSSS"};
        assertPolicy(12, rows, false);
        assertPolicy(17, new String[] {"HHHHHHHHHH", "HSSSSSSSHH", "SSSSSSSSSS", "SSSSSSSSSS"}, true);
    }

    private static void assertPolicy(int lowest, String[] rows, boolean soft) {
        FiniteMdp mdp = Blackjack.mdp(Rules.PLAIN);
        double[] v = Solve.optimal(mdp, 1);
        for (int row = 0; row < rows.length; row++) {
            for (int dealer = 1; dealer <= 10; dealer++) {
                int state = BlackjackTable.state(lowest + row, dealer, soft);
                assertThat(Solve.greedy(mdp, v, state, 1))
                        .as("%d against %d, soft %s", lowest + row, dealer, soft)
                        .containsExactly(rows[row].charAt(dealer - 1) == 'H' ? 1 : 0);
            }
        }
    }

    /// The game and its table are the same process: the mean of 200 000 games under one policy is the exact value,
    /// within four standard errors (99.99 %).
    @Test
    void theTableIsTheGame() {
        for (Rules rules : Rules.values()) {
            FiniteMdp mdp = Blackjack.mdp(rules);
            double exact = Solve.start(mdp, Solve.evaluate(mdp, s -> stickOn(s, 16), 1, 50));
            Blackjack game = Blackjack.of(rules);
            FiniteEnv table = Blackjack.finite(rules);
            int games = 200_000;
            double played = 0;
            double walked = 0;
            int[] hand = game.reset(7);
            int state = table.reset(8);
            for (int n = 0; n < games; n++) {
                Step<int[]> step = game.step(hand[0] < 16 ? 1 : 0);
                while (!step.done()) {
                    step = game.step(step.observation()[0] < 16 ? 1 : 0);
                }
                played += step.reward();
                hand = game.reset();
                Step<Integer> move = table.step(stickOn(state, 16));
                while (!move.done()) {
                    move = table.step(stickOn(move.observation(), 16));
                }
                walked += move.reward();
                state = table.reset();
            }
            // The reward's deviation is below 1 in every game but those with 1.5.
            double bound = 4 * 1.0 / Math.sqrt(games);
            assertThat(played / games).as("%s, played", rules).isCloseTo(exact, within(bound));
            assertThat(walked / games).as("%s, from the table", rules).isCloseTo(exact, within(bound));
        }
    }

    @Test
    void badStatesAreRefused() {
        assertThatThrownBy(() -> BlackjackTable.state(22, 1, false)).hasMessageContaining("got 22 and 1");
        assertThatThrownBy(() -> BlackjackTable.natural(11)).hasMessageContaining("got 11");
        assertThatThrownBy(() -> Blackjack.of(Rules.PLAIN).step(0)).hasMessageContaining("expected reset() first");
    }
}
