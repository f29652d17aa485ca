package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.normal;
import static io.torrefy.tensor.internal.cpu.KernelMemory.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.internal.UpdatePlan;
import io.torrefy.tensor.internal.UpdateRule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every rule at every size, alone and as a row among others; torch's values are held by the optimisers' own tests.
class OptimUpdateTest {
    private static final double[] ADAM = {0.5, 0.99, 0.1, 0.9, 0.1, 0.99, 0.01, 1e-6, 0.02, 0.3};
    private static final double[] SGD = {0.5, 0.1, 0.9, 0.8, 1, 0.7, 0.05};
    private static final double[] MOMENTUM = {0.5, 0.9, 0.1, 0.2, 0.8};
    private static final double[] ADAGRAD = {0.5, 0.1, 1e-6, 0.05};
    private static final double[] RMSPROP = {0.5, 0.1, 0.9, 0.1, 1e-6, 0.6, 0.05};
    private static final double[] BLEND = {0.9, -0.3};

    /// A rule with the arrays that are there, of five.
    private record Form(UpdateRule rule, boolean[] there, double[] numbers) {
        static Form of(UpdateRule rule, String there, double[] numbers) {
            boolean[] is = new boolean[UpdatePlan.ARRAYS];
            for (int k = 0; k < is.length; k++) {
                is[k] = there.charAt(k) == 'x';
            }
            return new Form(rule, is, numbers);
        }

        /// Squares are positive and larger than the square of a mean, as they are in training.
        long[] arrays(KernelMemory memory, int n, int seed) {
            long[] at = new long[there.length];
            for (int k = 0; k < at.length; k++) {
                double[] values = normal(n, 10L * seed + k, rule == UpdateRule.RMSPROP && k == 3 ? 0.01 : 1);
                boolean square = rule == UpdateRule.ADAM && k >= 3
                        || rule == UpdateRule.ADAGRAD && k == 2
                        || rule == UpdateRule.RMSPROP && k == 2;
                for (int i = 0; square && i < n; i++) {
                    values[i] = (float) (values[i] * values[i] + 0.1);
                }
                at[k] = there[k] ? memory.of(values) : 0;
            }
            return at;
        }

        void addTo(UpdatePlan plan, int n, long[] at) {
            plan.add(rule, n, at[0], at[1], at[2], at[3], at[4]);
            for (double number : numbers) {
                plan.number(number);
            }
        }

        float[] result(long[] at, int n) {
            float[] all = {};
            for (long a : at) {
                all = a == 0 ? all : KernelMemory.join(all, read(a, n));
            }
            return all;
        }
    }

    private static List<Form> forms() {
        return List.of(
                Form.of(UpdateRule.ADAM, "xxxx.", ADAM),
                Form.of(UpdateRule.ADAM, "xxxxx", ADAM),
                Form.of(UpdateRule.SGD, "xx...", SGD),
                Form.of(UpdateRule.SGD, "xxx..", SGD),
                Form.of(UpdateRule.MOMENTUM, "xxx..", MOMENTUM),
                Form.of(UpdateRule.ADAGRAD, "xxx..", ADAGRAD),
                Form.of(UpdateRule.RMSPROP, "xxx..", RMSPROP),
                Form.of(UpdateRule.RMSPROP, "xxxx.", RMSPROP),
                Form.of(UpdateRule.RMSPROP, "xxx.x", RMSPROP),
                Form.of(UpdateRule.RMSPROP, "xxxxx", RMSPROP),
                Form.of(UpdateRule.BLEND, "xx...", BLEND));
    }

    static IntStream sizes() {
        int l = Mem.FS.length();
        return IntStream.of(0, 1, l - 1, l, l + 1, 4 * l + 3, Scratch.CHUNK + l + 1, 65536 + l + 1);
    }

    private static float[] alone(Form form, int n, int seed) {
        try (KernelMemory memory = new KernelMemory()) {
            long[] at = form.arrays(memory, n, seed);
            UpdatePlan plan = new UpdatePlan();
            form.addTo(plan, n, at);
            Optim.update(plan);
            return form.result(at, n);
        }
    }

    /// One plan of all rules at all sizes gives what each gives alone, on any number of threads, and clears.
    @Test
    void aRowIsWhatItIsAlone() {
        int[] sizes = sizes().toArray();
        KernelMemory.assertSameOnAnyThreads(memory -> {
            UpdatePlan plan = new UpdatePlan();
            List<long[]> arrays = new ArrayList<>();
            for (int n : sizes) {
                for (Form form : forms()) {
                    arrays.add(form.arrays(memory, n, n));
                    form.addTo(plan, n, arrays.getLast());
                }
            }
            Optim.update(plan);
            plan.clear();
            Optim.update(plan);
            float[] all = {};
            int row = 0;
            for (int n : sizes) {
                for (Form form : forms()) {
                    float[] result = form.result(arrays.get(row++), n);
                    assertThat(result).as("%s of %d", form.rule, n).isEqualTo(alone(form, n, n));
                    all = n > Scratch.CHUNK ? all : KernelMemory.join(all, result);
                }
            }
            return all;
        });
    }

    /// But for Adam, whose scalar form divides in double, the scalar forms give the bits of the vectors.
    @ParameterizedTest
    @MethodSource("sizes")
    void scalarFormsGiveTheSameBits(int n) {
        for (Form form : forms()) {
            if (form.rule == UpdateRule.ADAM) {
                continue;
            }
            try (KernelMemory memory = new KernelMemory()) {
                long[] at = form.arrays(memory, n, n);
                scalar(form, n, at, memory.floats(n));
                assertThat(form.result(at, n)).as(form.rule.toString()).isEqualTo(alone(form, n, n));
            }
        }
    }

    private static void scalar(Form form, int n, long[] at, long change) {
        float[] x = KernelMemory.narrow(form.numbers);
        switch (form.rule) {
            case SGD -> {
                if (at[2] == 0) {
                    OptimMomentum.descendScalar(n, at[0], at[1], x[0], x[1], x[6]);
                } else {
                    OptimMomentum.sgdScalar(n, at[0], at[1], at[2], x[0], x[1], x[2], x[3], x[4], x[5], x[6]);
                }
            }
            case MOMENTUM -> OptimMomentum.momentumScalar(n, at[0], at[1], at[2], x[0], x[1], x[2], x[3], x[4]);
            case ADAGRAD -> OptimSquares.adagradScalar(n, at[0], at[1], at[2], x[0], x[1], x[2], x[3]);
            case RMSPROP -> {
                if (at[3] == 0) {
                    OptimSquares.scaledScalar(n, at[0], at[1], at[2], change, x[0], x[1], x[2], x[3], x[4]);
                } else {
                    OptimSquares.centredScalar(n, at[0], at[1], at[2], at[3], change, x[0], x[1], x[2], x[3], x[4]);
                }
                if (at[4] == 0) {
                    OptimMomentum.descendScalar(n, at[0], change, 1, 0, x[6]);
                } else {
                    OptimMomentum.sgdScalar(n, at[0], change, at[4], 1, 0, x[5], 1, 0, 1, x[6]);
                }
            }
            case BLEND -> OptimMomentum.blendScalar(n, at[0], at[1], x[0], x[1]);
            default -> throw new AssertionError(form.rule);
        }
    }
}
