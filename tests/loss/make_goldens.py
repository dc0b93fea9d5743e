#!/usr/bin/env python3
"""Writes goldens.h: inputs, values and gradients of every loss, made by PyTorch in f64. Run by hand when a row is added;
the tests do not need PyTorch.

    /usr/bin/python3 tests/loss/make_goldens.py > tests/loss/goldens.h
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
ROWS, COLS = 3, 5


def rounded(x):
    return x.float().double()


def numbers(x):
    return ", ".join("%.9g" % v for v in x.detach().reshape(-1).tolist())


def row(name, p, t, loss):
    p = rounded(p).requires_grad_(True)
    value = loss(p, t)
    value.backward()
    print(f'    {{"{name}", {{{numbers(p)}}}, {{{numbers(t)}}}, {value.item():.12g}, {{{numbers(p.grad)}}}}},')


normal = lambda: torch.randn(ROWS, COLS) * 2
zero_one = lambda: torch.randint(0, 2, (ROWS, COLS)).double()
probability = lambda: rounded(torch.rand(ROWS, COLS) * 0.98 + 0.01)
signs = lambda: zero_one() * 2 - 1
labels = torch.tensor([2, -100, 4])
shown = torch.tensor([2.0, -1.0, 4.0])
weights = torch.tensor([0.5, 1.0, 2.0, 0.25, 1.5])


def classes(loss):
    return lambda p, t: loss(p)


print("// Made by make_goldens.py with PyTorch %s in f64: name, prediction, target, loss, gradient." % torch.__version__)
print("// clang-format off")
print("const Golden kGoldens[] = {")
row("mse", normal(), rounded(normal()), F.mse_loss)
row("l1", normal(), rounded(normal()), F.l1_loss)
row("huber", normal(), rounded(normal()), lambda p, t: F.huber_loss(p, t, delta=1.5))
row("smooth_l1", normal(), rounded(normal()), lambda p, t: F.smooth_l1_loss(p, t, beta=0.5))
row("log_cosh", normal(), rounded(normal()), lambda p, t: torch.log(torch.cosh(p - t)).mean())
row("binary_cross_entropy", probability(), zero_one(), F.binary_cross_entropy)
row("bce_logits", normal(), zero_one(), F.binary_cross_entropy_with_logits)
row("bce_logits_weight", normal(), zero_one(),
    lambda p, t: F.binary_cross_entropy_with_logits(p, t, pos_weight=torch.tensor(3.0)))
row("kl", torch.log(probability()), probability(), lambda p, t: F.kl_div(p, t, reduction="mean"))
row("hinge", normal(), signs(), lambda p, t: F.relu(1 - t * p).mean())
row("squared_hinge", normal(), signs(), lambda p, t: F.relu(1 - t * p).square().mean())
row("poisson", normal(), zero_one() * 3, F.poisson_nll_loss)
row("poisson_rate", probability() * 4, zero_one() * 3, lambda p, t: F.poisson_nll_loss(p, t, log_input=False))
row("cross_entropy", normal(), shown, classes(lambda p: F.cross_entropy(p, labels)))
row("cross_entropy_sum", normal(), shown, classes(lambda p: F.cross_entropy(p, labels, reduction="sum")))
row("cross_entropy_smooth", normal(), shown, classes(lambda p: F.cross_entropy(p, labels, label_smoothing=0.1)))
row("cross_entropy_weights", normal(), shown,
    classes(lambda p: F.cross_entropy(p, labels, weight=weights, label_smoothing=0.1)))
soft = torch.softmax(normal(), 1)
row("cross_entropy_soft", normal(), rounded(soft), lambda p, t: F.cross_entropy(p, t, label_smoothing=0.05))
row("cross_entropy_soft_weights", normal(), rounded(soft), lambda p, t: F.cross_entropy(p, t, weight=weights))
row("nll", torch.log_softmax(normal(), 1), shown, classes(lambda p: F.nll_loss(p, labels, weight=weights)))
sign_rows = torch.tensor([1.0, -1.0, 1.0])
other = rounded(normal())
row("cosine_embedding", normal(), sign_rows,
    lambda p, t: F.cosine_embedding_loss(p, torch.arange(15.0).reshape(3, 5) - 7, t, margin=0.1))
row("triplet", normal(), other, lambda p, t: F.triplet_margin_loss(p, t, torch.arange(15.0).reshape(3, 5) / 8 - 1))
print("};")
