package io.torrefy.rl.approximation;

/// Feature s is 1 in state s.
record OneHot(int size) implements Features {
    OneHot {
        if (size < 1) {
            throw new IllegalArgumentException("[onehot] expected at least one state; got " + size + ".");
        }
    }

    @Override
    public int active() {
        return 1;
    }

    @Override
    public int inputs() {
        return 1;
    }

    @Override
    public int of(double[] state, int[] index, double[] value) {
        int s = (int) state[0];
        if (s != state[0] || s < 0 || s >= size) {
            throw new IllegalArgumentException(
                    "[onehot] expected a state 0 to " + (size - 1) + "; got " + state[0] + ".");
        }
        index[0] = s;
        value[0] = 1;
        return 1;
    }
}
