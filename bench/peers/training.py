"""One training step of a small GPT-2 in PyTorch: what io.torrefy.bench.cases.Training does, with PyTorch's best parts.

The model is GPT-2's (layer norms, learned positions, one projection for q, k and v, GELU by tanh, tied embeddings, no
dropout), written out with the fused forms that PyTorch has: scaled_dot_product_attention, cross_entropy, AdamW(fused).

    python training.py --weights model.safetensors --losses 4 [--case small]

prints the losses of the first steps from given weights, for comparison with `Training` on our side.
"""

import argparse
import time

import torch
import torch.nn.functional as F
from torch import nn

LEARNING_RATE = 3e-4
BETAS = (0.9, 0.95)
EPS = 1e-8
WEIGHT_DECAY = 0.1


class Block(nn.Module):
    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(hidden)
        self.c_attn = nn.Linear(hidden, 3 * hidden)
        self.attn_proj = nn.Linear(hidden, hidden)
        self.ln_2 = nn.LayerNorm(hidden)
        self.c_fc = nn.Linear(hidden, 4 * hidden)
        self.mlp_proj = nn.Linear(4 * hidden, hidden)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.c_attn(self.ln_1(x)).split(d, dim=2)
        q, k, v = (y.view(b, t, self.heads, d // self.heads).transpose(1, 2) for y in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_proj(y.transpose(1, 2).reshape(b, t, d))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, layers, hidden, heads, positions, vocab):
        super().__init__()
        self.wte = nn.Embedding(vocab, hidden)
        self.wpe = nn.Embedding(positions, hidden)
        self.h = nn.ModuleList(Block(hidden, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(hidden)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids, targets):
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.h:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


def load(model, path):
    """Takes over weights that bear Hugging Face's names, whose linear layers are (in, out)."""
    from safetensors.torch import load_file

    weights = load_file(path)
    own = dict(model.named_parameters())
    for name, p in own.items():
        theirs = "transformer." + name.replace("c_attn", "attn.c_attn").replace("c_fc", "mlp.c_fc")
        theirs = theirs.replace("attn_proj", "attn.c_proj").replace("mlp_proj", "mlp.c_proj")
        w = weights.pop(theirs)
        with torch.no_grad():
            p.copy_(w.t() if p.dim() == 2 and "wte" not in name and "wpe" not in name else w)
    assert not weights, f"left over: {list(weights)}"


def tokens(vocab, batch, sequence):
    """The batch of step 0, and of every other: ids by a small linear congruence, the same on our side."""
    n = batch * (sequence + 1)
    state, ids = 12345, []
    for _ in range(n):
        state = (state * 1103515245 + 12345) % (1 << 31)
        ids.append((state >> 8) % vocab)
    all_ids = torch.tensor(ids).view(batch, sequence + 1)
    return all_ids[:, :-1].contiguous(), all_ids[:, 1:].contiguous()


def step_of(args):
    torch.manual_seed(1)
    model = Gpt(args["layers"], args["hidden"], args["heads"], args["sequence"], args["vocab"])
    if args.get("weights"):
        load(model, args["weights"])
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=BETAS, eps=EPS, weight_decay=WEIGHT_DECAY, fused=True
    )
    ids, targets = tokens(args["vocab"], args["batch"], args["sequence"])
    loss_of = torch.compile(model) if args.get("compile") else model

    def step():
        loss = loss_of(ids, targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    return step


def open(case, args):
    """A training step: (run, tokens a run, unit)."""
    return step_of(args), args["batch"] * args["sequence"], "tokens"


CASES = {
    "large": {"layers": 6, "hidden": 384, "heads": 6, "sequence": 256, "batch": 8, "vocab": 8192},
    "small": {"layers": 4, "hidden": 192, "heads": 6, "sequence": 128, "batch": 32, "vocab": 512},
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", choices=CASES, default="large")
    parser.add_argument("--weights")
    parser.add_argument("--losses", type=int, default=4)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--time", type=int, default=0, help="then time so many steps")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    args = CASES[options.case] | {"weights": options.weights, "compile": options.compile}
    step = step_of(args)
    for _ in range(options.losses):
        print(f"{step().item():.6f}")
    seconds = []
    for _ in range(options.time):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    if seconds:
        seconds.sort()
        work = args["batch"] * args["sequence"]
        print(f"{work / seconds[len(seconds) // 2]:.0f} tokens/s (median of {len(seconds)})")
        with __builtins__.open("/proc/self/status") as status:
            print([line.strip() for line in status if "VmHWM" in line])


if __name__ == "__main__":
    main()
