"""The golden cases of the ops: one line each with the op, the same in PyTorch, its inputs and its attributes.

Every op has at least two shapes, odd ones among them, or a reason in EXEMPT.
"""

import torch
import torch.nn.functional as F

from formula import grid, integers, make, uniform

SEED_STREAM = 100  # of the gradient that is handed to the output
cases = []
positive = dict(low=0.1, high=3.0)


def case(op, function, inputs, attrs=None, differentiate=None, tolerance=1e-9, why="", output=0, of_largest=1e-14):
    """`differentiate`: which inputs get a gradient; none given: all floating ones. `output`: which of the op's.
    `of_largest`: what is allowed besides, of the largest element, where terms cancel."""
    entry = {"op": op, "attrs": attrs or {}, "inputs": [{"dtype": "f32", **i} for i in inputs], "dx": [],
             "output": output}
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
    if of_largest != 1e-14:
        entry["of_largest"] = of_largest
    if why:
        entry["why"] = why
    cases.append(entry)


def unary(op, function, low=-4.0, high=4.0, kinks=True, tolerance=1e-9, why="", **attrs):
    fills = [uniform(2, 3, low=low, high=high), uniform(5, 7, low=low, high=high)]
    if kinks and low == -4.0:
        fills.append(grid(17, low=low, high=high))
    for fill in fills:
        case(op, function, [fill], attrs, tolerance=tolerance, why=why)


unary("identity", lambda x: x * 1)
unary("relu", F.relu)
unary("leaky_relu", lambda x: F.leaky_relu(x, 0.2), a=0.2)
unary("leaky_relu", F.leaky_relu)
unary("elu", lambda x: F.elu(x, 1.3), a=1.3)
unary("selu", F.selu)
unary("celu", lambda x: F.celu(x, 0.75), a=0.75)  # PyTorch rounds alpha to f32 in backward: one that is exact
unary("gelu", F.gelu)
unary("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"))
unary("silu", F.silu)
unary("mish", F.mish)
unary("sigmoid", torch.sigmoid)
unary("sigmoid", torch.sigmoid, low=-60.0, high=60.0)
unary("hard_sigmoid", F.hardsigmoid, tolerance=1e-7, why="PyTorch's slope of 1/6 is an f32")
unary("sin", torch.sin)
unary("cos", torch.cos)
unary("tan", torch.tan, low=-1.4, high=1.4)
unary("asin", torch.asin, low=-0.9, high=0.9)
unary("acos", torch.acos, low=-0.9, high=0.9)
unary("atan", torch.atan)
unary("sinh", torch.sinh)
unary("cosh", torch.cosh)
unary("asinh", torch.asinh)
unary("acosh", torch.acosh, low=1.1, high=5.0)
unary("atanh", torch.atanh, low=-0.9, high=0.9)
unary("erf", torch.erf)
unary("erfc", torch.erfc)
unary("erfinv", torch.erfinv, low=-0.9, high=0.9)
unary("erfinv", torch.erfinv, low=-0.9999999, high=-0.9)
unary("exp2", torch.exp2)
unary("expm1", torch.expm1)
unary("log2", torch.log2, **positive)
unary("log10", torch.log10, **positive)
for flat in ("sign", "floor", "ceil", "round", "trunc"):
    for shape in ((2, 3), (5, 7)):
        case(flat, getattr(torch, flat), [uniform(*shape, low=-4.0, high=4.0)], {}, [])
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
binary("fmod", torch.fmod, **positive)
binary("remainder", torch.remainder, **positive)
binary("atan2", torch.atan2)
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
for shape in [(5,), (7, 11)]:
    case("stop_gradient", lambda x: x.detach(), [uniform(*shape)], {}, [])

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
    for shape in [(5, 7), (2, 3, 5)]:
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
    for shape in [(1,), (5, 7)]:
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


def scatter(x, rows, how, start):
    """Two rows, to which something always comes."""
    flat = x.reshape(-1, *x.shape[rows.dim():])
    places = rows.flatten().reshape(-1, *[1] * (flat.dim() - 1)).expand_as(flat)
    return torch.full((2, *flat.shape[1:]), start).scatter_reduce(0, places, flat, how, include_self=False)


for op, how in [("scatter_max", "amax"), ("scatter_min", "amin"), ("scatter_multiply", "prod")]:
    for shape, rows in [((7, 3), (7,)), ((2, 5, 3), (2, 5)), ((13,), (13,))]:
        case(op, lambda x, i: scatter(x, i, how, 0.0), [uniform(*shape), integers(*rows, low=0, high=1)], {"rows": 2})


def truth(*shape):
    return integers(*shape, low=0, high=1, dtype="f32")


for shapes in [((7, 11), (7, 11), (7, 11)), ((5, 1), (4,), (3, 5, 4)), ((2, 1, 3), (), (7, 1))]:
    case("where", lambda c, a, b: torch.where(c != 0, a, b),
         [truth(*shapes[0]), uniform(*shapes[1]), uniform(*shapes[2])], {}, [1, 2])
for shape, axes in [((3, 5), (1, 0)), ((2, 3, 5), (2, 0, 1)), ((7, 1, 2, 3), (0, 3, 1, 2))]:
    case("transpose", lambda x: x.permute(axes), [uniform(*shape)], {"axes": axes})
for shape, begin, end in [((7, 11), (2, 3), (7, 4)), ((13,), (5,), (12,)), ((3, 5, 4), (0, 1, 2), (3, 4, 4))]:
    case("slice", lambda x: x[tuple(slice(*p) for p in zip(begin, end))], [uniform(*shape)],
         {"begin": begin, "end": end})
for shape, before, after in [((7, 11), (1, 0), (2, 3)), ((5,), (4,), (0,)), ((2, 3, 4), (0, 1, 2), (1, 1, 0))]:
    sides = [side for pair in zip(reversed(before), reversed(after)) for side in pair]
    case("pad", lambda x: F.pad(x, sides, value=0.5), [uniform(*shape)],
         {"before": before, "after": after, "value": 0.5})
for shapes, axis in [(((3, 5), (2, 5)), 0), (((7, 1), (7, 4), (7, 2), (7, 3)), 1), (((2, 3, 4), (2, 1, 4)), 1)]:
    case("concat", lambda *parts: torch.cat(parts, axis), [uniform(*shape) for shape in shapes], {"axis": axis})
for shape, axis in [((7, 11), 1), ((7, 11), 0), ((2, 29, 3), 1)]:
    for keep in [0, 1]:
        case("argmax", lambda x: x.argmax(axis, bool(keep)).double(), [uniform(*shape)],
             {"axis": axis, "keep": keep}, [])
for dtype, to in [("i32", torch.int32), ("u8", torch.uint8), ("bool", torch.bool)]:
    low = 0.0 if dtype == "u8" else -9.0
    for shape in [(7, 11), (5,)]:
        case("cast", lambda x: x.to(to).double(), [uniform(*shape, low=low, high=9.0)], {"dtype": dtype}, [])


def conv_weight(x, dy, kernel, **more):
    """The gradient of conv2d for its weight, itself differentiable."""
    weight = torch.zeros(dy.shape[1], x.shape[1] // more.get("groups", 1), *kernel, requires_grad=True)
    return torch.autograd.grad(F.conv2d(x, weight, **more), weight, dy, create_graph=True)[0]


CONVOLUTIONS = [  # x, weight, stride, padding, dilation, groups
    ((1, 1, 5, 5), (1, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1),
    ((2, 3, 7, 6), (4, 3, 3, 2), (2, 1), (1, 1), (1, 1), 1),
    ((2, 4, 8, 9), (6, 2, 3, 3), (2, 3), (1, 2), (2, 1), 2),
    ((1, 5, 4, 7), (5, 1, 2, 3), (1, 2), (1, 0), (1, 1), 5),
]
for x, weight, stride, padding, dilation, groups in CONVOLUTIONS:
    how = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    y = tuple(F.conv2d(torch.zeros(x), torch.zeros(weight), **how).shape)
    case("conv2d", lambda x, w: F.conv2d(x, w, **how), [uniform(*x), uniform(*weight)], how)
    case("conv2d", lambda x, w, b: F.conv2d(x, w, b, **how), [uniform(*x), uniform(*weight), uniform(weight[0])],
         {**how, "bias": 1})
    rest = tuple(x[2 + i] - ((y[2 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (weight[2 + i] - 1) + 1)
                 for i in range(2))
    case("conv2d_input", lambda dy, w, b: F.conv_transpose2d(dy, w, b, output_padding=rest, **how),
         [uniform(*y), uniform(*weight), uniform(x[1])], {**how, "bias": 1, "height": x[2], "width": x[3]})
    case("conv2d_weight", lambda x, dy: conv_weight(x, dy, weight[2:], **how), [uniform(*x), uniform(*y)],
         {**how, "kernel": weight[2:]})


WINDOWS = [  # x, kernel, stride, padding, ceil
    ((1, 1, 4, 4), (2, 2), (2, 2), (0, 0), False),
    ((2, 3, 7, 5), (3, 2), (2, 1), (1, 1), False),
    ((1, 2, 8, 11), (3, 4), (3, 3), (1, 2), True),
]
for shape, kernel, stride, padding, ceil in WINDOWS:
    how = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": int(ceil)}
    for fill in [uniform(*shape), grid(*shape, low=-1.0, high=1.0)]:
        case("max_pool2d", lambda x: F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil), [fill], how)
    for count_pad in [0, 1]:
        case("avg_pool2d", lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil, bool(count_pad)), [uniform(*shape)],
             {**how, "count_pad": count_pad})
case("max_pool2d", lambda x: F.max_pool2d(x, (2, 3), (1, 2), (1, 1), (2, 1)), [uniform(2, 1, 7, 9)],
     {"kernel": (2, 3), "stride": (1, 2), "padding": (1, 1), "dilation": (2, 1)})
for shape, size in [((2, 7, 11), (3, 4)), ((1, 2, 5, 4), (1, 1)), ((3, 2, 5), (4, 7))]:
    case("max_pool2d", lambda x: F.adaptive_max_pool2d(x, size), [uniform(*shape)], {"size": size})
    case("avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, size), [uniform(*shape)], {"size": size})
for shape, size in [((1, 1, 3, 2), (6, 4)), ((2, 3, 5, 7), (7, 13)), ((1, 2, 7, 5), (3, 4)), ((1, 1, 1, 4), (3, 1))]:
    case("upsample", lambda x: F.interpolate(x, size), [uniform(*shape)], {"size": size})
    for corners in [0, 1]:
        case("upsample", lambda x: F.interpolate(x, size, mode="bilinear", align_corners=bool(corners)),
             [uniform(*shape)], {"size": size, "linear": 1, "align_corners": corners})


def rms_norm(x, axes, eps=1e-5):
    return x * torch.rsqrt(x.square().mean(tuple(range(-axes, 0)), keepdim=True) + eps)


for shape, axes in [((4, 7), 1), ((2, 3, 5, 11), 2), ((3, 1, 29), 1)]:
    rows = shape[-axes:]
    gamma, beta = uniform(*rows, low=0.5, high=1.5), uniform(*rows)
    case("layer_norm", lambda x: F.layer_norm(x, rows), [uniform(*shape)], {"axes": axes})
    case("layer_norm", lambda x, g, b: F.layer_norm(x, rows, g, b, 1e-3), [uniform(*shape), gamma, beta],
         {"axes": axes, "eps": 1e-3})
    case("layer_norm", lambda x: F.layer_norm(x, rows), [uniform(*shape, low=998.0, high=1002.0)], {"axes": axes},
         why="a mean far from 0")
    case("rms_norm", lambda x: rms_norm(x, axes), [uniform(*shape)], {"axes": axes})
    case("rms_norm", lambda x, g: rms_norm(x, axes) * g, [uniform(*shape), gamma], {"axes": axes})
for shape, groups in [((2, 6, 5), 3), ((3, 4, 2, 7), 1), ((2, 5, 3, 3), 5)]:
    gamma, beta = uniform(shape[1], low=0.5, high=1.5), uniform(shape[1])
    case("group_norm", lambda x: F.group_norm(x, groups), [uniform(*shape)], {"groups": groups})
    case("group_norm", lambda x, g, b: F.group_norm(x, groups, g, b), [uniform(*shape), gamma, beta],
         {"groups": groups})


def statistics(x, eps=1e-5):
    axes = [axis for axis in range(x.dim()) if axis != 1]
    return x.mean(axes), x.var(axes, unbiased=False)


def running(m, v, stats, variance):
    """Batches of four, which have the given mean and variance: what PyTorch makes of the running ones."""
    x = stats[:, 0] + variance.sqrt() * torch.tensor([1.0, -1.0, 1.0, -1.0])[:, None]
    m, v = m.clone(), v.clone()
    F.batch_norm(x, m, v, training=True, momentum=0.2)
    return m, v


for shape in [(7, 3), (2, 5, 4, 3), (3, 1, 11)]:
    c = shape[1]
    gamma, beta, mean, variance = uniform(c, low=0.5, high=1.5), uniform(c), uniform(c), uniform(c, **positive)
    case("batch_norm", lambda x: F.batch_norm(x, None, None, training=True), [uniform(*shape)])
    case("batch_norm", lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True), [uniform(*shape), gamma, beta],
         {"affine": 2})
    case("batch_norm", lambda x: torch.stack([statistics(x)[0], (statistics(x)[1] + 1e-5).rsqrt()], 1),
         [uniform(*shape)], {}, [], output=1)
    case("batch_norm", lambda x: statistics(x)[1], [uniform(*shape)], {}, [], output=2)
    case("batch_norm_eval", lambda x, m, v: F.batch_norm(x, m, v), [uniform(*shape), mean, variance], {}, [0])
    case("batch_norm_eval", lambda x, g, b, m, v: F.batch_norm(x, m, v, g, b),
         [uniform(*shape), gamma, beta, mean, variance], {"affine": 2}, [0, 1, 2])
    for output in [0, 1]:
        case("update_running", lambda m, v, s, b: running(m, v, s, b)[output],
             [mean, variance, uniform(c, 2), variance], {"momentum": 0.2, "elements": 4}, [], output=output)
for shape in [(5, 3), (3, 29), (2, 3, 4)]:
    case("max_norm", lambda x: x * (1.5 / x.flatten(1).norm(dim=1)).clamp(max=1).reshape(-1, *[1] * (x.dim() - 1)),
         [uniform(*shape)], {"max_norm": 1.5}, [])


def counted(counts, columns, targets):
    cells = (targets * counts.shape[1] + columns)[(targets >= 0) & (targets < counts.shape[0])].long()
    return counts + torch.bincount(cells, minlength=counts.numel()).reshape(counts.shape)


for classes, count in [(3, 37), (11, 113)]:
    targets = integers(count, low=-1, high=classes - 1)
    case("confusion_count", counted,
         [integers(classes, classes, low=0, high=9, dtype="u32"), integers(count, low=0, high=classes - 1), targets],
         {}, [])
    case("score_count", lambda n, s, t: counted(n, torch.floor(s * n.shape[1]).clamp(0, n.shape[1] - 1), t),
         [integers(2, classes, low=0, high=9, dtype="u32"), uniform(count, low=0.0, high=1.0),
          integers(count, low=-1, high=1)], {}, [])


def index_errors(report, indices, limit, row):
    wrong = (indices.flatten() >= limit).nonzero()
    report = report.clone()
    if len(wrong):
        if report[row, 0] == 0:
            report[row, 1:] = torch.stack([wrong[0, 0], indices.flatten()[wrong[0, 0]]])
        report[row, 0] += len(wrong)
    return report


for shape, rows, row, low in [((37,), 1, 0, 0), ((3, 29), 3, 2, 1)]:
    case("index_errors", lambda n, i: index_errors(n, i, 7, row),
         [integers(rows, 3, low=low, high=6 * low, dtype="u32"), integers(*shape, low=-1, high=9)],
         {"limit": 7, "row": row}, [])


def accuracy(x, targets, top):
    best = x.reshape(-1, x.shape[-1]).topk(top).indices
    targets = targets.reshape(-1, 1)
    right = ((best == targets) & (targets >= 0)).any(1)
    return torch.tensor([float(right.sum()), float((targets >= 0).sum())])


for shape, top in [((37, 5), 1), ((3, 29, 10), 1), ((41, 7), 3)]:
    case("accuracy_count", lambda x, t: accuracy(x, t, top),
         [uniform(*shape), integers(*shape[:-1], low=-1, high=shape[-1] - 1)], {"top": top}, [])

# Ops without a case, and why.
def mlp(hidden, width, out, f):
    def network(x, weights):
        layers = [width] * hidden + [out]
        for layer, outputs in enumerate(layers):
            matrix, weights = weights[:(x.shape[-1] + 1) * outputs], weights[(x.shape[-1] + 1) * outputs:]
            x = torch.cat([x, torch.ones(*x.shape[:-1], 1, dtype=x.dtype)], -1) @ matrix.reshape(-1, outputs)
            x = x if layer == hidden else f(x)
        return x
    return network


for rows, ins, hidden, width, out, word, f in [(5, 3, 2, 8, 3, "tanh", torch.tanh), (11, 7, 1, 4, 2, "sigmoid", torch.sigmoid),
                                               (7, 4, 3, 12, 5, "relu", torch.relu)]:
    size = (ins + 1) * width + (hidden - 1) * (width + 1) * width + (width + 1) * out
    case("mlp", mlp(hidden, width, out, f), [uniform(rows, ins), uniform(size)],
         {"width": width, "hidden": hidden, "out": out, "activation": word})

EXEMPT = {
    "unary_backward": "the gradients of the ops above are made of it",
    "softmax_backward": "the gradients of the ops above are made of it",
    "row_norm_backward": "the gradients of the ops above are made of it",
    "row_norm_parameters": "the gradients of the ops above are made of it",
    "batch_norm_backward": "the gradients of the ops above are made of it",
    "mlp_backward": "the gradients of the ops above are made of it",
    "attention_backward": "the gradients of the ops above are made of it",
    "lstm_cell_backward": "the gradients of the ops above are made of it",
    "gru_cell_backward": "the gradients of the ops above are made of it",
    "max_pool2d_pick": "the gradient of pool2d_backward is made of it; held by second differences",
    "pool2d_backward": "the gradients of the ops above are made of it",
    "upsample_backward": "the gradients of the ops above are made of it",
    "dropout": "PyTorch draws other random numbers",
    "batch_indices": "an order of its own",
    "advance_step": "bookkeeping; the optimizers below run on it",
    "state_value": "reads a word of the StepState",
    "finish_step": "advance_step and a row of metrics",
    "schedule": "its factors are in optimizer_table.py",
    "adafactor_variance": "PyTorch 1.13 has no Adafactor: tests/optim/adafactor_test.cpp, and PyTorch 2.6 in tests/judges",
    "adafactor_update": "as adafactor_variance",
    "gradient_norm": "its factors are in optimizer_table.py",
    "average": "no update by a gradient: beta p + (1 - beta) q",
    "lamb": "not in PyTorch; four steps of a network by NumPy are in tests/optim",
    "assign": "moves what it is given; its cases are exact",
    "place_gradients": "moves what it is given; its cases are exact",
    "muon_direction": "not in this PyTorch; four steps of a network by NumPy are in tests/optim",
    "muon_update": "not in this PyTorch; four steps of a network by NumPy are in tests/optim",
    "random_uniform": "PyTorch draws other random numbers",
    "random_normal": "PyTorch draws other random numbers",
}
