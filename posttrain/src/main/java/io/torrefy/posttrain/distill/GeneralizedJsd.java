package io.torrefy.posttrain.distill;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// The generalised Jensen-Shannon divergence between a teacher t and a student s (Agarwal et al. 2024, "On-policy
/// distillation of language models", arXiv 2306.13649, eq. 1), over whole next-token distributions. With the mixture
/// `m = beta t + (1 - beta) s`
///
/// ```
/// D = beta KL(t || m) + (1 - beta) KL(s || m)
/// ```
///
/// As in TRL's GKDTrainer, beta 0 is KL(t || s), the forward divergence that supervised distillation minimises, and
/// beta 1 is KL(s || t), which seeks the teacher's modes; those are the limits of D / beta and of D / (1 - beta), D
/// itself being 0 at both ends.
///
/// The mixture needs no gradient: what a change of it adds is `-sum of m d ln m = -d sum of m = 0`.
@Export(value = "posttrain.distill.GeneralizedJsd", since = "0.1")
public final class GeneralizedJsd {
    /// Logits of a model that exist at a time: 16 MB.
    private static final long CHUNK = 4L << 20;

    private static final long LEAST_ROWS = 128;

    private final double beta;
    private final double temperature;

    private GeneralizedJsd(double beta, double temperature) {
        this.beta = beta;
        this.temperature = temperature;
    }

    /// @param beta in [0, 1]: 0.5 in TRL's GKDConfig, 1 in its DistillationConfig
    /// @param temperature divides the logits of both; 1 in GKDTrainer whatever it samples at
    /// @throws IllegalArgumentException naming what is out of bounds
    public static GeneralizedJsd of(double beta, double temperature) {
        if (!(beta >= 0 && beta <= 1 && temperature > 0 && Double.isFinite(temperature))) {
            throw new IllegalArgumentException("[jsd] expected beta in [0, 1] and a positive temperature; got " + beta
                    + " and " + temperature + ". Hint: 0 is the forward divergence, 1 the reverse one.");
        }
        return new GeneralizedJsd(beta, temperature);
    }

    /// The divergence of each row (…), in nats, differentiable by the student's logits.
    ///
    /// @param student logits (…, vocabulary)
    /// @param teacher logits of the same shape
    /// @throws IllegalArgumentException if the shapes differ
    public Tensor perRow(Tensor student, Tensor teacher) {
        if (!Arrays.equals(student.shape(), teacher.shape())) {
            throw new IllegalArgumentException(
                    "[jsd] expected logits of one shape; got " + Arrays.toString(student.shape())
                            + " of the student and " + Arrays.toString(teacher.shape())
                            + " of the teacher. Hint: both need one vocabulary.");
        }
        return divergence(logProbs(student), Autograd.noGrad(() -> logProbs(teacher)));
    }

    private Tensor logProbs(Tensor logits) {
        return (temperature == 1 ? logits : logits.div(temperature)).logSoftmax(-1);
    }

    private Tensor divergence(Tensor s, Tensor t) {
        if (beta == 0) {
            return t.exp().mul(t.sub(s)).sum(-1);
        }
        if (beta == 1) {
            return s.exp().mul(s.sub(t)).sum(-1);
        }
        Tensor m = Autograd.noGrad(() -> logMixture(s.detach(), t));
        Tensor ofTeacher = Autograd.noGrad(() -> t.exp().mul(t.sub(m)).sum(-1).mul(beta));
        return s.exp().mul(s.sub(m)).sum(-1).mul(1 - beta).add(ofTeacher);
    }

    /// ln((1 - beta) exp(s) + beta exp(t)), without overflow.
    private Tensor logMixture(Tensor s, Tensor t) {
        Tensor a = s.add(Math.log1p(-beta));
        Tensor b = t.add(Math.log(beta));
        return a.maximum(b).add(a.sub(b).abs().neg().exp().log1p());
    }

    /// Sums over rows.
    ///
    /// @param loss of the divergences, divided by the normaliser
    /// @param entropy of the student's distributions, in nats
    public record Sums(double loss, double entropy) {
        /// Both added up.
        public Sums plus(Sums other) {
            return new Sums(loss + other.loss, entropy + other.entropy);
        }
    }

    /// The summed divergence over `normaliser` from hidden states, and its gradient, which is added to the leaves
    /// of the student's graph. The logits of both exist for some rows at a time only, however many rows there are.
    ///
    /// @param hidden of the student (rows, hidden), whose graph is walked and freed
    /// @param output its output matrix (vocabulary, hidden)
    /// @param teacherHidden (rows, hidden of the teacher)
    /// @param teacherOutput (vocabulary, hidden of the teacher)
    public Sums accumulate(
            Tensor hidden, Tensor output, Tensor teacherHidden, Tensor teacherOutput, double normaliser) {
        long rows = Math.max(LEAST_ROWS, CHUNK / Math.max(1, output.size(0)));
        return accumulate(hidden, output, teacherHidden, teacherOutput, normaliser, rows);
    }

    /// @param chunk rows at a time
    Sums accumulate(
            Tensor hidden, Tensor output, Tensor teacherHidden, Tensor teacherOutput, double normaliser, long chunk) {
        long rows = hidden.size(0);
        boolean learns = Autograd.isEnabled() && hidden.requiresGrad();
        Sums sums = new Sums(0, 0);
        try (Scope _ = Scope.open()) {
            Tensor gradient = Tensor.zeros(hidden.dtype(), hidden.shape());
            for (long from = 0; from < rows; from += chunk) {
                long to = Math.min(rows, from + chunk);
                try (Scope _ = Scope.open()) {
                    Tensor leaf = hidden.detach().slice(0, from, to).detach().requiresGrad(learns);
                    Tensor student = logProbs(leaf.matmul(output.t()));
                    long end = to;
                    long begin = from;
                    Tensor teacher = Autograd.noGrad(
                            () -> logProbs(teacherHidden.slice(0, begin, end).matmul(teacherOutput.t())));
                    Tensor loss = divergence(student, teacher).sum().div(normaliser);
                    sums = sums.plus(new Sums(loss.item(), entropy(student)));
                    if (learns) {
                        loss.backward();
                        gradient.slice(0, from, to).copyFrom(leaf.grad().orElseThrow());
                    }
                }
            }
            if (learns && rows > 0) {
                hidden.backward(gradient);
            }
        }
        return sums;
    }

    private static double entropy(Tensor logProbs) {
        Tensor s = logProbs.detach();
        return -Autograd.noGrad(() -> s.exp().mul(s).sum()).item();
    }
}
