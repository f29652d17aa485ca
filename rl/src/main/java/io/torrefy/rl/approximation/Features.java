package io.torrefy.rl.approximation;

import io.torrefy.export.Export;

/// Features phi(s) of a state: a vector of which only the numbers that are not zero are written. What is linear in it
/// costs as much as there are such numbers, whatever its size.
@Export(value = "rl.approximation.Features", since = "0.1")
public interface Features {
    /// Length of the vector.
    int size();

    /// How many of it are not zero, at the most.
    int active();

    /// Numbers that a state has.
    int inputs();

    /// Writes the numbers that are not zero.
    ///
    /// @param state [#inputs] numbers
    /// @param index where they are in the vector, at least [#active] long
    /// @param value what they are
    /// @return how many there are
    int of(double[] state, int[] index, double[] value);

    /// The whole vector.
    default double[] vector(double... state) {
        int[] index = new int[active()];
        double[] value = new double[active()];
        double[] all = new double[size()];
        for (int i = of(state, index, value) - 1; i >= 0; i--) {
            all[index[i]] += value[i];
        }
        return all;
    }

    /// One feature for each of some numbered states: with it, what is linear is a table.
    static Features oneHot(int states) {
        return new OneHot(states);
    }
}
