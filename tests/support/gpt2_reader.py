"""GPT-2 in PyTorch, read from the three forms that `qkvbench export` writes, by the rules of those who made them:

    gpt2_reader.py nanogpt|llm.c|huggingface FILE-OR-FOLDER LOGITS IDS-IN-A-ROW ID ID ...

writes the float32 logits of rows of ids to LOGITS. Written from nanoGPT's model.py, llm.c's write_model() and Hugging
Face's GPT2LMHeadModel; nothing of this project is used."""
import json
import os
import struct
import sys

import numpy as np
import torch
import torch.nn as nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, d, heads, bias, eps):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(d, eps=eps), nn.LayerNorm(d, eps=eps)
        if not bias:
            self.ln_1.bias = self.ln_2.bias = None
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(d, 3 * d, bias), "c_proj": nn.Linear(d, d, bias)})
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(d, 4 * d, bias), "c_proj": nn.Linear(4 * d, d, bias)})

    def forward(self, x, gelu):
        B, T, C = x.shape
        q, k, v = self.attn["c_attn"](self.ln_1(x)).split(C, dim=2)
        q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) / (C // self.heads) ** 0.5
        scores = scores.masked_fill(torch.ones(T, T).tril() == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(B, T, C)
        x = x + self.attn["c_proj"](y)
        return x + self.mlp["c_proj"](gelu(self.mlp["c_fc"](self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self, V, P, layers, heads, d, bias=True, eps=1e-5, tanh=False):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(V, d), "wpe": nn.Embedding(P, d),
            "h": nn.ModuleList([Block(d, heads, bias, eps) for _ in range(layers)]), "ln_f": nn.LayerNorm(d, eps=eps)})
        if not bias:
            self.transformer["ln_f"].bias = None
        self.lm_head = nn.Linear(d, V, bias=False)
        self.lm_head.weight = self.transformer["wte"].weight
        self.gelu = (lambda x: 0.5 * x * (1 + torch.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x ** 3)))) if tanh else F.gelu

    def forward(self, ids):
        x = self.transformer["wte"](ids) + self.transformer["wpe"](torch.arange(ids.shape[1]))
        for block in self.transformer["h"]:
            x = block(x, self.gelu)
        return self.lm_head(self.transformer["ln_f"](x))


def nanogpt(path):
    checkpoint = torch.load(path, map_location="cpu")
    a = checkpoint["model_args"]
    model = GPT(a["vocab_size"], a["block_size"], a["n_layer"], a["n_head"], a["n_embd"], a["bias"])
    model.load_state_dict(checkpoint["model"], strict=True)
    return model


def llmc(path):
    with open(path, "rb") as f:
        header = np.frombuffer(f.read(1024), dtype="<i4")
        data = np.frombuffer(f.read(), dtype="<f4")
    assert header[0] == 20240326 and header[1] == 3
    P, V, L, H, C, Vp = (int(n) for n in header[2:8])
    model = GPT(V, P, L, H, C, tanh=True)
    state, at = {}, 0

    def take(*shape):
        nonlocal at
        size = int(np.prod(shape))
        at += size
        return torch.from_numpy(data[at - size:at].copy()).view(*shape)

    state["transformer.wte.weight"] = take(Vp, C)[:V]
    state["transformer.wpe.weight"] = take(P, C)
    for name, shape in (("ln_1.weight", (C,)), ("ln_1.bias", (C,)), ("attn.c_attn.weight", (3 * C, C)),
                        ("attn.c_attn.bias", (3 * C,)), ("attn.c_proj.weight", (C, C)), ("attn.c_proj.bias", (C,)),
                        ("ln_2.weight", (C,)), ("ln_2.bias", (C,)), ("mlp.c_fc.weight", (4 * C, C)),
                        ("mlp.c_fc.bias", (4 * C,)), ("mlp.c_proj.weight", (C, 4 * C)), ("mlp.c_proj.bias", (C,))):
        for layer, tensor in enumerate(take(L, *shape)):
            state[f"transformer.h.{layer}.{name}"] = tensor
    state["transformer.ln_f.weight"], state["transformer.ln_f.bias"] = take(C), take(C)
    assert at == data.size
    state["lm_head.weight"] = state["transformer.wte.weight"]
    model.load_state_dict(state, strict=True)
    return model


def huggingface(folder):
    with open(os.path.join(folder, "config.json")) as f:
        c = json.load(f)
    assert c["model_type"] == "gpt2"
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    model = GPT(c["vocab_size"], c["n_positions"], c["n_layer"], c["n_head"], c["n_embd"],
                eps=c["layer_norm_epsilon"], tanh=c["activation_function"] == "gelu_new")
    state = {}
    for name, entry in head.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensor = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").copy()).view(entry["shape"])
        if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):  # Conv1D is [in, out]
            tensor = tensor.t().contiguous()
        state[name if name.startswith(("transformer.", "lm_head.")) else "transformer." + name] = tensor
    state.setdefault("lm_head.weight", state["transformer.wte.weight"])
    model.load_state_dict(state, strict=True)
    return model


form, path, out, T = sys.argv[1:5]
model = {"nanogpt": nanogpt, "llm.c": llmc, "huggingface": huggingface}[form](path).eval()
ids = torch.tensor([int(word) for word in sys.argv[5:]]).view(-1, int(T))
with torch.no_grad():
    model(ids).numpy().astype("<f4").tofile(out)
