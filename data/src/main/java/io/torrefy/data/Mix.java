package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Elements of several stages, each drawn from one of them with the probability of its weight.
record Mix<T>(List<Stage<T>> parts, double[] weights, long seed, Dataset.Stop stop) implements Stage<T> {
    Mix {
        parts = List.copyOf(parts);
        weights = weights.clone();
        boolean valid = Arrays.stream(weights).allMatch(weight -> weight >= 0 && weight < Double.POSITIVE_INFINITY);
        if (parts.isEmpty()
                || weights.length != parts.size()
                || !valid
                || Arrays.stream(weights).sum() <= 0) {
            throw new IllegalArgumentException("[mix] expected a weight >= 0 for each of " + parts.size()
                    + " datasets, one of them above 0; got " + Arrays.toString(weights) + ".");
        }
    }

    @Override
    public String description() {
        return "mix(" + Arrays.toString(weights) + ", seed " + seed + ", " + stop + ")";
    }

    @Override
    public Cursor<T> open(long epoch) {
        return new Drawing(epoch, parts.stream().map(part -> part.open(epoch)).toList());
    }

    @Override
    public Cursor<T> restore(JsonNode state) {
        JsonNode saved = Stage.field(state, "upstream");
        var cursors = new ArrayList<Cursor<T>>();
        for (int i = 0; i < parts.size(); i++) {
            cursors.add(parts.get(i).resume(saved.path(i)));
        }
        var drawing = new Drawing(Stage.field(state, "epoch").asLong(), cursors);
        drawing.draws = Stage.field(state, "draws").asLong();
        for (JsonNode part : Stage.field(state, "ended")) {
            drawing.ended[part.asInt()] = true;
        }
        return drawing;
    }

    private final class Drawing implements Cursor<T> {
        private final long epoch;
        private final Draws random;
        private final List<Cursor<T>> cursors;
        private final boolean[] ended;
        private long draws;

        Drawing(long epoch, List<Cursor<T>> cursors) {
            this.epoch = epoch;
            this.random = Draws.of(seed, Draws.Kind.MIX, epoch);
            this.cursors = cursors;
            this.ended = new boolean[cursors.size()];
        }

        @Override
        public Optional<Item<T>> next() {
            for (double total = total(); total > 0; total = total()) {
                int part = part(random.uniform(draws++) * total);
                var item = cursors.get(part).next();
                if (item.isPresent()) {
                    return item;
                }
                if (stop == Dataset.Stop.FIRST_EXHAUSTED) {
                    Arrays.fill(ended, true);
                }
                ended[part] = true;
            }
            return Optional.empty();
        }

        private double total() {
            double total = 0;
            for (int i = 0; i < weights.length; i++) {
                total += ended[i] ? 0 : weights[i];
            }
            return total;
        }

        /// The part in whose share of the weights `at` lies; never one of weight 0, whatever is rounded.
        private int part(double at) {
            int part = -1;
            double end = 0;
            for (int i = 0; i < weights.length; i++) {
                if (!ended[i] && weights[i] > 0) {
                    part = i;
                    end += weights[i];
                    if (at < end) {
                        return part;
                    }
                }
            }
            return part;
        }

        @Override
        public ObjectNode state() {
            ObjectNode state = newState().put("epoch", epoch).put("draws", draws);
            var over = state.putArray("ended");
            for (int i = 0; i < ended.length; i++) {
                if (ended[i]) {
                    over.add(i);
                }
            }
            var upstream = state.putArray("upstream");
            cursors.forEach(cursor -> upstream.add(cursor.state()));
            return state;
        }

        @Override
        public void close() {
            Checks.closeAll(cursors);
        }
    }
}
