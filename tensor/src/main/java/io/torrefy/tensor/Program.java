package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.export.Status;
import io.torrefy.tensor.internal.PackedMatrix;
import io.torrefy.tensor.internal.StepProgram;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a model does with a token, put together once and run for every token: a sequence of kernels over rows of fixed
/// buffers, without autograd, without allocating, threads entering once a run instead of once a kernel. A row is a
/// token of one sequence; every row gets the bits that the operations of the same names give it, on its own or beside
/// others.
///
/// Matrices are packed for the kernels when they are added, and again at the next run after they have changed.
///
/// ```java
/// var program = Program.of(8);
/// var x = program.buffer(hidden);
/// program.embed(table, x);
/// ...
/// program.choose(logits);
/// program.row(0, token, position, slot, stream, draw);
/// program.run(1, TokenChoice.GREEDY);
/// int next = program.chosen(0);
/// ```
///
/// Not for several threads at once.
@Export(value = "tensor.Program", since = "0.1", status = Status.EXPERIMENTAL)
public final class Program implements AutoCloseable {
    private final int most;
    private final PackedWeights.Format format;
    private final StepProgram steps;
    private final StepProgram.Rows rows;
    private final List<Tensor> buffers = new ArrayList<>();
    private final List<Pack> packs = new ArrayList<>();
    private final Slab slab = new Slab(Device.CPU);
    private final List<Tensor> used = new ArrayList<>();
    private final List<Long> places = new ArrayList<>();
    private final Map<Place, Tensor> scratch = new HashMap<>();

    private Program(int most, PackedWeights.Format format, StepProgram steps) {
        this.most = most;
        this.format = format;
        this.steps = steps;
        this.rows = steps.rows();
    }

    /// An empty program for up to `rows` rows a run; null where kernels are the scalar ones, which have none.
    ///
    /// @param format how matrices are kept; products with F32 have the bits of `matmul`
    public static @Nullable Program of(int rows, PackedWeights.Format format) {
        StepProgram steps = Backends.of(Device.CPU).program(rows);
        return steps == null ? null : new Program(rows, format, steps);
    }

    /// Whether a tensor can be a parameter of a program.
    public static boolean takes(Tensor x) {
        return x.live("program").dtype == DType.F32 && x.dense;
    }

    /// Whether a tensor can be the matrix of a [Projection]: of any floating dtype, as what is packed is a copy.
    /// One of BF16 is packed as such where F32 is asked for, which loses nothing.
    public static boolean takesMatrix(Tensor x) {
        return x.live("program").dtype.isFloating() && x.dense && x.rank() == 2;
    }

    /// A weight, packed, and the version of its values that was packed.
    private static final class Pack {
        final Tensor weight;
        final PackedWeights packed;
        int version;

        Pack(Tensor weight, PackedWeights.Format format, Slab slab) {
            this.weight = weight;
            version = weight.storage.version();
            packed = PackedWeights.of(List.of(weight), format, slab);
        }

        void refresh() {
            if (version != weight.storage.version()) {
                version = weight.storage.version();
                packed.refresh(weight);
            }
        }
    }

    /// A buffer of rows of `width` floats, freed with the program.
    public Tensor buffer(long width) {
        Tensor buffer = Tensor.zeros(most, width).keep();
        buffers.add(buffer);
        return buffer;
    }

    /// What memory between two kernels is for.
    private enum Use {
        /// A product before its ending.
        PRODUCT,
        /// x A^T of an update.
        DOWN,
        /// (x A^T) B^T of it.
        UP
    }

    private record Place(Use use, long width) {}

    /// Kernels run one after another, so one memory of each use and width serves all.
    private Tensor scratch(Use use, long width) {
        return scratch.computeIfAbsent(new Place(use, width), place -> buffer(place.width));
    }

    private long parameter(@Nullable Tensor x) {
        if (x == null) {
            return 0;
        }
        if (!takes(x)) {
            throw new IllegalArgumentException("[program] expected dense F32 parameters; got " + x.describe());
        }
        return use(x);
    }

    private long use(Tensor x) {
        used.add(x);
        places.add(x.address());
        return x.address();
    }

    private static long width(Tensor buffer) {
        return buffer.size(1);
    }

    /// `y = table[id]` of each row.
    public void embed(Tensor table, Tensor y) {
        steps.embed(width(y), parameter(table), false, false, y.address());
    }

    /// `y = y + table[position]` of each row.
    public void addPosition(Tensor table, Tensor y) {
        steps.embed(width(y), parameter(table), true, true, y.address());
    }

    /// `y = rmsNorm(x)`; y may be x.
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor y) {
        steps.rmsNorm(width(x), x.address(), parameter(weight), (float) eps, y.address());
    }

    /// `y = layerNorm(x)`; y may be x.
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, double eps, Tensor y) {
        steps.layerNorm(width(x), x.address(), parameter(weight), parameter(bias), (float) eps, y.address());
    }

    /// An update of low rank to a matrix (Hu et al. 2022, "LoRA"): `scale (x A^T) B^T` is added to the product. Its
    /// factors are kept as F32 whatever the program's format.
    ///
    /// @param a A (rank, in)
    /// @param b B (out, rank)
    public record Update(Tensor a, Tensor b, double scale) {}

    /// A matrix, its bias, and an update beside it.
    ///
    /// @param weight (out, in), or (in, out) if `inFirst`; of one that is packed its memory
    /// @param packed the matrix as it is kept, which is read in place whatever the program's format; else null
    public record Projection(
            Tensor weight,
            @Nullable Tensor bias,
            boolean inFirst,
            @Nullable Update update,
            @Nullable PackedWeights packed) {
        public Projection(Tensor weight, @Nullable Tensor bias, boolean inFirst) {
            this(weight, bias, inFirst, null);
        }

        public Projection(Tensor weight, @Nullable Tensor bias, boolean inFirst, @Nullable Update update) {
            this(weight, bias, inFirst, update, null);
        }

        /// A matrix that is kept packed.
        public static Projection of(PackedWeights packed, @Nullable Tensor bias, @Nullable Update update) {
            return new Projection(packed.memory(), bias, false, update, packed);
        }

        private long out() {
            return packed != null ? packed.out() : weight.size(inFirst ? 1 : 0);
        }
    }

    /// The products of x, side by side: `y = [x W_0 + b_0, x W_1 + b_1, ...]`.
    public void linear(Tensor x, List<Projection> weights, Tensor y) {
        linear(x, weights, StepProgram.Ending.STORE, 0, y);
        updates(x, weights, y);
    }

    /// `y = y + (x W + b)`.
    public void linearAdd(Tensor x, Projection weight, Tensor y) {
        Tensor product = scratch(Use.PRODUCT, width(y));
        if (weight.update == null) {
            linear(x, List.of(weight), StepProgram.Ending.ADD, product.address(), y);
            return;
        }
        linear(x, List.of(weight), product);
        steps.add(width(y), product.address(), y.address());
    }

    /// `y = geluTanh(x W + b)`.
    ///
    /// @throws IllegalArgumentException if the weight has an update
    public void linearGelu(Tensor x, Projection weight, Tensor y) {
        if (weight.update != null) {
            throw new IllegalArgumentException("[program] expected a weight without an update before a GELU; got one of"
                    + " rank " + weight.update.a.size(0) + ". Hint: merge it.");
        }
        linear(x, List.of(weight), StepProgram.Ending.GELU, 0, y);
    }

    /// `y = silu(x gate) * (x up)`.
    public void linearSwiglu(Tensor x, Projection gate, Projection up, Tensor y) {
        Tensor product = scratch(Use.PRODUCT, 2 * width(y));
        if (gate.update == null && up.update == null) {
            linear(x, List.of(gate, up), StepProgram.Ending.SWIGLU, product.address(), y);
            return;
        }
        linear(x, List.of(gate, up), product);
        steps.swiglu(width(y), product.address(), y.address());
    }

    /// Adds the updates of the weights to their products in y.
    private void updates(Tensor x, List<Projection> weights, Tensor y) {
        long column = 0;
        for (Projection p : weights) {
            Update update = p.update;
            if (update != null) {
                Tensor down = scratch(Use.DOWN, update.a.size(0));
                Tensor up = scratch(Use.UP, p.out());
                factor(x, update.a, down);
                factor(down, update.b, up);
                steps.scaledAdd(p.out(), up.address(), (float) update.scale, y.address() + 4 * column, width(y));
            }
            column += p.out();
        }
    }

    private void factor(Tensor x, Tensor weight, Tensor y) {
        PackedMatrix[] packed = {pack(new Projection(weight, null, false), PackedWeights.Format.F32)};
        steps.linear(width(x), x.address(), packed, new long[1], StepProgram.Ending.STORE, 0, y.address());
    }

    private void linear(Tensor x, List<Projection> weights, StepProgram.Ending ending, long scratch, Tensor y) {
        PackedMatrix[] packed = new PackedMatrix[weights.size()];
        long[] biases = new long[packed.length];
        for (int i = 0; i < packed.length; i++) {
            packed[i] = pack(weights.get(i), format);
            biases[i] = parameter(weights.get(i).bias);
        }
        steps.linear(width(x), x.address(), packed, biases, ending, scratch, y.address());
    }

    private PackedMatrix pack(Projection p, PackedWeights.Format as) {
        if (p.packed != null) {
            use(p.weight);
            return p.packed.matrix();
        }
        if (!takesMatrix(p.weight)) {
            throw new IllegalArgumentException(
                    "[program] expected dense matrices of a floating dtype; got " + p.weight.describe());
        }
        use(p.weight);
        boolean half = as == PackedWeights.Format.F32 && p.weight.dtype == DType.BF16;
        PackedWeights.Format least = half ? PackedWeights.Format.BF16 : as;
        try (Scope _ = Scope.open()) {
            Pack pack = new Pack((p.inFirst ? p.weight.detach().t() : p.weight.detach()).unmanaged(), least, slab);
            packs.add(pack);
            return pack.packed.matrix();
        }
    }

    /// How heads are normalised and turned before attention.
    ///
    /// @param queryNorm weights (dim) of RMSNorm on every query head, null for none; also `keyNorm`
    /// @param cos table (positions, dim / 2) of rotary embedding in the half layout, null for none; also `sin`
    public record HeadTurn(
            @Nullable Tensor queryNorm,
            @Nullable Tensor keyNorm,
            double eps,
            @Nullable Tensor cos,
            @Nullable Tensor sin) {}

    /// Puts each row's key and value into its slot of the caches at its position, and attends with its queries to
    /// the slot up to there: y (heads * dim).
    ///
    /// @param qkv queries, keys and values, side by side
    /// @param keys cache (slots, kvHeads, capacity, dim), a view with gapless dim; `values` has the same strides
    public void attend(Tensor qkv, HeadTurn turn, Tensor keys, Tensor values, Tensor y) {
        int dim = (int) keys.size(3);
        steps.attend(new StepProgram.CachedAttention(
                (int) (width(y) / dim),
                (int) keys.size(1),
                dim,
                qkv.address(),
                parameter(turn.queryNorm),
                parameter(turn.keyNorm),
                (float) turn.eps,
                parameter(turn.cos),
                parameter(turn.sin),
                (int) keys.size(2),
                keys.address(),
                values.address(),
                keys.strides[0],
                keys.strides[2],
                keys.strides[1],
                y.address()));
    }

    /// Chooses each row's token from its logits.
    public void choose(Tensor logits) {
        steps.choose(width(logits), logits.address());
    }

    /// The inputs of a row for the next run.
    ///
    /// @param slot of its sequence in the caches
    /// @param stream of random numbers
    /// @param draw the position in the stream
    public void row(int r, int id, int position, int slot, long stream, int draw) {
        rows.ids()[r] = id;
        rows.positions()[r] = position;
        rows.slots()[r] = slot;
        rows.streams()[r] = stream;
        rows.draws()[r] = draw;
    }

    /// Whether the parameters are still where they were: otherwise the program must be put together anew.
    public boolean current() {
        for (int i = 0; i < used.size(); i++) {
            if (used.get(i).closed || used.get(i).address() != places.get(i)) {
                return false;
            }
        }
        return true;
    }

    /// Runs the first `count` rows; packs what changed since the last run first.
    public void run(int count, TokenChoice choice) {
        for (int i = 0; i < packs.size(); i++) {
            packs.get(i).refresh();
        }
        steps.run(count, choice);
    }

    /// The token chosen in a row.
    public int chosen(int r) {
        return rows.chosen()[r];
    }

    /// Its log-probability at the temperature (1 when greedy); filters are not reflected.
    public float logProb(int r) {
        return rows.logProbs()[r];
    }

    @Override
    public void close() {
        buffers.forEach(Tensor::close);
        for (Pack pack : packs) {
            pack.packed.close();
            pack.weight.close();
        }
        slab.close();
        buffers.clear();
        packs.clear();
    }
}
