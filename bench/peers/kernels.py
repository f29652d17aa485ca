"""Kernels through PyTorch's public functions: each makes its inputs and gives (run, work, unit).

The same sizes, operations and results as io.torrefy.bench.cases.TensorOps.
"""

import torch
import torch.nn.functional as F


def sgemm(args):
    m, k, n = args["m"], args["k"], args["n"]
    a = torch.rand(k, m).t() if args["op"][0] == "T" else torch.rand(m, k)
    b = torch.rand(n, k).t() if args["op"][1] == "T" else torch.rand(k, n)
    return lambda: a @ b, 2.0 * m * n * k, "flops"


def attention(args):
    n, heads, dim, backward = args["tokens"], args["heads"], args["dim"], args["backward"]
    q, k, v = (torch.randn(1, heads, n, dim, requires_grad=backward) for _ in range(3))
    upstream = torch.randn(1, heads, n, dim)
    flops = 2.0 * heads * n * n * dim

    def run():
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        if backward:
            torch.autograd.grad(y, (q, k, v), upstream)

    return run, 3.5 * flops if backward else flops, "flops"


def cross_entropy(args):
    logits = torch.randn(args["rows"], args["columns"], requires_grad=True)
    targets = torch.randint(args["columns"], (args["rows"],))
    return lambda: torch.autograd.grad(F.cross_entropy(logits, targets), logits), 8.0 * logits.numel(), "bytes"


def norm_inputs(args):
    x = torch.randn(args["rows"], args["columns"], requires_grad=True)
    w, b = (torch.randn(args["columns"], requires_grad=True) for _ in range(2))
    return x, w, b, torch.randn(args["rows"], args["columns"])


def rms_norm(args):
    x, w, _, upstream = norm_inputs(args)
    return lambda: torch.autograd.grad(F.rms_norm(x, w.shape, w, 1e-6), (x, w), upstream), 20.0 * x.numel(), "bytes"


def layer_norm(args):
    x, w, b, upstream = norm_inputs(args)

    def run():
        torch.autograd.grad(F.layer_norm(x, w.shape, w, b, 1e-5), (x, w, b), upstream)

    return run, 20.0 * x.numel(), "bytes"


def gelu(args):
    x = torch.randn(args["elements"])
    return lambda: F.gelu(x, approximate="tanh"), 8.0 * x.numel(), "bytes"


def adamw(args):
    p = torch.randn(args["elements"], requires_grad=True)
    p.grad = torch.randn(args["elements"])
    optimizer = torch.optim.AdamW([p], lr=1e-4, **{args["implementation"]: True})
    return optimizer.step, 28.0 * p.numel(), "bytes"


def stream(args):
    a, b = torch.zeros(args["elements"]), torch.ones(args["elements"])
    return lambda: a.add_(b), 12.0 * a.numel(), "bytes"


CASES = {
    "sgemm": sgemm,
    "attention": attention,
    "cross-entropy": cross_entropy,
    "rmsnorm": rms_norm,
    "layernorm": layer_norm,
    "gelu": gelu,
    "adamw": adamw,
    "stream": stream,
}


def open(case, args):
    return CASES[case](args)
