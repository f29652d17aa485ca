package io.torrefy.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Distributes things of given lengths over as few bins of one capacity as these heuristics find.
final class BinPacking {
    private BinPacking() {}

    /// The bins as lists of indices, each in rising order, and the bins by their first index. Best-fit decreasing
    /// (the longest first, each into the fullest bin that has room for it), or first-fit in the order given where
    /// that needs fewer bins, as it sometimes does.
    static List<List<Integer>> pack(int[] lengths, int capacity) {
        var best = bestFitDecreasing(lengths, capacity);
        var first = firstFit(lengths, capacity);
        var bins = first.size() < best.size() ? first : best;
        bins.forEach(bin -> bin.sort(Comparator.naturalOrder()));
        bins.sort(Comparator.comparing(List::getFirst));
        return bins;
    }

    static List<List<Integer>> bestFitDecreasing(int[] lengths, int capacity) {
        var bins = new ArrayList<List<Integer>>();
        var byRoom = new TreeMap<Integer, ArrayDeque<List<Integer>>>();
        var longestFirst = IntStream.range(0, lengths.length)
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> -lengths[i]))
                .toList();
        for (int i : longestFirst) {
            var fullest = byRoom.ceilingEntry(lengths[i]);
            int room = capacity;
            List<Integer> bin;
            if (fullest == null) {
                bin = new ArrayList<>();
                bins.add(bin);
            } else {
                room = fullest.getKey();
                bin = fullest.getValue().remove();
                if (fullest.getValue().isEmpty()) {
                    byRoom.remove(room);
                }
            }
            bin.add(i);
            byRoom.computeIfAbsent(room - lengths[i], _ -> new ArrayDeque<>()).add(bin);
        }
        return bins;
    }

    static List<List<Integer>> firstFit(int[] lengths, int capacity) {
        var bins = new ArrayList<List<Integer>>();
        var rooms = new int[lengths.length];
        for (int i = 0; i < lengths.length; i++) {
            int bin = 0;
            while (bin < bins.size() && rooms[bin] < lengths[i]) {
                bin++;
            }
            if (bin == bins.size()) {
                bins.add(new ArrayList<>());
                rooms[bin] = capacity;
            }
            bins.get(bin).add(i);
            rooms[bin] -= lengths[i];
        }
        return bins;
    }
}
