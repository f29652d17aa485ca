package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// One line of the table: a case with its sizes, who does it beside us, and what we have to reach. Immutable; the
/// methods give changed copies: `Row.of("rmsnorm", "RMSNorm 4096 x 768, forward + backward", "rmsnorm", Map.of("rows",
/// 4096)) .against(Contender.python("torch", "kernels")).atLeast(7)`.
///
/// @param name unique, for `--only` and the history: `attention-1024`
/// @param title for people
/// @param suite rows of one suite next to each other share their workers, and get a geometric mean; mostly the name
///     itself
/// @param caseName the case that every contender opens that names no other
/// @param args sizes and variants, as the worker gets them
/// @param contenders ours first
/// @param threads the numbers of threads it is of interest on
/// @param target against the best peer
/// @param warmUpSeconds at most, for each contender
public record Row(
        String name,
        String title,
        String suite,
        String caseName,
        Map<String, ?> args,
        List<Contender> contenders,
        List<Integer> threads,
        Target target,
        double warmUpSeconds) {
    /// A row with no peer, no target, on one and two threads.
    public static Row of(String name, String title, String caseName, Map<String, ?> args) {
        return new Row(
                name, title, name, caseName, args, List.of(Contender.torrefy(caseName)), List.of(1, 2), Target.NONE, 6);
    }

    /// With peers added.
    public Row against(Contender... peers) {
        var all = new ArrayList<>(contenders);
        for (Contender peer : peers) {
            all.add(
                    peer.caseName().isEmpty()
                            ? new Contender(peer.name(), peer.runtime(), peer.module(), caseName, peer.args())
                            : peer);
        }
        return new Row(name, title, suite, caseName, args, List.copyOf(all), threads, target, warmUpSeconds);
    }

    /// Our speed has to be at least this many times the best peer's.
    public Row atLeast(double ratio) {
        return atLeast(ratio, ratio);
    }

    /// The same with one bound for a single thread and one for more.
    public Row atLeast(double oneThread, double moreThreads) {
        return withTarget(new Target(Target.Metric.SPEED, oneThread, moreThreads));
    }

    /// Compares peak memory instead of speed: ours has to be at most this part of the best peer's.
    public Row memoryAtMost(double ratio) {
        return withTarget(new Target(Target.Metric.MEMORY, ratio, ratio));
    }

    private Row withTarget(Target value) {
        return new Row(name, title, suite, caseName, args, contenders, threads, value, warmUpSeconds);
    }

    /// In a suite.
    public Row in(String value) {
        return new Row(name, title, value, caseName, args, contenders, threads, target, warmUpSeconds);
    }

    /// On these numbers of threads.
    public Row onThreads(Integer... counts) {
        return new Row(name, title, suite, caseName, args, contenders, List.of(counts), target, warmUpSeconds);
    }

    /// With another bound for the warm-up: longer for work whose single run takes seconds.
    public Row warmUp(double seconds) {
        return new Row(name, title, suite, caseName, args, contenders, threads, target, seconds);
    }
}
