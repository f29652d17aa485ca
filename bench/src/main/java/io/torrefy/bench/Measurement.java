package io.torrefy.bench;

import io.torrefy.bench.WorkerProcess.Failure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Times a row: every contender in a process of its own, warmed up, then in turns. What else the machine does then hits
/// all alike, and the ratio of a round is worth more than two times taken minutes apart.
final class Measurement implements AutoCloseable {
    /// How long and how often.
    ///
    /// @param rounds turns of each contender
    /// @param roundSeconds a turn lasts at least so long, so that the clock, the caches and the scheduler average
    ///     out
    /// @param warmUpSeconds a bound on top of the row's
    record Effort(int rounds, double roundSeconds, double warmUpSeconds) {
        static final Effort NORMAL = new Effort(7, 0.25, 60);
        static final Effort QUICK = new Effort(3, 0.1, 2);
    }

    private static final double OPEN_TIMEOUT = 600;
    private static final double RUN_TIMEOUT = 120;

    private final Launch.Means means;
    private final Effort effort;
    private final Consumer<String> progress;
    private final Map<String, WorkerProcess> alive = new HashMap<>();
    private String suite = "";

    Measurement(Launch.Means means, Effort effort, Consumer<String> progress) {
        this.means = means;
        this.effort = effort;
        this.progress = progress;
    }

    /// One contender that is ready to take turns.
    private static final class Player {
        final Contender who;
        final WorkerProcess worker;
        final Case.Work work;
        final WarmUp.Cost warmUp;
        final List<Double> seconds = new ArrayList<>();
        int times = 1;

        @Nullable
        String failure;

        Player(Contender who, WorkerProcess worker, Case.Work work, WarmUp.Cost warmUp) {
            this.who = who;
            this.worker = worker;
            this.work = work;
            this.warmUp = warmUp;
        }
    }

    Result measure(Row row, int threads) {
        String wanted = row.suite() + " on " + threads;
        if (!wanted.equals(suite)) {
            close();
            suite = wanted;
        }
        var players = new LinkedHashMap<Contender, Player>();
        var failed = new HashMap<Contender, String>();
        for (Contender who : row.contenders()) {
            progress.accept(row.name() + ", " + threads + (threads == 1 ? " thread" : " threads") + ": warming up "
                    + who.name());
            try {
                players.put(who, ready(row, who, threads));
            } catch (Failure e) {
                failed.put(who, e.getMessage());
                drop(who);
            }
        }
        takeTurns(row, threads, List.copyOf(players.values()));
        var entries = new ArrayList<Result.Entry>();
        for (Contender who : row.contenders()) {
            Player player = players.get(who);
            entries.add(
                    player == null
                            ? Result.Entry.failed(who, failed.getOrDefault(who, "did not start"))
                            : entry(player));
        }
        return new Result(row, threads, entries);
    }

    private Player ready(Row row, Contender who, int threads) throws Failure {
        WorkerProcess worker = worker(who, threads);
        var args = new HashMap<String, Object>(row.args());
        args.putAll(who.args());
        Case.Work work = worker.open(who.caseName(), args, threads, OPEN_TIMEOUT);
        double limit = Math.min(row.warmUpSeconds(), effort.warmUpSeconds());
        // C2 compiles in the background, and its work comes in steps: a JVM that stands still for a moment is not done.
        double least = who.runtime() == Contender.Runtime.TORREFY ? Math.min(2, limit) : 0;
        WarmUp.Cost cost = WarmUp.run(times -> worker.run(times, RUN_TIMEOUT), least, limit);
        var player = new Player(who, worker, work, cost);
        player.times = (int) Math.clamp(Math.ceil(effort.roundSeconds() / cost.typical()), 1, 1_000_000);
        return player;
    }

    private WorkerProcess worker(Contender who, int threads) throws Failure {
        WorkerProcess running = alive.get(who.name());
        if (running != null) {
            return running;
        }
        var started = new WorkerProcess(Launch.of(who, threads, means));
        alive.put(who.name(), started);
        return started;
    }

    private void takeTurns(Row row, int threads, List<Player> players) {
        for (int round = 0; round < effort.rounds(); round++) {
            progress.accept(row.name() + ", " + threads + (threads == 1 ? " thread" : " threads") + ": round "
                    + (round + 1) + " of " + effort.rounds());
            // There and back again, so that nobody always has the same neighbour before him.
            for (Player player : round % 2 == 0 ? players : players.reversed()) {
                if (player.failure != null) {
                    continue;
                }
                try {
                    double sum = 0;
                    for (double each : player.worker.run(player.times, RUN_TIMEOUT)) {
                        sum += each;
                    }
                    player.seconds.add(sum / player.times);
                } catch (Failure e) {
                    player.failure = e.getMessage();
                    drop(player.who);
                }
            }
        }
    }

    private Result.Entry entry(Player player) {
        if (player.failure != null) {
            return Result.Entry.failed(player.who, player.failure);
        }
        long peak = 0;
        try {
            peak = player.worker.peak();
        } catch (Failure e) {
            progress.accept(player.who.name() + ": " + e.getMessage());
        }
        try {
            player.worker.shut();
        } catch (Failure e) {
            drop(player.who);
        }
        double[] seconds =
                player.seconds.stream().mapToDouble(Double::doubleValue).toArray();
        double[] speeds = new double[seconds.length];
        for (int i = 0; i < speeds.length; i++) {
            speeds[i] = player.work.amount() / seconds[i];
        }
        return new Result.Entry(player.who, player.work.unit(), speeds, Stats.of(seconds), peak, player.warmUp, null);
    }

    private void drop(Contender who) {
        WorkerProcess worker = alive.remove(who.name());
        if (worker != null) {
            worker.close();
        }
    }

    @Override
    public void close() {
        alive.values().forEach(WorkerProcess::close);
        alive.clear();
    }
}
