package io.torrefy.rl.deep;

/// Undiscounted returns of the episodes that ended, and of the last 100 their mean.
final class EpisodeReturns {
    static final int WINDOW = 100;

    private final double[] running;
    private final long[] steps;
    private final double[] lastReturns = new double[WINDOW];
    private final long[] lastLengths = new long[WINDOW];
    private final long[] ended = new long[1];

    EpisodeReturns(int slots) {
        running = new double[slots];
        steps = new long[slots];
    }

    void add(int slot, double reward, boolean done) {
        running[slot] += reward;
        steps[slot]++;
        if (done) {
            int at = (int) (ended[0]++ % WINDOW);
            lastReturns[at] = running[slot];
            lastLengths[at] = steps[slot];
            running[slot] = 0;
            steps[slot] = 0;
        }
    }

    long count() {
        return ended[0];
    }

    private int kept() {
        return (int) Math.min(WINDOW, ended[0]);
    }

    /// NaN before the first end.
    double meanReturn() {
        double sum = 0;
        for (int i = 0; i < kept(); i++) {
            sum += lastReturns[i];
        }
        return sum / kept();
    }

    double meanLength() {
        double sum = 0;
        for (int i = 0; i < kept(); i++) {
            sum += lastLengths[i];
        }
        return sum / kept();
    }

    void save(Checkpoint to) {
        to.put("returns.running", running);
        to.put("returns.steps", steps);
        to.put("returns.last", lastReturns);
        to.put("returns.lengths", lastLengths);
        to.put("returns.ended", ended);
    }

    void load(Checkpoint from) {
        from.get("returns.running", running);
        from.get("returns.steps", steps);
        from.get("returns.last", lastReturns);
        from.get("returns.lengths", lastLengths);
        from.get("returns.ended", ended);
    }
}
