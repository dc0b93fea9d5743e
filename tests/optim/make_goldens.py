#!/usr/bin/env python3
"""Prints the golden values of golden_test.cpp and schedule_test.cpp, made by PyTorch in f64. Run by hand when a row is
added; the tests do not need PyTorch."""
import torch

torch.set_default_dtype(torch.float64)
optim, schedules = torch.optim, torch.optim.lr_scheduler


def steps(name, cls, gradients, **options):
    p = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = cls([p], **options)
    path = []
    for g in gradients:
        p.grad = torch.tensor([g])
        optimizer.step()
        path.append("%.12f" % float(p.detach()))
    print(f"{name:20s} {{{', '.join(path)}}}")


def factors(name, make, count=12):
    optimizer = optim.SGD([torch.nn.Parameter(torch.tensor([1.0]))], lr=1.0)
    schedule = make(optimizer)
    path = []
    for _ in range(count):
        path.append("%.9g" % optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    print(f"{name:20s} {{{', '.join(path)}}}")


four = [0.1, -0.2, 0.3, 0.05]
print("PyTorch", torch.__version__)
steps("sgd, all options", optim.SGD, four, lr=0.01, momentum=0.9, dampening=0.5, weight_decay=0.1)
steps("adagrad, decay", optim.Adagrad, four, lr_decay=0.1, initial_accumulator_value=0.1)
steps("rmsprop, centered", optim.RMSprop, four, momentum=0.9, centered=True)
steps("adam, L2", optim.Adam, four, weight_decay=0.1)
steps("adam, amsgrad", optim.Adam, four, betas=(0.9, 0.5), amsgrad=True)
steps("radam, 8 steps", optim.RAdam, four + four, lr=0.01)
factors("step", lambda o: schedules.StepLR(o, 3, 0.1))
factors("multi-step", lambda o: schedules.MultiStepLR(o, [2, 5, 9], 0.5))
factors("exponential", lambda o: schedules.ExponentialLR(o, 0.9))
factors("polynomial", lambda o: schedules.PolynomialLR(o, 10, 2.0))
factors("cosine", lambda o: schedules.CosineAnnealingLR(o, 11, 0.05))
factors("cosine restarts", lambda o: schedules.CosineAnnealingWarmRestarts(o, 3, 2, 0.1))
factors("one-cycle", lambda o: schedules.OneCycleLR(o, max_lr=1.0, total_steps=12, cycle_momentum=False))
factors("warm-up", lambda o: schedules.LinearLR(o, 0.1, 1.0, 5))

# What PyTorch 1.13 lacks, written from the papers in NumPy. Parameter k begins as 1 - i / 10 (a bias: 0), its gradient
# in step t is that of number t + i + k of the four, times 1 + i, for element i.
import numpy as np


def start(shape):
    values = np.arange(np.prod(shape))
    return np.zeros(shape) if len(shape) == 1 else (1 - 0.1 * values).reshape(shape)


def gradient(step, k, shape):
    return np.array([four[(step + i + k) % 4] * (1 + i) for i in range(int(np.prod(shape)))]).reshape(shape)


class AdamMoments:
    def __init__(self, beta1, beta2, eps):
        self.beta1, self.beta2, self.eps, self.m, self.v = beta1, beta2, eps, 0.0, 0.0

    def direction(self, g, t):
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        return self.m / (1 - self.beta1**t) / (np.sqrt(self.v / (1 - self.beta2**t)) + self.eps)


def lamb(shapes, lr, weight_decay):
    parameters, moments = [start(s) for s in shapes], [AdamMoments(0.9, 0.999, 1e-6) for _ in shapes]
    for step in range(4):
        for k, p in enumerate(parameters):
            update = moments[k].direction(gradient(step, k, p.shape), step + 1) + weight_decay * p
            lengths = np.linalg.norm(p), np.linalg.norm(update)
            parameters[k] = p - lr * (lengths[0] / lengths[1] if min(lengths) > 0 else 1) * update
    return parameters


def newton_schulz(g):
    if g.shape[0] > g.shape[1]:
        return newton_schulz(g.T).T
    x = g / np.linalg.norm(g)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x - 4.7750 * a @ x + 2.0315 * a @ a @ x
    return x


def muon(shapes, lr, weight_decay, nesterov):
    parameters, buffers = [start(s) for s in shapes], [np.zeros(s) for s in shapes]
    moments = [AdamMoments(0.9, 0.95, 1e-8) for _ in shapes]
    for step in range(4):
        for k, p in enumerate(parameters):
            g = gradient(step, k, p.shape)
            if p.ndim == 1:
                parameters[k] = p - 3e-4 * moments[k].direction(g, step + 1)
                continue
            buffers[k] = 0.95 * buffers[k] + g  # as long as the mean, times 20: the direction is the same
            d = newton_schulz(g + 0.95 * buffers[k] if nesterov else buffers[k])
            parameters[k] = p * (1 - lr * weight_decay) - lr * max(1, p.shape[0] / p.shape[1]) ** 0.5 * d
    return parameters


def show(name, parameters):
    print(f"{name:20s} {{{', '.join('%.12f' % v for p in parameters for v in p.flat)}}}")


network = [(2, 3), (3, 2), (2,), (2, 3)]
show("lamb", lamb(network, 0.01, 0.01))
show("lamb, no decay", lamb(network, 0.01, 0))
show("muon", muon(network, 0.02, 0, True))
show("muon, plain, decay", muon(network, 0.02, 0.1, False))
