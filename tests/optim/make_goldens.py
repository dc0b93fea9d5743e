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
