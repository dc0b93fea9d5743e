"""The network 784-128-10: ten batches of 64, twenty steps, three optimizers. mlp.h has the same weights and data."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from formula import bits, unit

BATCH, BATCHES, STEPS, STRIDE = 64, 10, 20, 97


def parameter(shape, bound, stream):
    return torch.from_numpy((2 * unit(math.prod(shape), stream) - 1) * bound).reshape(shape).requires_grad_(True)


def network():
    """Names as nn::sequential gives them."""
    return {"0.weight": parameter((128, 784), 2**-5, 1), "0.bias": parameter((128,), 2**-5, 2),
            "2.weight": parameter((10, 128), 2**-3, 3), "2.bias": parameter((10,), 2**-3, 4)}


def data():
    """Ten patterns of light and dark, one a class, under as much noise."""
    labels = (bits(BATCH * BATCHES, 10) % np.uint64(10)).astype(np.int64)
    noise = unit(BATCH * BATCHES * 784, 11).reshape(-1, 784)
    pattern = (bits(7840, 12) >> np.uint64(31)).astype(np.float64).reshape(10, 784)
    return torch.from_numpy(0.5 * noise + 0.5 * pattern[labels]), torch.from_numpy(labels)


def train(make_optimizer):
    p, (x, labels) = network(), data()
    steps = make_optimizer(p.values())
    losses, first = [], {}
    for step in range(STEPS):
        rows = slice(step % BATCHES * BATCH, (step % BATCHES + 1) * BATCH)
        hidden = F.relu(F.linear(x[rows], p["0.weight"], p["0.bias"]))
        loss = F.cross_entropy(F.linear(hidden, p["2.weight"], p["2.bias"]), labels[rows])
        steps.zero_grad()
        loss.backward()
        first = first or {name: t.grad.clone() for name, t in p.items()}
        steps.step()
        losses.append(loss.item())
    return losses, first


def values():
    """Losses by optimizer; of the gradients of the first step the norm, and all elements or every STRIDE-th."""
    tensors = {}
    for name, chosen in [("sgd", lambda p: torch.optim.SGD(p, lr=0.1)),
                         ("momentum", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
                         ("adam", lambda p: torch.optim.Adam(p, lr=1e-3))]:
        losses, gradients = train(chosen)
        tensors["losses." + name] = losses
    for name, g in gradients.items():
        flat = g.flatten()
        tensors["norm/" + name] = [flat.norm().item()]
        tensors["gradient/" + name] = flat[::STRIDE].tolist() if len(flat) > 10000 else flat.tolist()
    return tensors
