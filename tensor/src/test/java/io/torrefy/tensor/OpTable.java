package io.torrefy.tensor;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.CrossEntropies.Reduction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Every operation that the golden files name (`settings.op`), in the API's words.
final class OpTable {
    /// The arguments of one case: inputs by name (without `in.`) and the settings.
    record Call(Map<String, Tensor> inputs, JsonNode settings) {
        Tensor in(String name) {
            Tensor t = inputs.get(name);
            if (t == null) {
                throw new IllegalArgumentException("no input " + name + " in " + inputs.keySet());
            }
            return t;
        }

        @Nullable
        Tensor maybe(String name) {
            return inputs.get(name);
        }

        Tensor mask(String name) {
            return in(name).to(DType.BOOL);
        }

        JsonNode get(String setting) {
            return settings.path(setting);
        }

        int dim() {
            return get("dim").asInt();
        }

        boolean keep() {
            return get("keepdim").asBoolean(false);
        }

        /// A setting that is null, a number or a list.
        int[] ints(String setting) {
            JsonNode node = get(setting);
            if (node.isMissingNode() || node.isNull()) {
                return new int[0];
            }
            return node.isArray()
                    ? IntStream.range(0, node.size())
                            .map(i -> node.get(i).asInt())
                            .toArray()
                    : new int[] {node.asInt()};
        }

        long[] longs(String setting) {
            return Arrays.stream(ints(setting)).asLongStream().toArray();
        }

        /// A number for both directions, or a pair.
        int[] pair(String setting) {
            int[] v = ints(setting);
            return v.length == 1 ? new int[] {v[0], v[0]} : v;
        }

        boolean hasDim() {
            return get("dim").isNumber();
        }
    }

    /// Outputs by name, without `out.`.
    interface Op extends Function<Call, Map<String, Tensor>> {}

    private static final Map<String, Op> OPS = new LinkedHashMap<>();

    private OpTable() {}

    /// The operation of that name.
    ///
    /// @throws AssertionError if the table does not know it: a case is never skipped
    static Op of(String name) {
        Op op = OPS.get(name);
        if (op == null) {
            throw new AssertionError("operation '" + name + "' is not in the table: add it to the API and here");
        }
        return op;
    }

    private static void one(String name, Function<Call, Tensor> f) {
        OPS.put(name, c -> Map.of("y", f.apply(c)));
    }

    private static void unary(String name, UnaryOperator<Tensor> f) {
        one(name, c -> f.apply(c.in("x")));
    }

    private static void binary(String name, BinaryOperator<Tensor> f) {
        one(name, c -> f.apply(c.in("a"), c.in("b")));
    }

    static {
        unary("exp", Tensor::exp);
        unary("expm1", Tensor::expm1);
        unary("log", Tensor::log);
        unary("log1p", Tensor::log1p);
        unary("sqrt", Tensor::sqrt);
        unary("rsqrt", Tensor::rsqrt);
        unary("reciprocal", Tensor::reciprocal);
        unary("square", Tensor::square);
        unary("neg", Tensor::neg);
        unary("abs", Tensor::abs);
        unary("sin", Tensor::sin);
        unary("cos", Tensor::cos);
        unary("tanh", Tensor::tanh);
        unary("erf", Tensor::erf);
        unary("sigmoid", Tensor::sigmoid);
        unary("logsigmoid", Tensor::logSigmoid);
        unary("relu", Tensor::relu);
        unary("silu", Tensor::silu);
        unary("gelu_erf", Tensor::gelu);
        unary("gelu_tanh", Tensor::geluTanh);
        one(
                "softplus",
                c -> c.get("beta").isNumber()
                        ? c.in("x")
                                .softplus(
                                        c.get("beta").asDouble(),
                                        c.get("threshold").asDouble())
                        : c.in("x").softplus());
        one("clamp", c -> c.in("x").clamp(c.get("min").asDouble(), c.get("max").asDouble()));
        binary("add", Tensor::add);
        binary("sub", Tensor::sub);
        binary("mul", Tensor::mul);
        binary("div", Tensor::div);
        binary("maximum", Tensor::maximum);
        binary("minimum", Tensor::minimum);
        one(
                "pow",
                c -> c.get("exponent").isNumber()
                        ? c.in("a").pow(c.get("exponent").asDouble())
                        : c.in("a").pow(c.in("b")));
        one("where", c -> c.mask("cond").where(c.in("a"), c.in("b")));
        one(
                "masked_fill",
                c -> c.in("x").maskedFill(c.mask("mask"), c.get("value").asDouble()));
    }

    static {
        one("sum", c -> c.in("x").sum(c.ints("dim"), c.keep()));
        one("mean", c -> c.in("x").mean(c.ints("dim"), c.keep()));
        one("var", c -> c.in("x").var(c.ints("dim"), c.get("correction").asInt(), c.keep()));
        one("std", c -> c.in("x").std(c.ints("dim"), c.get("correction").asInt(), c.keep()));
        one("prod", c -> c.in("x").prod(c.dim(), c.keep()));
        one("norm", c -> c.in("x").norm(c.ints("dim")));
        one("amax", c -> c.in("x").amax(c.ints("dim"), c.keep()));
        one("cumsum", c -> c.in("x").cumsum(c.dim()));
        one("cumprod", c -> c.in("x").cumprod(c.dim()));
        one("logsumexp", c -> c.in("x").logsumexp(c.ints("dim"), c.keep()));
        one("softmax", c -> c.in("x").softmax(c.dim()));
        one("log_softmax", c -> c.in("x").logSoftmax(c.dim()));
        one(
                "softmax_masked",
                c -> c.in("x")
                        .maskedFill(c.mask("mask").not(), Double.NEGATIVE_INFINITY)
                        .softmax(c.dim()));
        OPS.put(
                "max",
                c -> c.hasDim()
                        ? both(c.in("x").max(c.dim(), false))
                        : y(c.in("x").max()));
        OPS.put(
                "min",
                c -> c.hasDim()
                        ? both(c.in("x").min(c.dim(), false))
                        : y(c.in("x").min()));
        OPS.put("sort", c -> both(c.in("x").sort(c.dim(), c.get("descending").asBoolean())));
        OPS.put(
                "topk",
                c -> both(c.in("x")
                        .topk(c.get("k").asInt(), c.dim(), c.get("largest").asBoolean())));
        OPS.put("argmax", c -> {
            Tensor x = c.in("x");
            return Map.of(
                    "dim0", x.argmax(0, false),
                    "dim1", x.argmax(1, false),
                    "flat", x.reshape(-1).argmax(0, false),
                    "argmin_dim1", x.argmin(1, false));
        });
    }

    static {
        one("matmul", c -> {
            Tensor a = c.get("transpose_a").asBoolean(false) ? c.in("a").t() : c.in("a");
            Tensor b = c.get("transpose_b").asBoolean(false) ? c.in("b").t() : c.in("b");
            return a.matmul(b);
        });
        one("linear", c -> Functional.linear(c.in("x"), c.in("weight"), c.maybe("bias")));
        one(
                "layer_norm",
                c -> Functional.layerNorm(
                        c.in("x"),
                        c.maybe("weight"),
                        c.maybe("bias"),
                        c.get("eps").asDouble()));
        one(
                "rms_norm",
                c -> Functional.rmsNorm(
                        c.in("x"), c.maybe("weight"), c.get("eps").asDouble()));
        one(
                "swiglu",
                c -> Functional.linear(
                        Functional.swiglu(
                                Functional.linear(c.in("x"), c.in("gate"), null),
                                Functional.linear(c.in("x"), c.in("up"), null)),
                        c.in("down"),
                        null));
        one(
                "conv2d",
                c -> Functional.conv2d(
                        c.in("x"),
                        c.in("weight"),
                        c.maybe("bias"),
                        c.pair("stride"),
                        c.pair("padding"),
                        c.pair("dilation"),
                        c.get("groups").asInt()));
        one("interpolate_bicubic", c -> Functional.interpolateBicubic(c.in("x"), c.ints("size")[0], c.ints("size")[1]));
        one(
                "embedding",
                c -> Functional.embedding(
                        c.in("ids"), c.in("weight"), c.get("padding_idx").asInt(-1)));
        one("embedding_bag", OpTable::embeddingBag);
        one("one_hot", c -> Functional.oneHot(c.in("ids"), c.get("num_classes").asInt()));
        one("rope", OpTable::rope);
        one("rope_2d", OpTable::rope2d);
        one("sdpa", OpTable::attention);
        one("sdpa_varlen", c -> {
            int[] offsets = Arrays.stream(c.in("cu_seqlens").toLongs())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            return Attention.attendPacked(c.in("q"), c.in("k"), c.in("v"), offsets, offsets, options(c));
        });
    }

    static {
        one("gather", c -> c.in("x").gather(c.dim(), c.in("index")));
        one("index_select", c -> c.in("x").indexSelect(c.dim(), c.in("index")));
        one("index_add", c -> c.in("x").indexAdd(c.dim(), c.in("index"), c.in("src")));
        one("scatter_add", c -> c.in("x").scatterAdd(c.dim(), c.in("index"), c.in("src")));
        one("concat", c -> Functional.concat(c.dim(), ordered(c)));
        one("stack", c -> Functional.stack(c.dim(), ordered(c).toArray(Tensor[]::new)));
        OPS.put("split", c -> {
            List<Tensor> parts = c.in("x").split(c.dim(), c.longs("sizes"));
            Map<String, Tensor> out = new LinkedHashMap<>();
            for (int i = 0; i < parts.size(); i++) {
                out.put("y" + i, parts.get(i));
            }
            return out;
        });
        one("pad", c -> c.in("x").pad(c.longs("pad"), c.get("value").asDouble()));
        one("permute", c -> c.in("x").permute(c.ints("dims")));
        one(
                "permute_reshape",
                c -> c.in("x").transpose(c.ints("swap")[0], c.ints("swap")[1]).reshape(c.longs("shape")));
        one("reshape", c -> c.in("x").reshape(c.longs("shape")));
        one("expand", c -> c.in("x").expand(c.longs("shape")));
        one("repeat", c -> c.in("x").repeat(c.longs("repeats")));
        one(
                "repeat_interleave",
                c -> c.in("x").repeatInterleave(c.get("repeats").asInt(), c.dim()));
        one("flip", c -> c.in("x").flip(c.ints("dims")));
        one("roll", c -> c.in("x").roll(c.get("shift").asInt(), c.dim()));
        one("tril", c -> c.in("x").tril(c.get("diagonal").asInt()));
        one("slice", OpTable::slices);
    }

    static {
        one("cross_entropy", OpTable::crossEntropy);
        OPS.put("cross_entropy_zloss", c -> {
            Tensor x = c.in("x");
            Tensor kept = c.in("target").ne(c.get("ignore_index").asInt()).to(x.dtype());
            Tensor z = x.logsumexp(new int[] {-1}, false)
                    .square()
                    .mul(kept)
                    .sum()
                    .div(kept.sum())
                    .mul(c.get("z_coefficient").asDouble());
            return Map.of("loss", CrossEntropies.crossEntropy(x, c.in("target")).add(z), "z", z);
        });
        one("mse", c -> reduced(c, c.in("x").sub(c.in("target")).square()));
        one("bce_with_logits", c -> {
            Tensor x = c.in("x");
            Tensor t = c.in("target");
            Tensor positive = t.mul(x.logSigmoid());
            Tensor weight = c.maybe("pos_weight");
            positive = weight == null ? positive : positive.mul(weight);
            return reduced(
                    c, positive.add(t.neg().add(1).mul(x.neg().logSigmoid())).neg());
        });
        OPS.put("clip_grad_norm", c -> {
            Tensor total = Tensor.zeros(c.in("a").dtype());
            for (Tensor g : c.inputs().values()) {
                total = total.add(g.square().sum());
            }
            Tensor norm = total.sqrt();
            double factor = Math.min(1, c.get("max_norm").asDouble() / (norm.item() + 1e-6));
            Map<String, Tensor> out = new LinkedHashMap<>();
            c.inputs().forEach((name, g) -> out.put(name, g.mul(factor)));
            out.put("total_norm", norm);
            return out;
        });
        OPS.put("double_backward", c -> {
            Tensor x = c.in("x");
            Tensor value = x.matmul(c.in("w"))
                    .tanh()
                    .square()
                    .sum()
                    .add(x.mul(c.in("c")).softplus().sum());
            Tensor g = Autograd.grad(value, x, true);
            Tensor penalty = g.norm(1).sub(1).square().mean();
            return Map.of("value", value, "grad_x", g, "penalty", penalty);
        });
    }

    private static Map<String, Tensor> y(Tensor t) {
        return Map.of("y", t);
    }

    private static Map<String, Tensor> both(ValuesAndIndices v) {
        return Map.of("values", v.values(), "indices", v.indices());
    }

    private static List<Tensor> ordered(Call c) {
        List<Tensor> parts = new ArrayList<>();
        c.get("order").forEach(name -> parts.add(c.in(name.asText())));
        return parts;
    }

    private static Tensor reduced(Call c, Tensor losses) {
        return switch (c.get("reduction").asText()) {
            case "mean" -> losses.mean();
            case "sum" -> losses.sum();
            case "none" -> losses;
            default -> throw new AssertionError("reduction " + c.get("reduction"));
        };
    }

    private static Tensor crossEntropy(Call c) {
        Reduction reduction = Reduction.valueOf(c.get("reduction").asText().toUpperCase(Locale.ROOT));
        if (c.in("target").dtype().isFloating()) {
            return CrossEntropies.crossEntropySoft(c.in("x"), c.in("target"), reduction);
        }
        long ignore = c.get("ignore_index").asLong(CrossEntropies.IGNORE);
        double smoothing = c.get("label_smoothing").asDouble(0);
        Tensor weight = c.maybe("weight");
        return weight == null
                ? CrossEntropies.crossEntropy(c.in("x"), c.in("target"), reduction, ignore, smoothing)
                : CrossEntropies.crossEntropy(c.in("x"), c.in("target"), weight, reduction, ignore, smoothing);
    }

    private static Tensor embeddingBag(Call c) {
        Functional.Bag mode = Functional.Bag.valueOf(c.get("mode").asText().toUpperCase(Locale.ROOT));
        Tensor ids = c.in("ids");
        Tensor weights = c.maybe("per_sample_weights");
        Tensor offsets = c.maybe("offsets");
        if (offsets == null) {
            offsets = Tensor.arange(ids.size(0)).mul(ids.size(1));
        }
        return Functional.embeddingBag(
                ids.reshape(-1),
                offsets,
                c.in("weight"),
                mode,
                weights == null ? null : weights.reshape(-1),
                c.get("padding_idx").asInt(-1));
    }

    private static Tensor slices(Call c) {
        Tensor x = c.in("x");
        int dim = 0;
        for (JsonNode s : c.get("slices")) {
            if (s.isArray()) {
                long to = s.get(1).isNull() ? x.size(dim) : s.get(1).asLong();
                x = x.slice(dim, s.get(0).asLong(0), to, s.get(2).asLong(1));
                dim++;
            } else {
                x = x.select(dim, s.asLong());
            }
        }
        return x;
    }

    // ---- attention and positions -----------------------------------------------------------------------------------

    private static Attention.Options options(Call c) {
        String causal = c.get("causal").asText("false");
        Attention.Options options = causal.startsWith("bottom-right")
                ? Attention.Options.CAUSAL_CACHED
                : causal.equals("true") || causal.startsWith("top-left")
                        ? Attention.Options.CAUSAL
                        : Attention.Options.FULL;
        return c.get("scale").isNumber() ? options.withScale(c.get("scale").asDouble()) : options;
    }

    private static Tensor attention(Call c) {
        Tensor mask = c.maybe("mask") == null ? c.maybe("bias") : c.mask("mask");
        return Attention.attend(c.in("q"), c.in("k"), c.in("v"), mask, options(c));
    }

    /// x (batch, heads, tokens, dim), positions (tokens).
    private static Tensor rope(Call c) {
        Tensor x = c.in("x");
        long batch = x.size(0);
        long heads = x.size(1);
        long tokens = x.size(2);
        int dim = (int) x.size(3);
        double theta = c.get("theta").asDouble();
        long[] positions = c.in("positions").toLongs();
        int most = (int) Arrays.stream(positions).max().orElse(0);
        double[] angles = new double[(most + 1) * dim / 2];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = (i / (dim / 2)) * Math.pow(theta, -2.0 * (i % (dim / 2)) / dim);
        }
        Tensor table = Tensor.of(angles, most + 1, dim / 2);
        String layout = c.get("layout").asText();
        Tensor rows = x.permute(0, 2, 1, 3).flatten(0, 1);
        Tensor y = Functional.rope(
                        rows,
                        table.cos().to(x.dtype()),
                        table.sin().to(x.dtype()),
                        Tensor.of(positions).repeat(batch),
                        layout.startsWith("interleaved"))
                .reshape(batch, tokens, heads, dim)
                .permute(0, 2, 1, 3);
        return layout.contains("re-ordered")
                ? y.reshape(batch, heads, tokens, dim / 2, 2).t().flatten(3, 4)
                : y;
    }

    /// x (patches, heads, dim): pairs turn by column and row in turn.
    private static Tensor rope2d(Call c) {
        Tensor x = c.in("x");
        int columns = c.ints("grid")[1];
        int pairs = (int) x.size(2) / 2;
        double[] angles = new double[(int) x.size(0) * pairs];
        for (int i = 0; i < angles.length; i++) {
            int patch = i / pairs;
            int pair = i % pairs;
            double turn = Math.pow(c.get("theta").asDouble(), -4.0 * (pair / 2) / x.size(2));
            angles[i] = (pair % 2 == 0 ? patch % columns : patch / columns) * turn;
        }
        Tensor table = Tensor.of(angles, x.size(0), pairs);
        return Functional.rope(x, table.cos().to(x.dtype()), table.sin().to(x.dtype()), Tensor.arange(x.size(0)), true);
    }
}
