package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Reverse-mode differentiation of the recorded graph. The walk visits nodes from the last recorded to the first, adds
/// up
/// the gradients that meet in one place, and frees what a node saved as soon as it has used it.
@Export(value = "autograd.Autograd", since = "0.1", members = "autograd")
public final class Autograd {
    private static final ThreadLocal<Boolean> ENABLED = ThreadLocal.withInitial(() -> true);

    private Autograd() {}

    // ---- recording -------------------------------------------------------------------------------------------------

    /// A recording mode that ends when it is closed.
    @FunctionalInterface
    public interface Mode extends AutoCloseable {
        @Override
        void close();
    }

    /// Whether operations of this thread are recorded.
    public static boolean isEnabled() {
        return ENABLED.get();
    }

    /// Stops recording on this thread until the result is closed.
    public static Mode noGrad() {
        return mode(false);
    }

    /// Records again, inside `noGrad`.
    public static Mode enableGrad() {
        return mode(true);
    }

    /// Runs `body` without recording.
    public static <T> T noGrad(Supplier<T> body) {
        try (Mode _ = noGrad()) {
            return body.get();
        }
    }

    static Mode mode(boolean enabled) {
        boolean before = ENABLED.get();
        ENABLED.set(enabled);
        return () -> ENABLED.set(before);
    }

    // ---- differentiating -------------------------------------------------------------------------------------------

    /// Adds the gradients of `sum_i <outputs_i, upstream_i>` to the leaves.
    ///
    /// @param upstream one gradient for each output, or none when every output is a scalar
    /// @param retainGraph keep the graph for another walk
    /// @param createGraph record the walk itself, for second derivatives; keeps the graph
    public static void backward(List<Tensor> outputs, List<Tensor> upstream, boolean retainGraph, boolean createGraph) {
        new Walk(outputs, upstream, retainGraph || createGraph, createGraph, null).run();
    }

    /// The gradients of `sum_i <outputs_i, upstream_i>` with respect to `inputs`, in their order, leaving every
    /// `grad()`
    /// alone; empty where an input did not take part.
    public static List<Optional<Tensor>> grad(
            List<Tensor> outputs,
            List<Tensor> inputs,
            List<Tensor> upstream,
            boolean retainGraph,
            boolean createGraph) {
        @Nullable Node[] wanted = new Node[inputs.size()];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = inputs.get(i).gradientEdge();
            if (wanted[i] == null) {
                throw new IllegalArgumentException("[grad] expected inputs that require grad; got input " + i + ", "
                        + inputs.get(i).describe());
            }
        }
        Walk walk = new Walk(outputs, upstream, retainGraph || createGraph, createGraph, wanted);
        walk.run();
        List<Optional<Tensor>> result = new ArrayList<>();
        for (Node node : wanted) {
            Tensor g = walk.captured.get(node);
            result.add(Optional.ofNullable(g));
        }
        walk.captured.values().forEach(g -> g.moveTo(Scope.current()));
        return result;
    }

    /// The gradient of a scalar with respect to one input.
    public static Tensor grad(Tensor output, Tensor input, boolean createGraph) {
        return grad(List.of(output), List.of(input), List.of(), createGraph, createGraph)
                .getFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "[grad] expected an input that takes part in the output's graph; got " + input.describe()));
    }

    private static final class Walk {
        private final List<Tensor> outputs;
        private final List<Tensor> upstream;
        private final boolean retain;
        private final boolean create;
        private final @Nullable Node @Nullable [] wanted;
        private final Map<Node, Integer> waiting = new IdentityHashMap<>();
        private final Map<Node, Tensor> arrived = new IdentityHashMap<>();
        private final Map<Node, Boolean> useful = new IdentityHashMap<>();
        final Map<Node, Tensor> captured = new IdentityHashMap<>();

        Walk(
                List<Tensor> outputs,
                List<Tensor> upstream,
                boolean retain,
                boolean create,
                @Nullable Node @Nullable [] wanted) {
            this.outputs = outputs;
            this.upstream = upstream;
            this.retain = retain;
            this.create = create;
            this.wanted = wanted;
        }

        void run() {
            boolean done = false;
            try {
                List<Node> roots;
                try (Scope _ = Scope.open()) {
                    roots = seed();
                }
                count(roots);
                PriorityQueue<Node> ready = new PriorityQueue<>((a, b) -> Long.compare(b.sequence(), a.sequence()));
                for (Node root : roots) {
                    if (waiting.getOrDefault(root, 0) == 0 && !ready.contains(root)) {
                        ready.add(root);
                    }
                }
                try (Mode _ = mode(create)) {
                    while (!ready.isEmpty()) {
                        visit(ready.poll(), ready);
                    }
                }
                done = true;
            } finally {
                arrived.values().forEach(Tensor::close);
                if (!done) {
                    captured.values().forEach(Tensor::close);
                }
            }
        }

        private List<Node> seed() {
            if (!upstream.isEmpty() && upstream.size() != outputs.size()) {
                throw new IllegalArgumentException("[backward] expected one upstream gradient for each of "
                        + outputs.size() + " outputs; got " + upstream.size());
            }
            List<Node> roots = new ArrayList<>();
            for (int i = 0; i < outputs.size(); i++) {
                Tensor y = outputs.get(i).live("backward");
                Node root = y.gradientEdge();
                if (root == null) {
                    throw new IllegalStateException(
                            "[backward] expected an output that requires grad; got " + y.describe()
                                    + ". Hint: was it computed under noGrad, or from tensors that don't require grad?");
                }
                Tensor g;
                if (!upstream.isEmpty()) {
                    g = upstream.get(i).live("backward");
                    if (!java.util.Arrays.equals(g.shape, y.shape)) {
                        throw new IllegalArgumentException(
                                "[backward] expected an upstream gradient of the output's shape; got " + g.describe()
                                        + " for " + y.describe());
                    }
                    g = create ? Views.alias(g.to(y.dtype)) : g.to(y.dtype).detach();
                } else if (y.count() == 1) {
                    g = Tensor.full(y.dtype, 1, y.shape);
                } else {
                    throw new IllegalArgumentException("[backward] expected a scalar output; got " + y.describe()
                            + ". Hint: reduce it with sum() or mean(), or give backward an upstream gradient.");
                }
                arrive(root, g);
                roots.add(root);
            }
            return roots;
        }

        /// Counts for each reachable node how many gradients will arrive from later nodes.
        private void count(List<Node> roots) {
            Deque<Node> open = new ArrayDeque<>();
            List<Node> order = new ArrayList<>();
            long first = firstWanted();
            for (Node root : roots) {
                if (waiting.putIfAbsent(root, 0) == null) {
                    open.push(root);
                }
            }
            while (!open.isEmpty()) {
                Node node = open.pop();
                order.add(node);
                for (Node next : node.edges) {
                    if (next == null || age(next) < first) {
                        continue;
                    }
                    Integer before = waiting.putIfAbsent(next, 1);
                    if (before == null) {
                        open.push(next);
                    } else {
                        waiting.put(next, before + 1);
                    }
                }
            }
            if (wanted != null) {
                // From the first recorded to the last: a node is useful if it is wanted or leads to one that is.
                order.sort((a, b) -> Long.compare(age(a), age(b)));
                for (Node node : order) {
                    boolean use = isWanted(node);
                    for (Node next : node.edges) {
                        use |= next != null && useful.getOrDefault(next, false);
                    }
                    useful.put(node, use);
                }
            }
        }

        private static long age(Node node) {
            return node.isAccumulator() ? -1 : node.sequence();
        }

        /// Nothing recorded before the oldest wanted node can lead to one, so the walk stops there.
        private long firstWanted() {
            long first = wanted == null ? -1 : Long.MAX_VALUE;
            if (wanted != null) {
                for (Node w : wanted) {
                    first = w == null ? first : Math.min(first, age(w));
                }
            }
            return first;
        }

        private boolean isWanted(Node node) {
            if (wanted != null) {
                for (Node w : wanted) {
                    if (w == node) {
                        return true;
                    }
                }
            }
            return false;
        }

        private void visit(Node node, PriorityQueue<Node> ready) {
            Tensor g = arrived.remove(node);
            try {
                if (g != null) {
                    for (UnaryOperator<Tensor> hook : node.preHooks()) {
                        g = hooked(hook, g);
                    }
                    if (isWanted(node)) {
                        captured.put(node, Views.alias(g).unmanaged());
                    }
                }
                if (node.isAccumulator()) {
                    if (g != null && wanted == null) {
                        accumulate(node, g);
                    }
                } else {
                    pass(node, g, ready);
                }
            } finally {
                if (g != null) {
                    g.close();
                }
            }
        }

        /// Hands a node's gradient on to its inputs.
        private void pass(Node node, @Nullable Tensor g, PriorityQueue<Node> ready) {
            boolean goOn = g != null && (wanted == null || leadsOn(node));
            @Nullable Tensor[] gradients = new Tensor[node.edges.length];
            try (Scope _ = Scope.open()) {
                if (goOn && g != null) {
                    gradients = node.apply(g);
                    if (!retain) {
                        node.freeSaved();
                    }
                }
                for (int i = 0; i < node.edges.length; i++) {
                    Node next = node.edges[i];
                    Integer left = next == null ? null : waiting.get(next);
                    if (next == null || left == null) {
                        continue;
                    }
                    Tensor gi = gradients[i];
                    if (gi != null) {
                        arrive(next, gi);
                    }
                    waiting.put(next, left - 1);
                    if (left == 1) {
                        ready.add(next);
                    }
                }
            }
        }

        private boolean leadsOn(Node node) {
            for (Node next : node.edges) {
                if (next != null && useful.getOrDefault(next, false)) {
                    return true;
                }
            }
            return false;
        }

        private Tensor hooked(UnaryOperator<Tensor> hook, Tensor g) {
            Tensor out = hook.apply(g);
            if (out == g) {
                return g;
            }
            if (!java.util.Arrays.equals(out.shape, g.shape)) {
                throw new IllegalArgumentException(
                        "[hook] expected a gradient of the same shape; got " + out.describe() + " for " + g.describe());
            }
            Tensor mine = Views.alias(out).unmanaged();
            g.close();
            return mine;
        }

        private void arrive(Node node, Tensor g) {
            Tensor before = arrived.remove(node);
            if (before == null) {
                arrived.put(node, Views.alias(g).unmanaged());
            } else {
                // Nobody else sees a sum that only waits here; a gradient that went two ways is shared.
                boolean mine = !create && before.dense && !before.storage.isShared();
                if (mine && before.dtype == g.dtype && before.storage != g.storage) {
                    arrived.put(node, InPlace.add(before, g));
                } else {
                    arrived.put(node, before.add(g).unmanaged());
                    before.close();
                }
            }
        }

        private void accumulate(Node node, Tensor g) {
            Tensor leaf = node.leaf;
            if (leaf == null) {
                return;
            }
            // Threads with graphs of their own may share parameters.
            synchronized (node) {
                if (!leaf.isClosed()) {
                    accumulate(node, leaf, g);
                }
            }
        }

        private void accumulate(Node node, Tensor leaf, Tensor g) {
            Tensor old = leaf.gradOrNull();
            if (create) {
                leaf.grad((old == null ? Views.alias(g) : old.add(g)).keep());
            } else if (old == null) {
                // The gradient's own buffer when nobody else holds it, otherwise a copy.
                boolean mine = g.dense && !g.storage.isShared();
                leaf.grad((mine ? Views.alias(g) : Views.copyOf(g)).keep());
            } else {
                InPlace.add(old, g);
            }
            Tensor now = leaf.gradOrNull();
            if (now != null) {
                for (Consumer<Tensor> hook : node.accumulateHooks()) {
                    hook.accept(now);
                }
            }
        }
    }
}
