# One case of `qkvbench bench` in plain PyTorch, for `--peer`: eager mode, library modules, nothing tuned.
# Prints one JSON object. The sizes come from the caller, whose table is the only one.
import argparse
import contextlib
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
for name in ("d-model", "layers", "heads", "seq-len", "batch-size", "vocab", "image-size", "channels", "patch",
             "classes", "threads"):
    parser.add_argument("--" + name, type=int, required=True)
parser.add_argument("--family", choices=("encoder", "vit", "gpt"), required=True)
parser.add_argument("--kind", choices=("train", "eval"), required=True)
parser.add_argument("--dtype", choices=("float32", "bfloat16"), required=True)
parser.add_argument("--seconds", type=float, required=True)
args = parser.parse_args()
SYMBOLS = 10  # of the encoder


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(args.d_model, args.d_model) for _ in range(4))
        hidden = torch.ones(args.seq_len, args.seq_len, dtype=torch.bool).triu(1)
        self.register_buffer("hidden", hidden if args.family == "gpt" else None)

    def forward(self, x):
        B, T, d = x.shape
        D = d // args.heads
        q, k, v = (p(x).view(B, T, args.heads, D).transpose(1, 2) for p in (self.query, self.key, self.value))
        scores = q @ k.transpose(2, 3) / math.sqrt(D)
        if self.hidden is not None:
            scores = scores.masked_fill(self.hidden, -math.inf)
        return self.output((scores.softmax(-1) @ v).transpose(1, 2).reshape(B, T, d))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        d = args.d_model
        self.norm1, self.attention, self.norm2 = nn.LayerNorm(d), Attention(), nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        d = args.d_model
        if args.family == "encoder":
            self.embed, self.head = nn.Linear(SYMBOLS, d), nn.Linear(d, SYMBOLS)
        elif args.family == "vit":
            self.embed = nn.Conv2d(args.channels, d, args.patch, stride=args.patch)
            self.cls, self.head = nn.Parameter(torch.zeros(1, 1, d)), nn.Linear(d, args.classes)
        else:
            self.embed = nn.Embedding(args.vocab, d)
        self.positions = nn.Parameter(0.02 * torch.randn(args.seq_len, d))
        self.blocks = nn.Sequential(*(Block() for _ in range(args.layers)))
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        if args.family == "encoder":
            x = F.one_hot(x, SYMBOLS).float()
        x = self.embed(x)
        if args.family == "vit":
            x = torch.cat([self.cls.expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)], dim=1)
        x = self.norm(self.blocks(x + self.positions))
        if args.family == "gpt":
            return F.linear(x, self.embed.weight).flatten(0, 1)
        return self.head(x[:, 0] if args.family == "vit" else x.flatten(0, 1))


def random_batch():
    if args.family == "vit":
        images = torch.randn(args.batch_size, args.channels, args.image_size, args.image_size)
        return images, torch.randint(args.classes, (args.batch_size,))
    symbols = args.vocab if args.family == "gpt" else SYMBOLS
    x, y = torch.randint(symbols, (2, args.batch_size, args.seq_len))
    return x, y.flatten()


torch.set_num_threads(args.threads)
torch.manual_seed(0)
model = Transformer()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = random_batch()


def loss():
    # As PyTorch advises: the forward pass in bfloat16 where that is safe; parameters and Adam stay as they are.
    bfloat16 = args.dtype == "bfloat16"
    with torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else contextlib.nullcontext():
        return F.cross_entropy(model(x), y)


def train_step():
    optimizer.zero_grad()
    loss().backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()


@torch.no_grad()
def eval_step():
    loss()


step = train_step if args.kind == "train" else eval_step
step()
step_s = []
end = time.perf_counter() + args.seconds
while len(step_s) < 3 or time.perf_counter() < end:
    begin = time.perf_counter()
    step()
    step_s.append(time.perf_counter() - begin)
median = sorted(step_s)[len(step_s) // 2]
print(json.dumps({"step_ms": median * 1e3, "tokens_per_s": args.batch_size * args.seq_len / median,
                  "torch": torch.__version__}))
