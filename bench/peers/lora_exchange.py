"""Adapters between Torrefy and PEFT.

    python lora_exchange.py make MODEL OUT     # an adapter with random factors, by PEFT, and the logits with it
    python lora_exchange.py check MODEL OUT    # loads what Lora.save wrote to OUT with PEFT, prints the logits' distance
    python lora_exchange.py make-scores MODEL OUT    # the same of a reward model (SEQ_CLS), whose head is saved whole,
    python lora_exchange.py check-scores MODEL OUT   # and its scores; OUT is what ValueModel.saveAdapter wrote

MODEL is a folder of Hugging Face's layout. `make` made fixtures/models/llama_tied_lora, `make-scores`
fixtures/models/llama_tied_scores_lora.
"""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

IDS = torch.tensor([[5, 9, 4, 17, 3, 8, 8, 21]])


def make(model, out):
    torch.manual_seed(1)
    config = LoraConfig(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")
    peft = get_peft_model(AutoModelForCausalLM.from_pretrained(model), config)
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_" in name:
                parameter.normal_(0, 0.2)
        logits = peft(IDS).logits
    peft.save_pretrained(out)
    save_file({"in.ids": IDS[0], "out.logits": logits[0].contiguous()}, Path(out) / "io.safetensors")
    Path(out, "README.md").unlink(missing_ok=True)


def check(model, out):
    peft = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model), out)
    with torch.no_grad():
        logits = peft(IDS).logits[0]
    print("largest difference", (logits - load_file(Path(out) / "io.safetensors")["out.logits"]).abs().max().item())


def scorer(model):
    return AutoModelForSequenceClassification.from_pretrained(model, num_labels=1)


def make_scores(model, out):
    torch.manual_seed(2)
    config = LoraConfig(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"], task_type="SEQ_CLS")
    peft = get_peft_model(scorer(model), config)
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_" in name or "score.modules_to_save" in name:
                parameter.normal_(0, 0.2)
        scores = peft(IDS).logits
    peft.save_pretrained(out)
    save_file({"in.ids": IDS[0], "out.scores": scores[0].contiguous()}, Path(out) / "io.safetensors")
    Path(out, "README.md").unlink(missing_ok=True)


def check_scores(model, out):
    peft = PeftModel.from_pretrained(scorer(model), out)
    with torch.no_grad():
        score = peft(IDS).logits[0]
    print("largest difference", (score - load_file(Path(out) / "io.safetensors")["out.scores"]).abs().max().item())


if __name__ == "__main__":
    commands = {"make": make, "check": check, "make-scores": make_scores, "check-scores": check_scores}
    commands[sys.argv[1]](*sys.argv[2:])
