"""Writes src/test/resources/io/torrefy/lm/tokenizer: small tokenizers of every supported make and what
Hugging Face `tokenizers` says of them. Run from the module's folder: python src/test/python/tokenizer_goldens.py
(pip install tokenizers==0.23.2)."""
import json
import pathlib

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

OUT = pathlib.Path("src/test/resources/io/torrefy/lm/tokenizer")
CORPUS = [
    "The roaster turned the drum twice, and the beans went from green to brown. It's 3:45, isn't it? We'll see.",
    "def roast(beans, minutes=12):\n    return [b for b in beans if b.moisture < 0.11]\n\n\n# 1234567 beans, 20 degrees",
    "Der Röster drehte die Trommel zweimal. Die Bohnen wurden größer. Grüße aus Köln!",
    "咖啡豆在烘焙的时候会变色。烘焙的时间很重要。コーヒー豆を焙煎する。",
    "12 + 34 = 46, 99 * 3 = 297 and 1024 / 8 = 128; 7 - 5 = 2. 12 + 34 = 46",
] * 4
TEXTS = [
    "", " ", "the beans", "  two  spaces  ", "The ROASTER'S drum isn't; WE'LL see, I'D say 'tis",
    "1234567890 12 + 34 = 46 1,000.50", "\n\n  \n x\r\n\ty \u00a0z\u3000w\u0085v\u2028u", "größer GRÖSSER e\u0301 \u00e9 \ufb01",
    "咖啡豆 12豆 コーヒー豆", "🙂👩‍👩‍👧‍👦 beans 🌊", "½ ² ① １２３ Ⅷ ٣٤", "a_b-c/d\\e@f#g {h} [i] (j)", "x" * 100 + " " + "the " * 30,
    "<s>the<|end|> beans <|end|>\n", "a <mask> b<mask>c  <mask>  d", "roastword word roast word", "the bean-word word.",
    "word", "<|end|><|end|>", "<|e", "<|end|", "Köln ß ſ K \u0149 naïve", "\u0000\u0001\ufeff", "don't 'S 'ſ 'LL 'K",
    " leading", "\u200d word\u200d", "中文<s>中文", "ABC" * 20, "\ud7ff\ue000", "tail  ",
]
BYTES = pre_tokenizers.ByteLevel.alphabet()
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
POSSESSIVE = (r"[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
CAMEL = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
         r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[\p{Han}]+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def train(tok, size, specials=(), alphabet=BYTES):
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, special_tokens=list(specials), show_progress=False,
                                                        initial_alphabet=alphabet))
    return tok


def isolated(regex):
    return pre_tokenizers.Split(Regex(regex), behavior="isolated")


def byte_level(regex=False, prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)


def sequence(*steps):
    return pre_tokenizers.Sequence(list(steps))


def llama3():
    tok = Tokenizer(models.BPE(ignore_merges=True))
    tok.pre_tokenizer = sequence(isolated(LLAMA3), byte_level())
    tok.decoder = decoders.ByteLevel()
    train(tok, 400, ["<s>", "<|end|>"])
    tok.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 0)])])
    return tok, "strings"


def smollm():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = sequence(pre_tokenizers.Digits(individual_digits=True), byte_level(regex=True))
    tok.decoder = decoders.ByteLevel()
    train(tok, 380, ["<s>", "<|end|>"])
    tok.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True),
                            AddedToken("<pad>", rstrip=True, special=True)])
    tok.add_tokens([AddedToken("word", single_word=True), AddedToken("Köln", normalized=True),
                    AddedToken("<|end|>\n", rstrip=True, normalized=False)])
    tok.post_processor = processors.TemplateProcessing(single="<s> $A <|end|>", special_tokens=[("<s>", 0), ("<|end|>", 1)])
    return tok, "pairs"


def prefixed():
    tok = Tokenizer(models.BPE())
    tok.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tok.pre_tokenizer = byte_level(regex=True, prefix=True)
    tok.decoder = decoders.ByteLevel()
    train(tok, 360, ["<s>", "<|end|>"])
    tok.add_tokens([AddedToken("WORD", normalized=True), AddedToken("Roaster", normalized=False)])
    tok.post_processor = processors.RobertaProcessing(("<|end|>", 1), ("<s>", 0))
    return tok, "strings"


def deepseek():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = sequence(
        isolated(r"\p{N}{1,3}"), isolated(r"[一-龥\u3040-ゟ゠-ヿ]+"),
        isolated(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
                 r"|\s*[\r\n]+|\s+(?!\S)|\s+"), byte_level())
    tok.decoder = decoders.ByteLevel()
    return train(tok, 420, ["<s>", "<|end|>"]), "pairs"


def behaviors():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = sequence(
        pre_tokenizers.Split(" ", behavior="merged_with_next"), pre_tokenizers.Split(Regex(r"[,.;!?]"), "merged_with_previous"),
        pre_tokenizers.Split(Regex(r"\d"), "contiguous"), pre_tokenizers.Split(Regex(r"\w+"), "isolated", invert=True),
        pre_tokenizers.Split("_", "removed"), byte_level())
    tok.decoder = decoders.ByteLevel()
    return train(tok, 330, ["<s>"]), "pairs"


def possessive():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = sequence(isolated(POSSESSIVE), byte_level())
    tok.decoder = decoders.ByteLevel()
    return train(tok, 400, ["<s>"]), "pairs"


def camel():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = sequence(isolated(CAMEL), byte_level())
    tok.decoder = decoders.ByteLevel()
    return train(tok, 400, ["<s>"]), "pairs"


def sentencepiece(fallback):
    specials = ["<unk>", "<s>", "</s>"] + ([f"<0x{b:02X}>" for b in range(256)] if fallback else [])
    tok = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=fallback, fuse_unk=not fallback))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    train(tok, len(specials) + 110, specials, [])
    data = json.loads(tok.to_str())
    data["added_tokens"] = data["added_tokens"][:3]
    tok = Tokenizer.from_str(json.dumps(data))
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                     decoders.Strip(content=" ", left=1)])
    tok.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tok, "pairs"


def dump(name, tok, merges):
    data = json.loads(tok.to_str())
    if merges == "strings":
        data["model"]["merges"] = [" ".join(m) for m in data["model"]["merges"]]
    (OUT / name).mkdir(parents=True, exist_ok=True)
    (OUT / name / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")
    tok = Tokenizer.from_file(str(OUT / name / "tokenizer.json"))
    cases = []
    for text in TEXTS:
        plain = tok.encode(text, add_special_tokens=False).ids
        tok.encode_special_tokens = True
        ordinary = tok.encode(text, add_special_tokens=False).ids
        tok.encode_special_tokens = False
        cases.append({"text": text, "ids": plain, "with_specials": tok.encode(text).ids, "ordinary": ordinary,
                      "decoded": tok.decode(plain, skip_special_tokens=False),
                      "decoded_skip_special": tok.decode(plain, skip_special_tokens=True)})
    shuffled = [(i * 7919 + 13) % tok.get_vocab_size() for i in range(200)]
    garbage = [{"ids": shuffled[i:i + 20], "decoded": tok.decode(shuffled[i:i + 20], skip_special_tokens=False),
                "decoded_skip_special": tok.decode(shuffled[i:i + 20], skip_special_tokens=True)} for i in range(0, 200, 20)]
    golden = {"vocab_size": tok.get_vocab_size(), "encode": cases, "decode": garbage}
    (OUT / name / "cases.json").write_text(json.dumps(golden, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")


dump("llama3", *llama3())
dump("smollm", *smollm())
dump("prefixed", *prefixed())
dump("deepseek", *deepseek())
dump("behaviors", *behaviors())
dump("possessive", *possessive())
dump("camel", *camel())
dump("byte_fallback", *sentencepiece(True))
dump("unknown", *sentencepiece(False))


def words_and_numbers(digits):
    number = r"\p{N}" if digits == 1 else r"\p{N}{1,%d}" % digits
    return (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + number +
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def trained(texts, size, digits, minimum, specials):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = sequence(isolated(words_and_numbers(digits)), byte_level())
    tok.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, min_frequency=minimum, special_tokens=specials,
                                                       show_progress=False, initial_alphabet=BYTES))
    model = json.loads(tok.to_str())["model"]
    vocab = sorted(model["vocab"], key=model["vocab"].get)
    return {"texts": texts, "vocab_size": size, "digits": digits, "min_frequency": minimum, "specials": specials,
            "vocab": vocab, "merges": model["merges"]}


TRACES = [f"{a} + {b} = {a + b}, {a} - {b} = {a - b}, not {(a * b) % 23}. Try {b} * {a} = {a * b}: yes!\n"
          for a in range(2, 19, 3) for b in range(3, 140, 17)]
TRAINED = [trained(TRACES, 330, 1, 2, ["<|endoftext|>"]), trained(TRACES, 420, 3, 2, ["<|endoftext|>", "<think>", "</think>"]),
           trained(CORPUS, 500, 3, 2, []), trained(CORPUS[:5], 700, 1, 0, ["<s>"]), trained(["aaaa aaaa aaaaaaa baaab"], 270, 2, 1, []),
           trained(CORPUS + TRACES, 2000, 2, 5, ["<s>"])]
(OUT / "trained.json").write_text(json.dumps(TRAINED, indent=0) + "\n", encoding="utf-8")
