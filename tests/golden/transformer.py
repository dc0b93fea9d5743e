"""A transformer over letters: two blocks of 64 features and 4 heads, rotary positions; twenty steps of two optimizers.

transformer.h has the same weights and letters, nn::sequential the same names.
"""

import math

import torch
import torch.nn.functional as F

from formula import bits, unit

LETTERS, WINDOW, WIDTH, HEADS, BATCH, BATCHES, STEPS = 28, 16, 64, 4, 4, 5, 20


def parameters():
    """Name, shape, what they are spread around and how far, in the order of their streams."""
    yield "0.weight", (LETTERS, WIDTH), 0.0, 1.0
    for block in ["1", "2"]:
        for norm in ["norm1", "norm2"]:
            yield f"{block}.{norm}.weight", (WIDTH,), 1.0, 0.25
            yield f"{block}.{norm}.bias", (WIDTH,), 0.0, 0.25
        for name, out, into in [("attention.q_proj", WIDTH, WIDTH), ("attention.k_proj", WIDTH, WIDTH),
                                ("attention.v_proj", WIDTH, WIDTH), ("attention.out_proj", WIDTH, WIDTH),
                                ("up", 4 * WIDTH, WIDTH), ("down", WIDTH, 4 * WIDTH)]:
            yield f"{block}.{name}.weight", (out, into), 0.0, 0.125
            yield f"{block}.{name}.bias", (out,), 0.0, 0.125
    yield "3.weight", (WIDTH,), 1.0, 0.25
    yield "3.bias", (WIDTH,), 0.0, 0.25
    yield "4.weight", (LETTERS, WIDTH), 0.0, 0.125
    yield "4.bias", (LETTERS,), 0.0, 0.125


def network():
    return {name: torch.from_numpy(middle + spread * (2 * unit(math.prod(shape), stream) - 1)).reshape(shape)
            .requires_grad_(True) for stream, (name, shape, middle, spread) in enumerate(parameters(), 1)}


def letters():
    """Each row counts up from its start in its stride, over all letters: [BATCH * BATCHES, WINDOW + 1]."""
    rows = torch.from_numpy(bits(2 * BATCH * BATCHES, 100).astype("int64")).reshape(-1, 2)
    return (rows[:, :1] + (1 + rows[:, 1:] % 3) * torch.arange(WINDOW + 1)) % LETTERS


def rotated(x):
    """[B, H, T, D]: the pair (d, d + D/2) as a complex number, turned by t / 10000^(2 d / D)."""
    low, high = x.chunk(2, -1)
    angle = torch.outer(torch.arange(float(WINDOW)), 10000.0 ** (-torch.arange(float(low.shape[-1])) / low.shape[-1]))
    y = torch.complex(low, high) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([y.real, y.imag], -1)


def block(p, name, x):
    def layer(what, from_):
        return F.linear(from_, p[f"{name}.{what}.weight"], p[f"{name}.{what}.bias"])

    def norm(what):
        return F.layer_norm(x, (WIDTH,), p[f"{name}.{what}.weight"], p[f"{name}.{what}.bias"])

    q, k, v = (layer(f"attention.{part}_proj", norm("norm1")).unflatten(-1, (HEADS, -1)).transpose(1, 2)
               for part in "qkv")
    scores = rotated(q) @ rotated(k).mT / math.sqrt(WIDTH // HEADS)
    y = (scores + torch.full((WINDOW, WINDOW), -math.inf).triu(1)).softmax(-1) @ v
    x = x + layer("attention.out_proj", y.transpose(1, 2).flatten(2))
    return x + layer("down", F.gelu(layer("up", norm("norm2"))))


def train(make_optimizer):
    p, text = network(), letters()
    steps, losses = make_optimizer(p.values()), []
    for step in range(STEPS):
        rows = text[step % BATCHES * BATCH:][:BATCH]
        x = block(p, "2", block(p, "1", p["0.weight"][rows[:, :-1]]))
        x = F.layer_norm(x, (WIDTH,), p["3.weight"], p["3.bias"])
        loss = F.cross_entropy(F.linear(x, p["4.weight"], p["4.bias"]).flatten(0, 1), rows[:, 1:].flatten())
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    return losses


def values():
    return {"losses.sgd": train(lambda p: torch.optim.SGD(p, lr=0.1)),
            "losses.adam": train(lambda p: torch.optim.Adam(p, lr=1e-3))}
