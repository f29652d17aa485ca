"""A whole GRPO step by TRL's GRPOTrainer: rollout by transformers' `generate`, reward, advantages, loss, AdamW.

What io.torrefy.bench.cases.GrpoStep does with Torrefy. Arguments of the case (whole numbers but the last two), all with defaults:
  hidden, layers, heads, intermediate, vocab, positions   the model, a Llama with random weights, tied embeddings
  prompts, generations, new                               problems a step, samples of each, tokens of each sample
  micro                                                   sequences a micro-batch; their gradients add up to one update
  tokenizer                                               a folder with tokenizer.json; models/base where none is named
  contender   sdpa     PyTorch's fused attention (the default)
              eager    attention written out
              compile  sdpa, and the training's forward and backward passes compiled

A run is one optimiser step: `train()` runs on a thread of its own and waits at the end of every step. One unit of work
is a generated token.

The same on both sides: prompts, number of tokens, reward (a rule on the text), advantages divided by the group's deviation,
token-level clipped loss averaged over all tokens (`dapo`), beta 0, one update a rollout so that no old log-probabilities are
computed, AdamW (betas 0.9 and 0.95, weight decay 0.01), gradients clipped to norm 1, f32. No token ends a sample: the id
that would is none that the model can draw, so nothing has to be suppressed.

Not the same: TRL measures the entropy of every token's distribution in its update, and gathers its metrics as it goes;
Torrefy's rollout keeps each token's log-probability. Neither can be switched off.

    python grpo.py [--time 10] [--threads 2] [--contender sdpa] [--micro 64] [--split]
"""

import argparse
import logging
import os
import tempfile
import threading
import time
import warnings

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import datasets  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
import trl  # noqa: E402

DEFAULTS = {"hidden": 192, "layers": 4, "heads": 6, "intermediate": 448, "vocab": 512, "positions": 256,
            "prompts": 8, "generations": 8, "new": 64, "micro": 64,
            "tokenizer": os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models", "base")}
LEARNING_RATE = 1e-5


def prompt(i):
    """Problem `i`, the same text as in GrpoStep."""
    return f"Numbers: {1 + i % 9} {1 + i * 5 % 9} {1 + i * 7 % 9}. Target: {10 + i * 37 % 89}.\n"


def reward(completions, **_):
    """The share of even characters: groups differ, and nothing else about it matters."""
    return [sum(1 - (ord(c) & 1) for c in text) / max(1, len(text)) for text in completions]


class Steps(transformers.TrainerCallback):
    """Lets the trainer's thread do one step at a time."""

    def __init__(self):
        self.go, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.error, self.closing = None, False

    def on_train_begin(self, args, state, control, **kwargs):
        self.go.acquire()

    def on_step_end(self, args, state, control, **kwargs):
        self.done.release()
        self.go.acquire()
        control.should_training_stop = self.closing
        return control

    def train(self, trainer):
        try:
            trainer.train()
        except BaseException as e:  # noqa: BLE001 - the thread that waits must learn of it
            self.error = e
            self.done.release()

    def run(self):
        self.go.release()
        self.done.acquire()
        if self.error is not None:
            raise self.error


def trainer_of(args, callback, folder):
    compiled = args.get("contender", "sdpa") == "compile"
    attention = "eager" if args.get("contender") == "eager" else "sdpa"
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(args["tokenizer"], "tokenizer.json"), clean_up_tokenization_spaces=False)
    # Ids beyond the model's: never drawn. All prompts are of one length or padded, as TRL does it.
    tokenizer.add_tokens([f"<|unused{i}|>" for i in range(args["vocab"] - len(tokenizer))])
    tokenizer.add_special_tokens({"eos_token": "<|never|>"})
    tokenizer.pad_token = prompt_begin = "<|endoftext|>"
    assert tokenizer.eos_token_id == args["vocab"], (tokenizer.eos_token_id, args["vocab"])
    torch.manual_seed(1)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=args["vocab"], hidden_size=args["hidden"], num_hidden_layers=args["layers"],
        num_attention_heads=args["heads"], num_key_value_heads=args["heads"],
        intermediate_size=args["intermediate"], max_position_embeddings=args["positions"], rms_norm_eps=1e-5,
        tie_word_embeddings=True, attn_implementation=attention, bos_token_id=None, eos_token_id=None))
    sequences = args["prompts"] * args["generations"]
    parts = sequences // args["micro"]
    config = trl.GRPOConfig(
        output_dir=folder, use_cpu=True, bf16=False, fp16=False, gradient_checkpointing=False, report_to="none",
        logging_strategy="no", save_strategy="no", eval_strategy="no", disable_tqdm=True,
        per_device_train_batch_size=args["micro"], gradient_accumulation_steps=parts, steps_per_generation=parts,
        num_generations=args["generations"], max_completion_length=args["new"], num_iterations=1, beta=0.0,
        temperature=1.0, loss_type="dapo", scale_rewards="group", max_grad_norm=1.0, max_steps=1_000_000,
        learning_rate=LEARNING_RATE, lr_scheduler_type="constant", optim="adamw_torch_fused", adam_beta1=0.9,
        adam_beta2=0.95, weight_decay=0.01, dataloader_num_workers=0, dataloader_pin_memory=False,
        shuffle_dataset=False, torch_compile=compiled,
        generation_kwargs={"eos_token_id": None, "bos_token_id": None})
    data = datasets.Dataset.from_dict({"prompt": [prompt_begin + prompt(i) for i in range(1024)]})
    trainer = trl.GRPOTrainer(model=model, reward_funcs=reward, args=config, train_dataset=data,
                              processing_class=tokenizer, callbacks=[callback])
    trainer.remove_callback(transformers.PrinterCallback)
    return trainer


class Run:
    """One optimiser step a call; the trainer's thread ends with it."""

    def __init__(self, steps, trainer):
        self.steps, self.trainer = steps, trainer

    def __call__(self):
        self.steps.run()

    def __del__(self):
        self.steps.closing = True
        self.steps.go.release()


def open(case, args):  # noqa: A001 - the protocol's name
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    logging.disable(logging.WARNING)
    args = DEFAULTS | args
    steps = Steps()
    folder = tempfile.mkdtemp(prefix="torrefy-bench-")
    trainer = trainer_of(args, steps, folder)
    threading.Thread(target=steps.train, args=[trainer], daemon=True).start()
    run = Run(steps, trainer)
    run()
    seen = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    assert seen["completions/mean_length"] == args["new"], seen
    assert seen["frac_reward_zero_std"] == 0, seen
    return run, args["prompts"] * args["generations"] * args["new"], "tokens"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--contender", default="sdpa")
    parser.add_argument("--micro", type=int, default=DEFAULTS["micro"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--time", type=int, default=10)
    parser.add_argument("--split", action="store_true", help="also the rollout's share")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run, work, unit = open("grpo", {"contender": options.contender, "micro": options.micro})
    generate = []
    if options.split:
        inner = run.trainer._generate_single_turn

        def timed(*a, **k):
            start = time.perf_counter()
            out = inner(*a, **k)
            generate.append(time.perf_counter() - start)
            return out

        run.trainer._generate_single_turn = timed
    run()
    seconds = []
    for _ in range(options.time):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    middle = sorted(seconds)[len(seconds) // 2]
    print(f"{middle:.3f} s (lowest {min(seconds):.3f}, highest {max(seconds):.3f}), {work / middle:.0f} {unit}/s")
    if generate:
        print(f"generation {sorted(generate)[len(generate) // 2]:.3f} s")


if __name__ == "__main__":
    main()
