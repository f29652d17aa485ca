package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.envs.Blackjack.Rules;

/// The states of blackjack as a finite process, and its exact probabilities. A state is a hand against an open card:
/// sums 4 to 21, hard and soft, naturals by themselves because they are worth more, and one state for what is over.
@Export(value = "rl.envs.BlackjackTable", since = "0.1", members = "rl.envs.blackjack")
public final class BlackjackTable {
    private static final int LOWEST = 4;
    private static final int SUMS = 18;
    private static final int CARDS = 10;
    private static final int NATURAL = SUMS * CARDS * 2;
    private static final int OVER = NATURAL + CARDS;
    private static final int STATES = OVER + 1;
    private static final int BUST = 22;

    private BlackjackTable() {}

    /// The number of a state.
    ///
    /// @param sum of the player's hand, 4 to 21
    /// @param dealer the open card, 1 to 10
    /// @param soft whether an ace of the hand counts as 11
    /// @throws IllegalArgumentException on a sum or card there is not
    public static int state(int sum, int dealer, boolean soft) {
        if (sum < LOWEST || sum >= LOWEST + SUMS || dealer < 1 || dealer > CARDS) {
            throw new IllegalArgumentException(
                    "[blackjack] expected a sum of 4 to 21 and a card of 1 to 10; got " + sum + " and " + dealer + ".");
        }
        return ((sum - LOWEST) * CARDS + dealer - 1) * 2 + (soft ? 1 : 0);
    }

    /// The number of the state of an ace and a ten against an open card.
    ///
    /// @throws IllegalArgumentException on a card there is not
    public static int natural(int dealer) {
        if (dealer < 1 || dealer > CARDS) {
            throw new IllegalArgumentException("[blackjack] expected a card of 1 to 10; got " + dealer + ".");
        }
        return NATURAL + dealer - 1;
    }

    static FiniteMdp model(Rules rules) {
        double[][] dealers = new double[CARDS + 1][];
        for (int card = 1; card <= CARDS; card++) {
            dealers[card] = dealer(card);
        }
        return FiniteMdp.of(STATES, 2, start(), (s, a, to) -> {
            if (s == OVER) {
                to.add(1, OVER, 0, true);
                return;
            }
            boolean natural = s >= NATURAL;
            int sum = natural ? 21 : LOWEST + s / 2 / CARDS;
            int card = 1 + (natural ? s - NATURAL : s / 2 % CARDS);
            boolean soft = natural || s % 2 == 1;
            if (a == Blackjack.STICK) {
                stick(rules, sum, natural, dealers[card], to);
            } else {
                hit(sum, soft, card, to);
            }
        });
    }

    private static void hit(int sum, boolean soft, int dealer, FiniteMdp.Outcomes to) {
        double bust = 0;
        for (int card = 1; card <= CARDS; card++) {
            int hand = drawn(sum, soft, card);
            if (sumOf(hand) >= BUST) {
                bust += chance(card);
            } else {
                to.add(chance(card), state(sumOf(hand), dealer, softOf(hand)), 0, false);
            }
        }
        if (bust > 0) {
            to.add(bust, OVER, -1, true);
        }
    }

    private static void stick(Rules rules, int sum, boolean natural, double[] dealer, FiniteMdp.Outcomes to) {
        double[] rewards = {-1, 0, 1, 1.5};
        double[] chances = new double[rewards.length];
        for (int end = 0; end < dealer.length; end++) {
            boolean theirNatural = end == BUST;
            int theirs = theirNatural ? 21 : end;
            double reward = Blackjack.reward(rules, sum, natural, theirs, theirNatural);
            for (int k = 0; k < rewards.length; k++) {
                chances[k] += rewards[k] == reward ? dealer[end] : 0;
            }
        }
        for (int k = 0; k < rewards.length; k++) {
            if (chances[k] > 0) {
                to.add(chances[k], OVER, rewards[k], true);
            }
        }
    }

    /// How the dealer ends from an open card: chances of sums 17 to 21, of more than 21 at 0, and of a natural at
    /// 22.
    private static double[] dealer(int open) {
        double[] ends = new double[BUST + 1];
        for (int hidden = 1; hidden <= CARDS; hidden++) {
            if (open + hidden == 11 && (open == 1 || hidden == 1)) {
                ends[BUST] += chance(hidden);
            } else {
                int first = drawn(0, false, open);
                play(drawn(sumOf(first), softOf(first), hidden), chance(hidden), ends);
            }
        }
        return ends;
    }

    private static void play(int hand, double chance, double[] ends) {
        int sum = sumOf(hand);
        if (sum >= 17) {
            ends[sum >= BUST ? 0 : sum] += chance;
            return;
        }
        for (int card = 1; card <= CARDS; card++) {
            play(drawn(sum, softOf(hand), card), chance * chance(card), ends);
        }
    }

    private static double[] start() {
        double[] start = new double[STATES];
        for (int dealer = 1; dealer <= CARDS; dealer++) {
            for (int first = 1; first <= CARDS; first++) {
                for (int second = 1; second <= CARDS; second++) {
                    int one = drawn(0, false, first);
                    int hand = drawn(sumOf(one), softOf(one), second);
                    int state = sumOf(hand) == 21 ? natural(dealer) : state(sumOf(hand), dealer, softOf(hand));
                    start[state] += chance(dealer) * chance(first) * chance(second);
                }
            }
        }
        return start;
    }

    private static double chance(int card) {
        return (card == 10 ? 4 : 1) / 13.0;
    }

    /// A hand and a card: twice the sum, one more where it is soft. A sum above 21 is the same as any other.
    private static int drawn(int sum, boolean soft, int card) {
        boolean eleven = card == 1 && sum + 11 <= 21;
        int total = sum + (eleven ? 11 : card);
        boolean still = soft || eleven;
        if (total > 21 && still) {
            // Of two aces at most one counts as 11, so taking back ten is enough.
            total -= 10;
            still = false;
        }
        return 2 * Math.min(total, BUST) + (still ? 1 : 0);
    }

    private static int sumOf(int hand) {
        return hand / 2;
    }

    private static boolean softOf(int hand) {
        return hand % 2 == 1;
    }
}
