package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// One operation of the recorded graph: what it saved, where its gradients go and the rule that computes them. Nodes
/// are
/// counted by the tensors they computed and by the nodes after them; the last one gone frees what was saved.
@Export(value = "autograd.Node", since = "0.1")
public final class Node {
    private static final AtomicLong SEQUENCE = new AtomicLong();

    /// Computes the gradients of a node's inputs from that of its output; null where there is none.
    @FunctionalInterface
    interface Rule {
        @Nullable
        Tensor[] apply(Context context, Tensor upstream);
    }

    /// What a rule may ask of its node.
    interface Context {
        /// Whether input `i` takes part in the graph.
        boolean needs(int i);

        /// A saved tensor, checked to be unchanged.
        Tensor saved(int i);
    }

    private final String name;
    private final long sequence;
    final @Nullable Node[] edges;
    private final long[][] inputShapes;
    private final DType[] inputTypes;
    private final @Nullable Rule rule;
    final @Nullable Tensor leaf;
    private @Nullable Saved[] saved = new Saved[0];
    private final AtomicInteger references = new AtomicInteger();
    private boolean freed;
    // Copied on change: a hook may remove itself while it runs, and most nodes never have one.
    private volatile List<UnaryOperator<Tensor>> preHooks = List.of();
    private volatile List<Consumer<@Nullable Tensor[]>> postHooks = List.of();
    private volatile List<Consumer<Tensor>> accumulateHooks = List.of();

    /// A saved value: an alias outside any scope, the version it had, and how to reach it in the graph again.
    private record Saved(
            Tensor alias, int version, @Nullable Node edge, boolean output) {}

    private Node(
            String name,
            long sequence,
            @Nullable Node[] edges,
            Tensor[] inputs,
            @Nullable Rule rule,
            @Nullable Tensor leaf) {
        this.name = name;
        this.sequence = sequence;
        this.edges = edges;
        this.rule = rule;
        this.leaf = leaf;
        this.inputShapes = new long[inputs.length][];
        this.inputTypes = new DType[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            inputShapes[i] = inputs[i].shape;
            inputTypes[i] = inputs[i].dtype;
        }
    }

    static Node accumulator(Tensor leaf) {
        return new Node("accumulate", Long.MAX_VALUE, new Node[0], new Tensor[0], null, leaf);
    }

    /// Records that `y` was computed from `inputs`, if gradients are on and some input wants them. `y` itself may
    /// be among
    /// the saved.
    static Tensor record(String name, Tensor y, Tensor[] inputs, Tensor[] saves, Rule rule) {
        boolean any = false;
        for (Tensor input : inputs) {
            any |= input.requiresGrad();
            // Outside any scope only this keeps the collector from freeing an input under the kernel before.
            Reference.reachabilityFence(input);
        }
        for (Tensor save : saves) {
            Reference.reachabilityFence(save);
        }
        if (!any || !Autograd.isEnabled() || !y.dtype.isFloating()) {
            return y;
        }
        @Nullable Node[] edges = new Node[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            edges[i] = inputs[i].gradientEdge();
            Node edge = edges[i];
            if (edge != null) {
                edge.retain();
            }
        }
        Node node = new Node(name, SEQUENCE.getAndIncrement(), edges, inputs, rule, null);
        node.saved = new Saved[saves.length];
        for (int i = 0; i < saves.length; i++) {
            Tensor t = saves[i].live(name);
            Tensor alias = new Tensor(t.storage.retain(), t.offset, t.shape, t.strides, t.dtype);
            Node edge = t == y ? null : t.gradientEdge();
            if (edge != null) {
                edge.retain();
            }
            node.saved[i] = new Saved(alias, t.storage.version(), edge, t == y);
        }
        y.attach(node);
        return y;
    }

    /// The operation's name.
    public String name() {
        return name;
    }

    /// Calls `hook` after this node has computed the gradients of its inputs, with these (null where there is
    /// none).
    public Hook registerHook(Consumer<@Nullable Tensor[]> hook) {
        postHooks = with(postHooks, hook);
        return () -> postHooks = without(postHooks, hook);
    }

    Hook addPreHook(UnaryOperator<Tensor> hook) {
        preHooks = with(preHooks, hook);
        return () -> preHooks = without(preHooks, hook);
    }

    Hook addAccumulateHook(Consumer<Tensor> hook) {
        accumulateHooks = with(accumulateHooks, hook);
        return () -> accumulateHooks = without(accumulateHooks, hook);
    }

    private static <T> List<T> with(List<T> hooks, T hook) {
        List<T> longer = new ArrayList<>(hooks);
        longer.add(hook);
        return List.copyOf(longer);
    }

    private static <T> List<T> without(List<T> hooks, T hook) {
        List<T> shorter = new ArrayList<>(hooks);
        shorter.remove(hook);
        return List.copyOf(shorter);
    }

    boolean isAccumulator() {
        return leaf != null;
    }

    long sequence() {
        return sequence;
    }

    List<UnaryOperator<Tensor>> preHooks() {
        return preHooks;
    }

    List<Consumer<Tensor>> accumulateHooks() {
        return accumulateHooks;
    }

    /// Gradients of the inputs, each summed to its input's shape where the operation broadcast it.
    @Nullable
    Tensor[] apply(Tensor upstream) {
        if (freed || rule == null) {
            throw new IllegalStateException(
                    "[backward] expected a graph that is still there; got '" + name
                            + "', whose saved tensors were freed by an earlier backward. Hint: call backward(true) the first time.");
        }
        @Nullable Tensor[] gradients = rule.apply(new View(), upstream);
        if (gradients.length != edges.length) {
            throw new IllegalStateException("[" + name + "] expected " + edges.length
                    + " gradients, one for each input; got " + gradients.length);
        }
        for (int i = 0; i < gradients.length; i++) {
            Tensor g = gradients[i];
            if (g != null && edges[i] != null) {
                gradients[i] = Reduce.sumTo(name, g, inputShapes[i]).to(inputTypes[i]);
            }
        }
        for (Consumer<@Nullable Tensor[]> hook : postHooks) {
            hook.accept(gradients);
        }
        return gradients;
    }

    private final class View implements Context {
        @Override
        public boolean needs(int i) {
            return edges[i] != null;
        }

        @Override
        public Tensor saved(int i) {
            Saved s = saved[i];
            if (s == null) {
                throw new IllegalStateException("[" + name + "] nothing saved at " + i);
            }
            Tensor alias = s.alias;
            if (alias.storage.version() != s.version) {
                throw new IllegalStateException("[backward] expected the tensors saved by '" + name
                        + "' to be unchanged; got " + alias.describe() + " that was changed in place "
                        + (alias.storage.version() - s.version) + " times since. Hint: copy() it before the change.");
            }
            Tensor t =
                    new Tensor(alias.storage.retain(), alias.offset, alias.shape, alias.strides, alias.dtype).owned();
            Node edge = s.output ? Node.this : s.edge;
            if (edge != null) {
                t.attach(edge);
            }
            return t;
        }
    }

    Node retain() {
        references.incrementAndGet();
        return this;
    }

    void release() {
        if (isAccumulator()) {
            return;
        }
        // Without recursion: a graph may be deeper than the stack.
        List<Node> gone = new ArrayList<>();
        drop(this, gone);
        while (!gone.isEmpty()) {
            Node node = gone.removeLast();
            node.freeSaved(gone);
            for (Node edge : node.edges) {
                if (edge != null) {
                    drop(edge, gone);
                }
            }
        }
    }

    private static void drop(Node node, List<Node> gone) {
        if (!node.isAccumulator() && node.references.decrementAndGet() == 0) {
            gone.add(node);
        }
    }

    /// Frees the saved tensors; a second backward then says so.
    void freeSaved() {
        List<Node> gone = new ArrayList<>();
        freeSaved(gone);
        for (Node node : gone) {
            node.retain();
            node.release();
        }
    }

    private void freeSaved(List<Node> gone) {
        // As in PyTorch, a node that saved nothing can be walked again.
        freed |= saved.length > 0;
        for (int i = 0; i < saved.length; i++) {
            Saved s = saved[i];
            saved[i] = null;
            if (s != null) {
                s.alias.close();
                Node edge = s.edge;
                if (edge != null) {
                    drop(edge, gone);
                }
            }
        }
    }
}
