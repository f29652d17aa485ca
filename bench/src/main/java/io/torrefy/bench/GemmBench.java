package io.torrefy.bench;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.cpu.CpuBackend;
import io.torrefy.tensor.internal.cpu.Parallel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;

/// f32 matrix products side by side with native BLAS libraries: the contenders take turns within a round, so that
/// what else the machine does hits them alike; the table shows medians over rounds (or the best round, which is
/// steadier on a busy machine: `--statistic best`) and the ratio of each peer's time to ours (above 1: we are
/// faster).
///
/// Run with `--threads 1,2 --rounds 9 --shapes square,model,decode,batch`, or `--shapes 512x192x768` for one (m x n
/// x k).
public final class GemmBench {
    private static final long ROUND_NANOS = 4_000_000;
    private static final Random RANDOM = new Random(1);

    private final CpuBackend ours = new CpuBackend();
    private final List<NativeBlas> peers = new ArrayList<>();
    private final int rounds;
    private final boolean best;

    private GemmBench(int rounds, boolean best) {
        this.rounds = rounds;
        this.best = best;
        NativeBlas.openBlas().ifPresent(peers::add);
        NativeBlas.mkl().ifPresent(peers::add);
    }

    private record Shape(String op, int m, int n, int k, int batch) {
        boolean ta() {
            return op.charAt(0) == 'T';
        }

        boolean tb() {
            return op.charAt(1) == 'T';
        }

        double flops() {
            return 2.0 * m * n * k * batch;
        }
    }

    public static void main(String[] args) {
        String threads = "1";
        String shapes = "square,model,decode,batch";
        int rounds = 9;
        boolean best = false;
        for (int i = 0; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--threads" -> threads = args[i + 1];
                case "--shapes" -> shapes = args[i + 1];
                case "--statistic" -> best = args[i + 1].equals("best");
                case "--rounds" -> rounds = Integer.parseInt(args[i + 1]);
                default ->
                    throw new IllegalArgumentException(
                            "[bench] expected --threads, --shapes, --statistic or --rounds; got " + args[i]);
            }
        }
        GemmBench bench = new GemmBench(rounds, best);
        List<Shape> all = Arrays.stream(shapes.split(","))
                .flatMap(s -> shapes(s).stream())
                .toList();
        bench.warmUp(all);
        for (String count : threads.split(",")) {
            bench.table(all, Integer.parseInt(count));
        }
    }

    private static List<Shape> shapes(String group) {
        List<Shape> all = new ArrayList<>();
        switch (group) {
            case "square" -> {
                for (int n : new int[] {128, 256, 512, 1024, 2048}) {
                    three(all, n, n, n);
                }
            }
            case "model" -> {
                for (int tokens : new int[] {64, 512, 4096}) {
                    for (int[] nk : new int[][] {{192, 192}, {768, 192}, {192, 768}, {200, 192}}) {
                        all.add(new Shape("NN", tokens, nk[0], nk[1], 1));
                        all.add(new Shape("NT", tokens, nk[0], nk[1], 1));
                        all.add(new Shape("TN", nk[1], nk[0], tokens, 1));
                    }
                }
                three(all, 512, 3072, 768);
                three(all, 512, 768, 3072);
            }
            case "decode" -> {
                for (int m : new int[] {1, 4, 8, 16, 32, 64}) {
                    for (int[] nk : new int[][] {{192, 192}, {768, 192}, {3072, 768}}) {
                        all.add(new Shape("NN", m, nk[0], nk[1], 1));
                        all.add(new Shape("NT", m, nk[0], nk[1], 1));
                    }
                }
            }
            case "batch" -> {
                for (int[] q : new int[][] {{16, 16, 16, 256}, {64, 64, 32, 96}, {128, 128, 32, 48}, {1, 64, 32, 96}}) {
                    all.add(new Shape("NN", q[0], q[1], q[2], q[3]));
                    all.add(new Shape("NT", q[0], q[1], q[2], q[3]));
                }
            }
            default -> {
                String[] size = group.split("x");
                three(all, Integer.parseInt(size[0]), Integer.parseInt(size[1]), Integer.parseInt(size[2]));
            }
        }
        return all;
    }

    private static void three(List<Shape> all, int m, int n, int k) {
        for (String op : new String[] {"NN", "NT", "TN"}) {
            all.add(new Shape(op, m, n, k, 1));
        }
    }

    private void warmUp(List<Shape> shapes) {
        Parallel.threads(1);
        long end = System.nanoTime() + 6_000_000_000L;
        List<Shape> small = shapes.stream().filter(s -> s.flops() < 3e8).toList();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = random(arena, 4 << 20);
            MemorySegment b = random(arena, 4 << 20);
            MemorySegment c = random(arena, 4 << 20);
            while (!small.isEmpty() && System.nanoTime() < end) {
                for (Shape shape : small) {
                    runOurs(shape, a, b, c);
                }
            }
        }
    }

    private void table(List<Shape> shapes, int threads) {
        Parallel.threads(threads);
        peers.forEach(p -> p.threads(threads));
        System.out.printf(
                Locale.ROOT,
                "%n%d thread(s), GFLOP/s, %s of %d rounds; ratio = ours / peer%n%-30s %9s %s%n",
                threads,
                best ? "best" : "median",
                rounds,
                "op m,n,k xbatch",
                "torrefy",
                peers.stream()
                        .map(p -> String.format(Locale.ROOT, "%20s %6s", p.name(), "ratio"))
                        .collect(Collectors.joining()));
        for (Shape shape : shapes) {
            row(shape);
        }
    }

    private void row(Shape shape) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = random(arena, (long) shape.m * shape.k * shape.batch);
            MemorySegment b = random(arena, (long) shape.k * shape.n * shape.batch);
            MemorySegment c = random(arena, (long) shape.m * shape.n * shape.batch);
            int contenders = 1 + peers.size();
            double[][] nanos = new double[contenders][rounds];
            int[] repeats = new int[contenders];
            for (int who = 0; who < contenders; who++) {
                time(who, shape, a, b, c, 20 + (int) Math.min(2000, 2e8 / shape.flops()));
                double once = time(who, shape, a, b, c, 3);
                repeats[who] = (int) Math.clamp(ROUND_NANOS / once, 1, 100_000);
            }
            for (int round = 0; round < rounds; round++) {
                for (int who = 0; who < contenders; who++) {
                    nanos[who][round] = time(who, shape, a, b, c, repeats[who]);
                }
            }
            double mine = statistic(nanos[0]);
            StringBuilder line = new StringBuilder(String.format(
                    Locale.ROOT,
                    "%-30s %9.1f",
                    "%s %d,%d,%d x%d".formatted(shape.op, shape.m, shape.n, shape.k, shape.batch),
                    shape.flops() / mine));
            for (int who = 1; who < contenders; who++) {
                double theirs = statistic(nanos[who]);
                line.append(String.format(Locale.ROOT, " %20.1f %6.2f", shape.flops() / theirs, theirs / mine));
            }
            System.out.println(line);
        }
    }

    private static MemorySegment random(Arena arena, long n) {
        MemorySegment memory = arena.allocate(n * 4, 64);
        for (long i = 0; i < n; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, RANDOM.nextFloat() - 0.5f);
        }
        return memory;
    }

    private double statistic(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[best ? 0 : sorted.length / 2];
    }

    /// Nanoseconds a call.
    private double time(int who, Shape shape, MemorySegment a, MemorySegment b, MemorySegment c, int repeats) {
        long start = clock();
        for (int i = 0; i < repeats; i++) {
            if (who == 0) {
                runOurs(shape, a, b, c);
            } else {
                runPeer(peers.get(who - 1), shape, a, b, c);
            }
        }
        return (clock() - start) / (double) repeats;
    }

    /// One thread: the processor time of this thread, which leaves out what other processes took.
    private static long clock() {
        return Parallel.threads() == 1
                ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
                : System.nanoTime();
    }

    private void runOurs(Shape s, MemorySegment a, MemorySegment b, MemorySegment c) {
        ours.gemm(
                DType.F32,
                s.ta(),
                s.tb(),
                s.m,
                s.n,
                s.k,
                a.address(),
                s.ta() ? s.m : s.k,
                (long) s.m * s.k,
                b.address(),
                s.tb() ? s.k : s.n,
                (long) s.k * s.n,
                c.address(),
                s.n,
                (long) s.m * s.n,
                s.batch,
                false);
    }

    private static void runPeer(NativeBlas peer, Shape s, MemorySegment a, MemorySegment b, MemorySegment c) {
        if (s.batch == 1) {
            peer.sgemm(s.ta(), s.tb(), s.m, s.n, s.k, a, b, c);
            return;
        }
        for (long z = 0; z < s.batch; z++) {
            peer.sgemm(
                    s.ta(),
                    s.tb(),
                    s.m,
                    s.n,
                    s.k,
                    a.asSlice(z * s.m * s.k * 4),
                    b.asSlice(z * s.k * s.n * 4),
                    c.asSlice(z * s.m * s.n * 4));
        }
    }
}
