package io.torrefy.rl.planning;

import io.torrefy.rl.FiniteMdp;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Sweeps of the optimality equation over a model whose moves are certain, go by a fixed distance in the numbering of
/// the states, and pay by where they lead: `v(s) = max_a u(s + shift_a)` with `u(s') = reward(s') + gamma v(s')`, a
/// maximum of shifted copies of one array. States that have a move of another kind, as at the edge of a grid, are swept
/// by their rows afterwards. The sums are those of [Bellman#q], so that the bits are.
///
/// Six arrays of a double a state: values, u, and the next of both; rewards and discounts of landing.
final class Stencil implements ValueIteration.Sweep {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /// States whose maxima are taken together: stays in the first-level cache.
    private static final int TILE = 512;
    /// With more states of another kind the rows are the better way.
    private static final int LARGEST_PART = 4;

    private final FiniteMdp mdp;
    private final double gamma;
    private final int[] shifts;
    /// What `u` has on both sides, so that shifted copies may begin outside.
    private final int pad;

    private final double[] reward;
    private final double[] discount;
    /// The states to sweep by rows, in order; those of block b from `begin[b]` on.
    private final int[] odd;

    private final int[] begin;
    private double[] v;
    private double[] next;
    private double[] u;
    private double[] nextU;

    private Stencil(
            FiniteMdp mdp, double gamma, double[] first, int[] shifts, double[] reward, double[] discount, int[] odd) {
        this.mdp = mdp;
        this.gamma = gamma;
        this.shifts = shifts;
        this.reward = reward;
        this.discount = discount;
        this.odd = odd;
        pad = Math.max(
                Math.abs(Arrays.stream(shifts).min().orElseThrow()),
                Arrays.stream(shifts).max().orElseThrow());
        begin = new int[Blocks.count(first.length) + 1];
        for (int s : odd) {
            begin[s / Blocks.SIZE + 1]++;
        }
        Arrays.parallelPrefix(begin, Integer::sum);
        v = first;
        next = new double[v.length];
        u = new double[v.length + 2 * pad];
        nextU = new double[u.length];
        for (int s = 0; s < v.length; s++) {
            u[pad + s] = reward[s] + discount[s] * v[s];
        }
    }

    /// What its arrays take.
    long bytes() {
        long doubles = (long) v.length + next.length + u.length + nextU.length + reward.length + discount.length;
        return Double.BYTES * doubles + Integer.BYTES * ((long) odd.length + begin.length);
    }

    /// Sweeps of a model from values, which are its own from here on, if it is one of that kind.
    static Optional<Stencil> of(FiniteMdp mdp, double gamma, double[] first) {
        int states = mdp.states();
        int actions = mdp.actions();
        // Certain moves have one row each, so that pairs are rows.
        if (mdp.next().length != states * actions || states < 2 * Blocks.SIZE) {
            return Optional.empty();
        }
        int[] shifts = new int[actions];
        for (int a = 0; a < actions; a++) {
            shifts[a] = commonShift(mdp, a);
        }
        double[] reward = new double[states];
        double[] discount = new double[states];
        boolean[] known = new boolean[states];
        int[] odd = new int[states / LARGEST_PART];
        int count = 0;
        for (int s = 0; s < states; s++) {
            boolean regular = true;
            for (int a = 0; a < actions; a++) {
                int k = s * actions + a;
                int to = mdp.next()[k];
                double after = mdp.terminal()[k] ? 0 : gamma;
                if (mdp.probability()[k] == 1 && to - s == shifts[a] && !known[to]) {
                    known[to] = true;
                    reward[to] = mdp.reward()[k];
                    discount[to] = after;
                }
                regular &= mdp.probability()[k] == 1
                        && to - s == shifts[a]
                        && reward[to] == mdp.reward()[k]
                        && discount[to] == after;
            }
            if (!regular) {
                if (count == odd.length) {
                    return Optional.empty();
                }
                odd[count++] = s;
            }
        }
        return Optional.of(new Stencil(mdp, gamma, first, shifts, reward, discount, Arrays.copyOf(odd, count)));
    }

    /// How far an action mostly goes: the majority, by one pass of Boyer and Moore's vote.
    private static int commonShift(FiniteMdp mdp, int action) {
        int shift = 0;
        int votes = 0;
        for (int s = 0; s < mdp.states(); s++) {
            int moved = mdp.next()[s * mdp.actions() + action] - s;
            if (votes == 0) {
                shift = moved;
            }
            votes += moved == shift ? 1 : -1;
        }
        return shift;
    }

    @Override
    public double next() {
        double[] changes = new double[Blocks.count(v.length)];
        Blocks.each(v.length, (from, to) -> {
            for (int tile = from; tile < to; tile += TILE) {
                int end = Math.min(to, tile + TILE);
                maxima(tile, end);
            }
            for (int i = begin[from / Blocks.SIZE]; i < begin[from / Blocks.SIZE + 1]; i++) {
                next[odd[i]] = Bellman.optimality(mdp, v, odd[i], gamma);
            }
            changes[from / Blocks.SIZE] = finish(v, next, reward, discount, nextU, pad, from, to);
        });
        double[] last = v;
        v = next;
        next = last;
        double[] lastU = u;
        u = nextU;
        nextU = lastU;
        return Arrays.stream(changes).max().orElseThrow();
    }

    private void maxima(int from, int to) {
        System.arraycopy(u, pad + from + shifts[0], next, from, to - from);
        for (int a = 1; a < shifts.length; a++) {
            maximum(u, pad + from + shifts[a], next, from, to - from);
        }
    }

    /// `best[at + i] = max(best[at + i], u[begin + i])`.
    private static void maximum(double[] u, int begin, double[] best, int at, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            DoubleVector.fromArray(SPECIES, best, at + i)
                    .max(DoubleVector.fromArray(SPECIES, u, begin + i))
                    .intoArray(best, at + i);
        }
        for (; i < n; i++) {
            best[at + i] = Math.max(best[at + i], u[begin + i]);
        }
    }

    /// The next u, and the largest change.
    private static double finish(
            double[] v, double[] next, double[] reward, double[] discount, double[] nextU, int pad, int from, int to) {
        DoubleVector most = DoubleVector.zero(SPECIES);
        int s = from;
        for (; s <= to - LANES; s += LANES) {
            DoubleVector value = DoubleVector.fromArray(SPECIES, next, s);
            most = most.max(value.sub(DoubleVector.fromArray(SPECIES, v, s)).abs());
            value.mul(DoubleVector.fromArray(SPECIES, discount, s))
                    .add(DoubleVector.fromArray(SPECIES, reward, s))
                    .intoArray(nextU, pad + s);
        }
        double change = most.reduceLanes(VectorOperators.MAX);
        for (; s < to; s++) {
            change = Math.max(change, Math.abs(next[s] - v[s]));
            nextU[pad + s] = reward[s] + discount[s] * next[s];
        }
        return change;
    }

    @Override
    public double[] values() {
        return v;
    }
}
