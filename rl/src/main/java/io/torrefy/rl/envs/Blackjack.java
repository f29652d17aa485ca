package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteEnv;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.MultiDiscrete;
import io.torrefy.rl.Step;
import io.torrefy.rl.TableEnv;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/// Gymnasium's `Blackjack-v1` (Sutton and Barto, Example 5.1): cards from an endless deck, a dealer who sticks on 17,
/// actions stick (0) and hit (1). A win pays 1, a draw 0, a loss -1.
///
/// An observation is the player's sum, the dealer's open card (1 is an ace) and whether the player has an ace that
/// counts as 11. [#finite] is the same game with its table.
@Export(value = "rl.envs.Blackjack", since = "0.1")
public final class Blackjack implements Env<int[], Integer> {
    /// What a natural, an ace and a ten in the first two cards, is good for.
    public enum Rules {
        /// Nothing more than 21: Gymnasium's `natural=False, sab=False`.
        PLAIN,
        /// A win with it pays 1.5: `natural=True`.
        NATURAL,
        /// It beats whatever is not one: `sab=True`, Sutton and Barto's rule, which the registered id has.
        BOOK
    }

    static final int STICK = 0;
    private static final int DEALER_STICKS = 17;
    private static final int LIMIT = 21;

    private static final MultiDiscrete OBSERVATIONS = MultiDiscrete.of(32, 11, 2);
    private static final Discrete ACTIONS = Discrete.of(2);

    private final Rules rules;
    private final List<Integer> dealer = new ArrayList<>();
    private final List<Integer> player = new ArrayList<>();
    private IntSupplier deck;
    private boolean running;

    private Blackjack(Rules rules, IntSupplier deck) {
        this.rules = rules;
        this.deck = deck;
    }

    public static Blackjack of(Rules rules) {
        return new Blackjack(rules, shuffled(new SplitMix(0, 0)));
    }

    /// A game with the cards that a deck gives, the dealer's two first.
    static Blackjack of(Rules rules, IntSupplier deck) {
        return new Blackjack(rules, deck);
    }

    public Rules rules() {
        return rules;
    }

    /// The game as a finite environment: its states are [BlackjackTable]'s.
    public static FiniteEnv finite(Rules rules) {
        return new TableEnv(mdp(rules));
    }

    /// The game's exact model, with [BlackjackTable]'s states.
    public static FiniteMdp mdp(Rules rules) {
        return BlackjackTable.model(rules);
    }

    private static IntSupplier shuffled(SplitMix random) {
        return () -> Math.min(10, 1 + random.below(13));
    }

    @Override
    public MultiDiscrete observationSpace() {
        return OBSERVATIONS;
    }

    @Override
    public Discrete actionSpace() {
        return ACTIONS;
    }

    @Override
    public int[] reset(long seed) {
        deck = shuffled(new SplitMix(seed, 0));
        return reset();
    }

    @Override
    public int[] reset() {
        deal(dealer);
        deal(player);
        running = true;
        return observe();
    }

    private void deal(List<Integer> hand) {
        hand.clear();
        hand.add(deck.getAsInt());
        hand.add(deck.getAsInt());
    }

    private int[] observe() {
        return new int[] {sum(player), dealer.getFirst(), soft(player) ? 1 : 0};
    }

    @Override
    public Step<int[]> step(Integer action) {
        if (!running) {
            throw new IllegalStateException("[blackjack] expected reset() first; got step() where no game runs.");
        }
        ACTIONS.require("blackjack", "an action", action);
        if (action == STICK) {
            running = false;
            return new Step<>(observe(), settle(), true, false);
        }
        player.add(deck.getAsInt());
        running = sum(player) <= LIMIT;
        return new Step<>(observe(), running ? 0 : -1, !running, false);
    }

    private double settle() {
        while (sum(dealer) < DEALER_STICKS) {
            dealer.add(deck.getAsInt());
        }
        int theirs = sum(dealer) > LIMIT ? 0 : sum(dealer);
        return reward(rules, sum(player), natural(player), theirs, natural(dealer));
    }

    /// What sticking pays.
    ///
    /// @param theirs the dealer's sum, 0 above 21
    static double reward(Rules rules, int sum, boolean natural, int theirs, boolean theirNatural) {
        int won = Integer.signum(sum - theirs);
        return switch (rules) {
            case PLAIN -> won;
            case NATURAL -> natural && won == 1 ? 1.5 : won;
            case BOOK -> natural && !theirNatural ? 1 : won;
        };
    }

    private static int hard(List<Integer> hand) {
        return hand.stream().mapToInt(Integer::intValue).sum();
    }

    private static boolean soft(List<Integer> hand) {
        return hand.contains(1) && hard(hand) + 10 <= LIMIT;
    }

    private static int sum(List<Integer> hand) {
        return hard(hand) + (soft(hand) ? 10 : 0);
    }

    private static boolean natural(List<Integer> hand) {
        return hand.size() == 2 && sum(hand) == LIMIT;
    }

    @Override
    public String toString() {
        return "blackjack";
    }
}
