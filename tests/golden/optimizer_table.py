"""The golden steps of the optimizers, the factors of the schedules and the clipping of gradients."""

import numpy as np
import torch

from formula import make, uniform

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


class Decoupled:
    """Weight decay as AdamW's before a step; PyTorch 1.13 has the option for none of its kin."""

    def __init__(self, p, steps, lr, weight_decay):
        self.p, self.steps, self.factor = p, steps, 1 - lr * weight_decay

    def step(self):
        self.p.data *= self.factor
        self.steps.step()


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
optimizer("asgd", "asgd", 1, None, lambda p: O.ASGD([p], lambd=0.1), lr=0.01, power=0.75, start=1e6, **{"lambda": 0.1})
optimizer("rprop", "rprop", 2, None, lambda p: O.Rprop([p]), lr=0.01, least=1e-4, most=5000.0)
optimizer("nadam_decoupled", "nadam", 2, None, lambda p: Decoupled(p, O.NAdam([p], foreach=True), 2e-3, 0.1),
          table_error=1e-10, lr=2e-3, momentum_decay=4e-3, weight_decay=0.1, decoupled=1)
optimizer("radam_decoupled", "radam", 2, None, lambda p: Decoupled(p, O.RAdam([p]), 1e-3, 0.1), lr=1e-3, weight_decay=0.1,
          decoupled=1)

# Schedules: the factor of the learning rate before step 1, 2, .. ------------------------------------------------------

UNITS = 24
schedules = []
S = torch.optim.lr_scheduler


def schedule(name, make_schedule, table=(), **attrs):
    """Every attribute of the op `schedule` but by_epoch; `table`: of the kind piecewise."""
    steps = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    of = make_schedule(steps)
    factors = []
    for _ in range(UNITS):
        factors.append(steps.param_groups[0]["lr"])
        steps.step()
        of.step()
    defaults = {"kind": name, "warm_up": 0.0, "warm_up_start": 0.0, "period": 1.0, "gamma": 1.0, "power": 1.0,
                "end": 0.0, "end2": 0.0, "rise": 0.0, "fall": 0.0, "linear": False}
    schedules.append({"attrs": {**defaults, **attrs}, "table": list(table), "factors": factors})


schedule("constant", lambda o: S.ConstantLR(o, factor=1.0))
schedule("step", lambda o: S.StepLR(o, 7, 0.5), period=7.0, gamma=0.5)
schedule("exponential", lambda o: S.ExponentialLR(o, 0.9), gamma=0.9)
schedule("inverse_time", lambda o: S.LambdaLR(o, lambda t: 1 / (1 + 0.5 * t / 3)), period=3.0, gamma=0.5)
schedule("polynomial", lambda o: S.PolynomialLR(o, 20, 2.0), period=20.0, power=2.0)
schedule("cosine", lambda o: S.CosineAnnealingLR(o, 23, 0.1), period=23.0, end=0.1)
schedule("cosine_restarts", lambda o: S.CosineAnnealingWarmRestarts(o, 5, 1, 0.1), period=5.0, end=0.1)
schedule("cosine_restarts", lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2, 0.1), period=3.0, power=2.0, end=0.1)
schedule("piecewise", lambda o: S.MultiStepLR(o, [4, 11], 0.1), table=[4, 0.1, 11, 0.01])
schedule("constant", lambda o: S.LinearLR(o, 0.25, 1.0, 8), warm_up=8.0, warm_up_start=0.25)
# Of UNITS + 1 steps PyTorch counts the last as period: the peak is reached at rise = .3 (UNITS + 1) - 1.
schedule("one_cycle",
         lambda o: S.OneCycleLR(o, 1.0, UNITS + 1, cycle_momentum=False, div_factor=25, final_div_factor=1e4),
         period=float(UNITS), rise=0.3 * (UNITS + 1) - 1, end=1 / 25, end2=1 / 25e4)
schedule("one_cycle", lambda o: S.OneCycleLR(o, 1.0, UNITS + 1, cycle_momentum=False, anneal_strategy="linear",
                                             three_phase=True),
         period=float(UNITS), rise=0.3 * (UNITS + 1) - 1, fall=0.3 * (UNITS + 1) - 1, end=1 / 25, end2=1 / 25e4,
         linear=True)
schedule("cyclic", lambda o: S.CyclicLR(o, 0.1, 1.0, 3, mode="triangular2", cycle_momentum=False),
         period=6.0, rise=3.0, end=0.1, power=0.5)
schedule("cyclic", lambda o: S.CyclicLR(o, 0.2, 1.0, 2, 3, mode="exp_range", gamma=0.9, cycle_momentum=False),
         period=5.0, rise=2.0, end=0.2, gamma=0.9)
schedule("cosine_periodic", lambda o: S.CosineAnnealingLR(o, 7, 0.1), period=7.0, end=0.1)

# Clipping by the global norm: what the gradient (uniform, stream 0) is multiplied with --------------------------------

clips = []


def clip(count, max_norm):
    p = torch.zeros(count, requires_grad=True)
    p.grad = make(uniform(count), 0)
    before = p.grad.clone()
    norm = torch.nn.utils.clip_grad_norm_([p], max_norm).item()
    clips.append({"count": count, "max_norm": max_norm, "norm": norm, "factor": (p.grad[0] / before[0]).item()})


clip(64, 0.5)
clip(64, 1000.0)
clip(7 * 64, 3.0)
