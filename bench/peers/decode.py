"""Greedy decoding by transformers: a Llama of the given shape, `generate` with a key-value cache.

Arguments of the case (all whole numbers but `model`, `weights` and `contender`):
  hidden, layers, heads, intermediate, vocab   the model
  batch, prompt, new                           sequences, tokens of each prompt, tokens generated for each
  model                                        a folder into which Torrefy put its weights and tokens before: they are
                                               loaded, and the tokens compared; without it the weights are random
  contender   eager    attention written out
              sdpa     PyTorch's fused attention, dynamic cache (generate's default)
              static   sdpa and a static cache
              compile  static, and the forward pass compiled
              bf16     sdpa with bfloat16 weights
One unit of work is one generated token. The first run of each contender that compiles takes long: it is done in `open`.
"""

import json
import os
import pathlib

import torch
import transformers


def prompts(batch, length, vocab):
    """The same ids as io.torrefy.bench.cases.Decode: a linear congruence, so that both can make them."""
    return torch.tensor([[3 + (7919 * (i * length + j) + 104729) % (vocab - 3) for j in range(length)]
                         for i in range(batch)])


def build(args):
    contender = args.get("contender", "sdpa")
    attention = "eager" if contender == "eager" else "sdpa"
    folder = args.get("model")
    if folder and os.path.exists(os.path.join(folder, "model.safetensors")):
        model = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention)
    else:
        config = transformers.LlamaConfig(
            vocab_size=args["vocab"], hidden_size=args["hidden"], num_hidden_layers=args["layers"],
            num_attention_heads=args["heads"], num_key_value_heads=args["heads"],
            intermediate_size=args["intermediate"], max_position_embeddings=args.get("positions", 512),
            rms_norm_eps=1e-5, tie_word_embeddings=True, attn_implementation=attention)
        torch.manual_seed(0)
        model = transformers.LlamaForCausalLM(config)
    model.eval()
    if contender == "bf16":
        model = model.to(torch.bfloat16)
    # The same number of tokens whatever comes: no end of sequence.
    settings = dict(do_sample=False, use_cache=True, max_new_tokens=args["new"], min_new_tokens=args["new"],
                    eos_token_id=None, pad_token_id=0, bos_token_id=None)
    model.generation_config = transformers.GenerationConfig(**settings)
    extra = {}
    if contender in ("static", "compile"):
        extra["cache_implementation"] = "static"
    if contender == "static":
        extra["disable_compile"] = True
    if contender == "compile":
        model.forward = torch.compile(model.forward, dynamic=False)
    return model, extra


def open(case, args):  # noqa: A001 - the protocol's name
    transformers.logging.set_verbosity_error()
    model, extra = build(args)
    ids = prompts(args["batch"], args["prompt"], model.config.vocab_size)
    mask = torch.ones_like(ids)

    def run():
        with torch.inference_mode():
            out = model.generate(ids, attention_mask=mask, **extra)
        new = out[:, args["prompt"]:]
        assert new.shape[1] == args["new"], new.shape
        return new

    new = run().tolist()
    tokens = os.path.join(args.get("model", ""), "tokens-torrefy-%d.json" % args["batch"])
    if "model" in args and os.path.exists(tokens) and args.get("contender") != "bf16":
        # Two sums in other orders may part ways where two tokens are all but equally likely, and then stay apart.
        ours = json.loads(pathlib.Path(tokens).read_text())
        same = sum(a == b for a, b in zip(ours, new)) / len(new)
        if same < 0.9:
            raise RuntimeError("expected the tokens of Torrefy; %.0f %% of the sequences are the same" % (100 * same))
    return run, args["batch"] * args["new"], "tokens"

