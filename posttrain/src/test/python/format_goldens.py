"""Writes src/test/resources/io/torrefy/posttrain/formats: ids and masks that `transformers` makes of conversations, and
Parquet files of nested samples. Run from the module's folder: python src/test/python/format_goldens.py
(pip install transformers==5.18.0 jinja2==3.1.6 pyarrow)."""
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
from transformers import PreTrainedTokenizerFast

OUT = pathlib.Path("src/test/resources/io/torrefy/posttrain/formats")
OUT.mkdir(parents=True, exist_ok=True)
TOKENIZER = pathlib.Path("../fixtures/tokenizer/bpe_qwen/tokenizer.json")

TURN = "{{ '<|im_start|>' + message['role'] + '\\n' }}"
PLAIN = ("{% for message in messages %}" + TURN + "{{ message['content'] + '<|im_end|>\\n' }}{% endfor %}"
         "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


def marked(inside, after):
    """PLAIN with the assistant's contents and `inside` in a generation block."""
    return ("{% for message in messages %}" + TURN + "{% if message['role'] == 'assistant' %}"
            "{% generation %}{{ message['content'] + '" + inside + "' }}{% endgeneration %}{{ '" + after + "' }}"
            "{% else %}{{ message['content'] + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


TEMPLATES = {
    "marked": marked("<|im_end|>", "\\n"),  # the turn's end is trained, the line feed after it is not
    "unstopped": marked("", "<|im_end|>\\n"),  # the turn's end is never trained
    "turns": marked("<|im_end|>\\n", ""),  # what PLAIN adds for a turn of the assistant
}

S = {"role": "system", "content": "Be brief."}
U = {"role": "user", "content": "Röste 豆, please 🙂!"}
A = {"role": "assistant", "content": "Done: 豆 🙂 är klart."}
# No span ends inside a character of several tokens: of such a one `transformers` masks the first token only.
CONVERSATIONS = [[U, A], [S, U, A, dict(U, content="Again?"), dict(A, content="No.")], [U, dict(A, content=" ")],
                 [U, dict(A, content="🙂!"), U, dict(A, content="a\n\nb  c")], [A, U, A]]

tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), eos_token="<|im_end|>")
result = {"plain": PLAIN, "templates": TEMPLATES, "cases": []}
for messages in CONVERSATIONS:
    case = {"messages": messages, "masks": {}}
    for name, template in TEMPLATES.items():
        out = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=True, return_dict=True,
                                            return_assistant_tokens_mask=True)
        case["ids"] = list(out["input_ids"])
        case["masks"][name] = list(out["assistant_masks"])
    prompt = tokenizer.apply_chat_template(messages[:-1], chat_template=PLAIN, tokenize=True, return_dict=True,
                                           add_generation_prompt=True)
    case["prompt"] = list(prompt["input_ids"])
    result["cases"].append(case)
(OUT / "encoded.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(pa.string()))])
CHAT = pa.list_(MESSAGE)


def write(name, rows, schema):
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(schema)), OUT / name, compression="NONE")


write("messages.parquet", [{"messages": c, "id": i} for i, c in enumerate(CONVERSATIONS[:2])],
      [("messages", CHAT), ("id", pa.int64())])
write("preference.parquet", [{"chosen": [U, A], "rejected": [U, dict(A, content="No.")], "score": 0.5}],
      [("chosen", CHAT), ("rejected", CHAT), ("score", pa.float64())])
write("unpaired.parquet", [{"prompt": "p", "completion": "c", "label": True}, {"prompt": "p", "completion": "d", "label": False}],
      [("prompt", pa.string()), ("completion", pa.string()), ("label", pa.bool_())])
write("stepwise.parquet", [{"prompt": "1 + 2", "completions": ["one", "three"], "labels": [True, False]}],
      [("prompt", pa.string()), ("completions", pa.list_(pa.string())), ("labels", pa.list_(pa.bool_()))])
write("prompts.parquet", [{"prompt": [U], "answer": 7}, {"prompt": [S, dict(U, content="Again?")], "answer": 8}],
      [("prompt", CHAT), ("answer", pa.int64())])
