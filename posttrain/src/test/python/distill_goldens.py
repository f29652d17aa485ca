"""Writes src/test/resources/io/torrefy/posttrain/distill/jsd.json: the generalised Jensen-Shannon divergence of TRL's
GKDTrainer in float64, with its gradient by the student's logits. Run from the module's folder:
python src/test/python/distill_goldens.py (pip install torch==2.13.0 trl==1.13.0)."""
import json
import pathlib

import torch
from trl.experimental.gkd import GKDTrainer

OUT = pathlib.Path("src/test/resources/io/torrefy/posttrain/distill")
OUT.mkdir(parents=True, exist_ok=True)
ROWS, VOCABULARY, HIDDEN = 7, 11, 5


def numbers(tensor):
    return [float(f"{x:.10g}") for x in tensor.flatten().tolist()]


def case(name, student, teacher, trained, beta, temperature):
    """`trained` rows count; the loss is their sum over their number."""
    student = student.clone().requires_grad_(True)
    labels = torch.tensor([0 if t else -100 for t in trained])
    loss = GKDTrainer.generalized_jsd_loss(student[None], teacher[None], labels[None], beta, temperature)
    loss.backward()
    return {"name": name, "beta": beta, "temperature": temperature, "trained": trained, "student": numbers(student),
            "teacher": numbers(teacher), "loss": loss.item(), "gradient": numbers(student.grad)}


def through_matrices(beta):
    """From hidden states: the student's are one narrower than the teacher's."""
    h = torch.randn(ROWS, HIDDEN, dtype=torch.float64).mul(2).requires_grad_(True)
    w = torch.randn(VOCABULARY, HIDDEN, dtype=torch.float64).requires_grad_(True)
    th = torch.randn(ROWS, HIDDEN + 1, dtype=torch.float64).mul(2)
    tw = torch.randn(VOCABULARY, HIDDEN + 1, dtype=torch.float64)
    loss = GKDTrainer.generalized_jsd_loss((h @ w.T)[None], (th @ tw.T)[None], beta=beta, num_items_in_batch=20)
    loss.backward()
    return {"beta": beta, "normaliser": 20, "hidden": numbers(h), "output": numbers(w), "teacher_hidden": numbers(th),
            "teacher_output": numbers(tw), "loss": loss.item(), "hidden_gradient": numbers(h.grad),
            "output_gradient": numbers(w.grad)}


torch.manual_seed(7)
student = torch.randn(ROWS, VOCABULARY, dtype=torch.float64) * 3
teacher = torch.randn(ROWS, VOCABULARY, dtype=torch.float64) * 3
everything, some = [True] * ROWS, [True, False, True, True, False, True, True]
cases = [case(f"beta_{beta}_temperature_{t}", student, teacher, some, beta, t)
         for beta in (0, 0.1, 0.5, 0.9, 1) for t in (1, 0.7)]
cases.append(case("equal", teacher, teacher, everything, 0.5, 1))
far = torch.zeros(ROWS, VOCABULARY, dtype=torch.float64)
far[:, 0], near = 60, far.flip(1)
cases += [case(f"apart_beta_{beta}", far, near, everything, beta, 1) for beta in (0, 0.5, 1)]
golden = {"rows": ROWS, "vocabulary": VOCABULARY, "hidden": HIDDEN, "cases": cases,
          "matrices": [through_matrices(beta) for beta in (0, 0.3, 1)]}
(OUT / "jsd.json").write_text(json.dumps(golden, separators=(",", ":")).replace('},{', '},\n{') + "\n")
