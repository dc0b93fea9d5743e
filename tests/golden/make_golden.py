#!/usr/bin/env python3
"""Golden values from PyTorch: tests/golden/ops.json and tests/golden/mlp.safetensors.

    python3 tests/golden/make_golden.py          (Debian and Ubuntu: python3-torch, python3-numpy)

Everything is computed in float64 from inputs that formula.h makes too, so the files hold results alone. A case is one
line of the tables below: op, the same in PyTorch, inputs, attributes. The files carry the hash of this script; a test
compares the two, so that a changed line asks for new values.
"""

import json
import math
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

# The formula (formula.h): a mixed counter, 23 bits of it as a fraction: what is made of it is exact in f32 -------------


def bits(count, stream):
    mask = np.uint64(0xFFFFFFFF)
    u = (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(stream * 2246822519)) & mask
    u ^= u >> np.uint64(15)
    u = (u * np.uint64(2246822519)) & mask
    u ^= u >> np.uint64(13)
    u = (u * np.uint64(3266489917)) & mask
    return u ^ (u >> np.uint64(16))


def unit(count, stream):
    return (bits(count, stream) >> np.uint64(9)).astype(np.float64) / 2**23


def uniform(*shape, low=-2.0, high=2.0):
    return {"shape": shape, "fill": "uniform", "low": low, "high": high}


def integers(*shape, low, high, dtype="i32"):
    """low .. high, both included."""
    return {"shape": shape, "fill": "integers", "low": low, "high": high, "dtype": dtype}


def grid(*shape, low, high):
    """low, low + 1/2, .. high, and again: meets kinks and ties exactly."""
    return {"shape": shape, "fill": "grid", "low": low, "high": high}


def make(spec, stream):
    count = math.prod(spec["shape"])
    low, high = spec["low"], spec["high"]
    if spec["fill"] == "uniform":
        values = low + (high - low) * unit(count, stream)
    elif spec["fill"] == "integers":
        values = low + (bits(count, stream) % np.uint64(high - low + 1)).astype(np.float64)
    else:
        values = low + 0.5 * (np.arange(count) % int(2 * (high - low) + 1))
    return torch.from_numpy(values).reshape(spec["shape"])


SEED_STREAM = 100  # of the gradient that is handed to the output
cases = []
positive = dict(low=0.1, high=3.0)


def case(op, function, inputs, attrs=None, differentiate=None, tolerance=1e-9, why=""):
    """`differentiate`: which inputs get a gradient; none given: all floating ones."""
    entry = {"op": op, "attrs": attrs or {}, "inputs": [{"dtype": "f32", **i} for i in inputs], "dx": []}
    if differentiate is None:
        differentiate = [i for i, spec in enumerate(entry["inputs"]) if spec["dtype"] == "f32"]
    tensors = [make(spec, i) if spec["dtype"] == "f32" else make(spec, i).long()
               for i, spec in enumerate(entry["inputs"])]
    for i in differentiate:
        tensors[i].requires_grad_(True)
    y = function(*tensors)
    entry["shape"] = list(y.shape)
    entry["y"] = y.detach().flatten().tolist()
    if differentiate:
        y.backward(make(uniform(*y.shape, low=-1.0, high=1.0), SEED_STREAM).reshape(y.shape))
        entry["dx"] = [t.grad.flatten().tolist() if i in differentiate else None for i, t in enumerate(tensors)]
    entry["tolerance"] = tolerance
    if why:
        entry["why"] = why
    cases.append(entry)


# Ops: one line each, at least two shapes ------------------------------------------------------------------------------


def unary(op, function, low=-4.0, high=4.0, kinks=True, **attrs):
    for shape in [(2, 3), (7, 11)]:
        case(op, function, [uniform(*shape, low=low, high=high)], attrs)
    if kinks and low == -4.0:
        case(op, function, [grid(17, low=-4.0, high=4.0)], attrs)


unary("identity", lambda x: x * 1)
unary("relu", F.relu)
unary("leaky_relu", lambda x: F.leaky_relu(x, 0.2), a=0.2)
unary("leaky_relu", F.leaky_relu)
unary("elu", lambda x: F.elu(x, 1.3), a=1.3)
unary("selu", F.selu)
unary("celu", lambda x: F.celu(x, 0.7), a=0.7)
unary("gelu", F.gelu)
unary("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"))
unary("silu", F.silu)
unary("mish", F.mish)
unary("sigmoid", torch.sigmoid)
unary("sigmoid", torch.sigmoid, low=-60.0, high=60.0)
unary("hard_sigmoid", F.hardsigmoid)
unary("hard_swish", F.hardswish, kinks=False)  # at -3 and 3 PyTorch's slope changed between versions
unary("tanh", torch.tanh)
unary("tanh", torch.tanh, low=-30.0, high=30.0)
unary("softplus", lambda x: F.softplus(x, beta=2.0, threshold=1e9), a=2.0)
unary("softsign", F.softsign)
unary("negate", torch.neg)
unary("abs", torch.abs)
unary("square", torch.square)
unary("sqrt", torch.sqrt, **positive)
unary("rsqrt", torch.rsqrt, **positive)
unary("exp", torch.exp)
unary("log", torch.log, **positive)
unary("log1p", torch.log1p, low=-0.5, high=3.0)
unary("reciprocal", torch.reciprocal, **positive)
unary("clamp", lambda x: torch.clamp(x, -1.5, 0.5), a=-1.5, b=0.5)
unary("affine", lambda x: 1.7 * x - 0.3, a=1.7, b=-0.3)

PAIRS = [((7, 11), (7, 11)), ((5, 1, 3), (4, 1)), ((3,), (2, 7, 3)), ((), (13,))]


def binary(op, function, differentiate=None, low=-2.0, high=2.0):
    for a, b in PAIRS:
        case(op, function, [uniform(*a, low=low, high=high), uniform(*b, low=low, high=high)], {}, differentiate)


binary("add", torch.add)
binary("subtract", torch.subtract)
binary("multiply", torch.multiply)
binary("divide", torch.divide, **positive)
binary("minimum", torch.minimum)
binary("maximum", torch.maximum)
binary("pow", torch.pow, **positive)
for op, function in [("equal", torch.eq), ("not_equal", torch.ne), ("less", torch.lt), ("less_equal", torch.le),
                     ("greater", torch.gt), ("greater_equal", torch.ge)]:
    for a, b in PAIRS:
        case(op, lambda x, y, f=function: f(x, y).double(),
             [integers(*a, low=-2, high=2, dtype="f32"), integers(*b, low=-2, high=2, dtype="f32")], {}, [])

F32_FACTOR = dict(tolerance=1e-7, why="the gradient's factor 1 / count is an f32")


def reduce(op, function, fill=uniform, **more):
    for shape, axes in [((7, 11), (1,)), ((7, 11), (0,)), ((5, 3, 4), (0, 2)), ((2, 3, 1, 5), (1,))]:
        for keep in [0, 1]:
            case(op, lambda x: function(x, axes, bool(keep)), [fill(*shape)], {"axes": axes, "keep": keep}, **more)
    case(op, lambda x: function(x, tuple(range(x.dim())), False), [fill(3, 5)], {}, **more)


reduce("sum", torch.sum)
reduce("mean", torch.mean, **F32_FACTOR)
reduce("reduce_max", torch.amax)
reduce("reduce_max", torch.amax, lambda *s: grid(*s, low=-1.0, high=1.0))
reduce("reduce_min", torch.amin)
reduce("reduce_min", torch.amin, lambda *s: grid(*s, low=-1.0, high=1.0))
reduce("norm", lambda x, axes, keep: torch.linalg.vector_norm(x, dim=axes, keepdim=keep))

for shape, to in [((3, 1), (3, 5)), ((7,), (2, 3, 7)), ((1, 4, 1), (3, 4, 5)), ((), (11,))]:
    case("broadcast_to", lambda x: x.broadcast_to(to), [uniform(*shape)], {"shape": to})
for shape, to in [((3, 4), (2, 6)), ((7, 11), (77,)), ((5,), (1, 5, 1))]:
    case("reshape", lambda x: x.reshape(to), [uniform(*shape)], {"shape": to})

for shape in [(1,), (4, 5), (7, 11), (2, 3, 29)]:
    case("softmax", lambda x: torch.softmax(x, -1), [uniform(*shape)])
    case("softmax", lambda x: torch.softmax(x, -1), [uniform(*shape, low=-40.0, high=40.0)])
    case("softmax", lambda x: torch.log_softmax(x, -1), [uniform(*shape)], {"logarithm": 1})
    case("softmax", lambda x: torch.log_softmax(x, -1), [uniform(*shape, low=198.0, high=202.0)], {"logarithm": 1},
         why="a mean of +200")


def matmul(a, b, ta=0, tb=0, **attrs):
    def product(x, y):
        return attrs.get("alpha", 1.0) * torch.matmul(x.mT if ta else x, y.mT if tb else y)
    case("matmul", product, [uniform(*a), uniform(*b)], {"transpose_a": ta, "transpose_b": tb, **attrs})


matmul((1, 1), (1, 1))
matmul((3, 5), (5, 7))
matmul((3, 5), (7, 5), tb=1)
matmul((5, 3), (5, 7), ta=1)
matmul((5, 3), (7, 5), ta=1, tb=1, alpha=0.75)
matmul((2, 3, 5), (2, 5, 7))
matmul((2, 3, 5), (5, 7))
matmul((2, 3, 5), (7, 5), tb=1)
matmul((3, 1, 4, 5), (2, 5, 3))
matmul((3, 5, 4), (1, 2, 5), ta=1, tb=1)
RELU, SIGMOID, GELU = 1, 10, 6  # shaders/common/unary_functions.h
for activation, function in [(0, lambda x: x), (RELU, F.relu), (SIGMOID, torch.sigmoid), (GELU, F.gelu)]:
    case("matmul", lambda x, w, b, f=function: f(F.linear(x, w, b)), [uniform(4, 7), uniform(3, 7), uniform(3)],
         {"transpose_b": 1, "bias": 1, "activation": activation})
case("matmul", lambda x, w, b, r: F.relu(0.5 * x @ w + b + 2 * r),
     [uniform(5, 3), uniform(3, 7), uniform(7), uniform(5, 7)],
     {"bias": 1, "extra": 1, "activation": RELU, "alpha": 0.5, "beta": 2.0})

IGNORED = -1


def classes(x, targets, **more):
    """F.cross_entropy wants the classes on axis 1; here they are last."""
    flat = targets.reshape(-1, x.shape[-1]) if targets.is_floating_point() else targets.flatten()
    y = F.cross_entropy(x.reshape(-1, x.shape[-1]), flat, ignore_index=IGNORED, **more)
    return y.reshape(x.shape[:-1]) if more["reduction"] == "none" else y


for reduction in ["mean", "sum", "none"]:
    for shape in [(7, 11), (2, 3, 10)]:
        logits, labels = uniform(*shape), integers(*shape[:-1], low=0, high=shape[-1] - 1)
        some = integers(*shape[:-1], low=IGNORED, high=1)
        soft, weights = uniform(*shape, low=0.0, high=1.0), uniform(shape[-1], low=0.5, high=2.0)
        word = dict(reduction=reduction)
        for targets in [labels, some, soft]:
            case("softmax_cross_entropy", lambda x, t: classes(x, t, **word), [logits, targets], word, [0])
            case("softmax_cross_entropy", lambda x, t: classes(x, t, label_smoothing=0.1, **word), [logits, targets],
                 {"label_smoothing": 0.1, **word}, [0])
            case("softmax_cross_entropy", lambda x, t, w: classes(x, t, weight=w, **word), [logits, targets, weights],
                 word, [0])
            case("softmax_cross_entropy", lambda x, t, w: classes(x, t, weight=w, label_smoothing=0.1, **word),
                 [logits, targets, weights], {"label_smoothing": 0.1, **word}, [0])
    case("softmax_cross_entropy", lambda x, t: F.nll_loss(x, t, ignore_index=IGNORED, reduction=reduction),
         [uniform(7, 5, low=-5.0, high=-0.1), integers(7, low=-1, high=4)],
         {"log_probabilities": 1, "reduction": reduction}, [0])


def reduced(losses, reduction):
    return {"mean": torch.mean, "sum": torch.sum, "none": lambda x: x * 1}[reduction](losses)


def loss(op, function, p, t, differentiate=(0,), **attrs):
    """`function` gives a loss per element."""
    for shape in [(1,), (7, 11)]:
        for reduction in ["mean", "sum", "none"]:
            case(op, lambda x, y: reduced(function(x, y), reduction), [p(*shape), t(*shape)],
                 {"reduction": reduction, **attrs}, list(differentiate))


def focal(x, t, gamma, alpha):
    p = torch.sigmoid(x)
    of_target = p * t + (1 - p) * (1 - t)
    weight = alpha * t + (1 - alpha) * (1 - t)
    return weight * (1 - of_target) ** gamma * F.binary_cross_entropy_with_logits(x, t, reduction="none")


def probabilities(*shape):
    return uniform(*shape, low=0.05, high=0.95)


def zeros_and_ones(*shape):
    return integers(*shape, low=0, high=1, dtype="f32")


def signs(*shape):
    return {"shape": shape, "fill": "integers", "low": -1, "high": 0, "dtype": "f32"}


NONE = dict(reduction="none")
loss("mse_loss", lambda p, t: F.mse_loss(p, t, **NONE), uniform, uniform, (0, 1))
loss("l1_loss", lambda p, t: F.l1_loss(p, t, **NONE), uniform, uniform, (0, 1))
loss("huber_loss", lambda p, t: F.huber_loss(p, t, delta=0.7, **NONE), uniform, uniform, (0, 1), a=0.7)
loss("smooth_l1_loss", lambda p, t: F.smooth_l1_loss(p, t, beta=0.7, **NONE), uniform, uniform, (0, 1), a=0.7)
loss("log_cosh_loss", lambda p, t: torch.log(torch.cosh(p - t)), uniform, uniform, (0, 1))
loss("binary_cross_entropy", lambda p, t: F.binary_cross_entropy(p, t, **NONE), probabilities, probabilities)
loss("binary_cross_entropy_with_logits",
     lambda p, t: F.binary_cross_entropy_with_logits(p, t, pos_weight=torch.tensor(1.5), **NONE),
     lambda *s: uniform(*s, low=-30.0, high=30.0), zeros_and_ones, a=1.5)
loss("kl_divergence", lambda p, t: F.kl_div(p, t, **NONE), lambda *s: uniform(*s, low=-5.0, high=-0.1), probabilities)
loss("kl_divergence", lambda p, t: F.kl_div(p, t, **NONE), lambda *s: uniform(*s, low=-5.0, high=-0.1), zeros_and_ones)
loss("hinge_loss", lambda p, t: torch.relu(1 - t * p), uniform, signs)
loss("squared_hinge_loss", lambda p, t: torch.relu(1 - t * p) ** 2, uniform, signs)
loss("poisson_log_loss", lambda p, t: F.poisson_nll_loss(p, t, **NONE), uniform,
     lambda *s: integers(*s, low=0, high=5, dtype="f32"))
loss("poisson_loss", lambda p, t: F.poisson_nll_loss(p, t, log_input=False, **NONE),
     lambda *s: uniform(*s, low=0.2, high=4.0), lambda *s: integers(*s, low=0, high=5, dtype="f32"))
loss("focal_loss", lambda p, t: focal(p, t, 2, 0.25), uniform, zeros_and_ones)
loss("focal_loss", lambda p, t: focal(p, t, 1.5, 0.6), uniform, zeros_and_ones, a=1.5, b=0.6)


def gather(x, rows, scale, shift, fill):
    there = (rows >= 0) & (rows < len(x))
    y = scale * x[rows.clamp(0, len(x) - 1)] + shift
    return torch.where(there.reshape(*rows.shape, *[1] * (x.dim() - 1)), y, torch.tensor(fill))


def scatter_add(x, rows, count):
    into = torch.where((rows >= 0) & (rows < count), rows, torch.tensor(count)).flatten()
    flat = x.reshape(-1, *x.shape[rows.dim():])
    return torch.zeros(count + 1, *flat.shape[1:]).index_add(0, into, flat)[:count]


for shape, rows in [((5, 3), (7,)), ((4, 2, 3), (2, 5)), ((11,), (13,))]:
    case("gather", lambda x, i: gather(x, i, 1.0, 0.0, 0.0), [uniform(*shape), integers(*rows, low=0, high=3)])
    case("gather", lambda x, i: gather(x, i, 0.5, -1.0, 9.0), [uniform(*shape), integers(*rows, low=-2, high=12)],
         {"scale": 0.5, "shift": -1.0, "fill": 9.0})
for shape, rows in [((7, 3), (7,)), ((2, 5, 3), (2, 5)), ((13,), (13,))]:
    case("scatter_add", lambda x, i: scatter_add(x, i, 4), [uniform(*shape), integers(*rows, low=-1, high=5)],
         {"rows": 4})


def accuracy(x, targets, top):
    best = x.reshape(-1, x.shape[-1]).topk(top).indices
    targets = targets.reshape(-1, 1)
    right = ((best == targets) & (targets >= 0)).any(1)
    return torch.tensor([float(right.sum()), float((targets >= 0).sum())])


for shape, top in [((37, 5), 1), ((3, 29, 10), 1), ((41, 7), 3)]:
    case("accuracy_count", lambda x, t: accuracy(x, t, top),
         [uniform(*shape), integers(*shape[:-1], low=-1, high=shape[-1] - 1)], {"top": top}, [])

# Ops of which PyTorch has no equal; what proves them instead.
EXEMPT = {
    "unary_backward": "the gradients of the ops above are made of it",
    "softmax_backward": "the gradients of the ops above are made of it",
    "dropout": "PyTorch draws other random numbers; tests/ops checks Philox against the reference bit by bit",
    "batch_indices": "an order of its own; tests/ops checks that it is a permutation",
    "advance_step": "bookkeeping; the optimizers below run on it",
    "finish_step": "advance_step and a row of metrics",
}

# Optimizers: one parameter, four steps --------------------------------------------------------------------------------

GRADIENTS = [0.1, -0.2, 0.3, 0.05]
optimizers = []


def optimizer(name, op, slots, table, make_optimizer, table_error=2e-12, **attrs):
    """`table`: known values, where there are some, that this PyTorch has to agree with."""
    p = torch.tensor([1.0], requires_grad=True)
    steps = make_optimizer(p)
    values = []
    for g in GRADIENTS:
        p.grad = torch.tensor([g])
        steps.step()
        values.append(p.item())
    assert table is None or np.allclose(values, table, rtol=0, atol=table_error), (name, values, table)
    optimizers.append({"name": name, "op": op, "slots": slots, "attrs": attrs, "values": values})


class Lion:
    """Chen et al. 2023, algorithm 2, without weight decay."""

    def __init__(self, p, lr, betas):
        self.p, self.lr, self.betas, self.m = p, lr, betas, 0.0

    def step(self):
        g = self.p.grad
        self.p.data -= self.lr * torch.sign(self.betas[0] * self.m + (1 - self.betas[0]) * g)
        self.m = self.betas[1] * self.m + (1 - self.betas[1]) * g


O = torch.optim
optimizer("sgd", "sgd", 0, [0.999, 1.001, 0.998, 0.9975], lambda p: O.SGD([p], lr=0.01), lr=0.01)
optimizer("sgd_weight_decay", "sgd", 0, None,
          lambda p: O.SGD([p], lr=0.01, weight_decay=0.1), lr=0.01, weight_decay=0.1)
optimizer("momentum", "sgd_momentum", 1, [0.999, 1.0001, 0.99809, 0.995781],
          lambda p: O.SGD([p], lr=0.01, momentum=0.9), lr=0.01, momentum=0.9)
optimizer("momentum_dampening", "sgd_momentum", 1, None,
          lambda p: O.SGD([p], lr=0.01, momentum=0.9, dampening=0.3), lr=0.01, momentum=0.9, dampening=0.3)
optimizer("nesterov", "sgd_momentum", 1, [0.9981, 1.00109, 0.996281, 0.9937029],
          lambda p: O.SGD([p], lr=0.01, momentum=0.9, nesterov=True), lr=0.01, momentum=0.9, nesterov=1)
optimizer("adagrad", "adagrad", 1, [0.990000000010, 0.998944271916, 0.990926434661, 0.989601902304],
          lambda p: O.Adagrad([p], lr=0.01), lr=0.01, eps=1e-10)
optimizer("adagrad_lr_decay", "adagrad", 1, None,
          lambda p: O.Adagrad([p], lr=0.01, lr_decay=0.1), lr=0.01, eps=1e-10, lr_decay=0.1)
optimizer("adadelta", "adadelta", 2, [0.996839302294, 1.000878491061, 0.996010886723, 0.994940428356],
          lambda p: O.Adadelta([p]), lr=1.0, beta2=0.9, eps=1e-6)
optimizer("rmsprop", "rmsprop", 1, [0.900000100000, 0.989532356127, 0.909181928247, 0.895843000401],
          lambda p: O.RMSprop([p]), lr=0.01, beta2=0.99, eps=1e-8)
optimizer("rmsprop_centered", "rmsprop_momentum", 3, None,
          lambda p: O.RMSprop([p], momentum=0.9, centered=True), lr=0.01, beta2=0.99, momentum=0.9, centered=1)
optimizer("adam", "adam", 2, [0.999000000100, 0.999366103604, 0.999022862539, 0.998667154710],
          lambda p: O.Adam([p]), lr=1e-3)
optimizer("adamw", "adam", 2, [0.998990000100, 0.999346113704, 0.998992879178, 0.998627181420],
          lambda p: O.AdamW([p]), lr=1e-3, weight_decay=0.01, decoupled=1)
optimizer("amsgrad", "adam_amsgrad", 3, None, lambda p: O.Adam([p], amsgrad=True), lr=1e-3)
# PyTorch 1.13 multiplies the momentum in twice unless foreach is asked for; later releases do not, and keep the product
# in f32, which the table shows.
optimizer("nadam", "nadam", 2, [0.997887096629, 0.999700211506, 0.997933078182, 0.997517115150],
          lambda p: O.NAdam([p], foreach=True), table_error=1e-10, lr=2e-3, momentum_decay=4e-3)
optimizer("adamax", "adamax", 2, [0.998000000200, 0.998578947539, 0.998084482611, 0.997636423828],
          lambda p: O.Adamax([p]), lr=2e-3)
optimizer("radam", "radam", 2, None, lambda p: O.RAdam([p]), lr=1e-3)
optimizer("lion", "lion", 1, None, lambda p: Lion(p, 1e-4, (0.9, 0.99)), lr=1e-4, beta1=0.9, beta2=0.99)
EXEMPT["average"] = "no update by a gradient; tests/ops holds its formula"

# The network 784-128-10 -----------------------------------------------------------------------------------------------

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


tensors = {}
for name, chosen in [("sgd", lambda p: O.SGD(p, lr=0.1)), ("momentum", lambda p: O.SGD(p, lr=0.05, momentum=0.9)),
                     ("adam", lambda p: O.Adam(p, lr=1e-3))]:
    losses, gradients = train(chosen)
    tensors["losses." + name] = losses
for name, g in gradients.items():
    flat = g.flatten()
    tensors["norm/" + name] = [flat.norm().item()]
    tensors["gradient/" + name] = flat[::STRIDE].tolist() if len(flat) > 10000 else flat.tolist()

# Files ----------------------------------------------------------------------------------------------------------------


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


script = fnv1a(pathlib.Path(__file__).read_bytes())
head = {"script": script, "torch": torch.__version__}


def lines(rows):
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]"


(HERE / "ops.json").write_text(
    '{"script": "%s", "torch": "%s",\n"exempt": %s,\n"cases": %s,\n"optimizers": %s}\n'
    % (script, torch.__version__, json.dumps(EXEMPT, indent=1), lines(cases), lines(optimizers)))

header, body = {"__metadata__": head}, b""
for name, values in tensors.items():
    start = len(body)
    body += struct.pack(f"<{len(values)}f", *values)
    header[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": [start, len(body)]}
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
(HERE / "mlp.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)

print(f"{len(cases)} cases, {len(optimizers)} optimizers, script {script}, torch {torch.__version__}")
for name in ["sgd", "momentum", "adam"]:
    print(f"{name:9}", " ".join(f"{v:.4f}" for v in tensors["losses." + name]))
