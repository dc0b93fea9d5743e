"""The inputs of golden values: a mixed counter, 23 bits of it as a fraction: what is made of it is exact in f32.

formula.h is the same for the tests.
"""

import math

import numpy as np
import torch


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
