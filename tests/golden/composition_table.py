"""Golden cases of public functions that are composed of ops (compositions.cpp calls them by these names)."""

import torch
import torch.nn.functional as F

from formula import integers, uniform
from op_table import case

CONSTANTS = dict(tolerance=1e-9, of_largest=1e-7, why="weights along an axis are constants in f32")
NAMES = {"nearest_exact": "nearest-exact", "bilinear": {1: "linear", 2: "bilinear", 3: "trilinear"}}


def interpolate(mode, shape, size=None, factor=0.0, corners=0, antialias=0):
    axes = len(shape) - 2
    name = NAMES.get(mode, mode)
    name = name[axes] if isinstance(name, dict) else name
    more = {"align_corners": bool(corners)} if mode in ("bilinear", "bicubic") else {}
    if antialias:
        more["antialias"] = True
    case("interpolate", lambda x: F.interpolate(x, size, factor or None, mode=name, **more), [uniform(*shape)],
         {"mode": mode, "size": size or [], "factor": factor, "align_corners": corners, "antialias": antialias},
         **CONSTANTS)


for shape, size in [((2, 3, 7), [5]), ((1, 2, 5), [13]), ((2, 1, 3, 4, 5), [5, 3, 7])]:
    for mode in ("nearest", "nearest_exact", "bilinear", "area"):
        interpolate(mode, shape, size)
for shape, size in [((2, 3, 7, 5), [11, 3]), ((1, 2, 4, 9), [2, 13]), ((1, 1, 1, 6), [4, 6])]:
    interpolate("nearest_exact", shape, size)
    interpolate("area", shape, size)
    for corners in (0, 1):
        interpolate("bicubic", shape, size, corners=corners)
    for mode in ("bilinear", "bicubic"):
        interpolate(mode, shape, size, antialias=1)
for factor in (1.7, 0.6, 2.5):
    for mode in ("nearest", "nearest_exact", "bilinear", "bicubic"):
        interpolate(mode, (1, 2, 7, 9), factor=factor)
    interpolate("bilinear", (1, 2, 5, 4, 3), factor=factor)
interpolate("bilinear", (1, 2, 7, 9), factor=1.7, corners=1)

for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (0, 1):
            attrs = {"mode": mode, "padding": padding, "align_corners": corners}
            function = lambda x, g: F.grid_sample(x, g, mode, padding, bool(corners))
            which = [0] if mode == "nearest" else None
            case("grid_sample", function, [uniform(2, 3, 5, 4), uniform(2, 3, 2, 2, low=-1.8, high=1.8)], attrs, which)
            if mode != "bicubic":
                case("grid_sample", function, [uniform(1, 2, 3, 4, 5), uniform(1, 2, 3, 2, 3, low=-1.8, high=1.8)],
                     attrs, which)

SCALED = dict(tolerance=1e-7, why="the factor 1 / count is an f32")
for shape in [(3, 11), (4, 5), (7,)]:
    n = shape[-1]
    for correction in (0, 1):
        case("covariance", lambda x: torch.cov(x, correction=correction), [uniform(*shape)],
             {"correction": correction, "counts": 0, "weights": 0}, **SCALED)
        case("covariance", lambda x, w: torch.cov(x, correction=correction, aweights=w),
             [uniform(*shape), uniform(n, low=0.5, high=2.0)], {"correction": correction, "counts": 0, "weights": 1})
        case("covariance", lambda x, c, w: torch.cov(x, correction=correction, fweights=c, aweights=w),
             [uniform(*shape), integers(n, low=1, high=3), uniform(n, low=0.5, high=2.0)],
             {"correction": correction, "counts": 1, "weights": 1})
    if len(shape) == 2:
        case("correlation", lambda x: torch.corrcoef(x), [uniform(*shape)], {})

for equation, shapes in [("ij,jk->ik", [(3, 4), (4, 5)]), ("bij, bkj -> bik", [(2, 3, 4), (2, 5, 4)]),
                         ("ijk,ik->j", [(3, 4, 5), (3, 5)]), ("iji->j", [(4, 3, 4)]), ("ii", [(5, 5)]),
                         ("...ij,...jk", [(2, 1, 3, 4), (5, 4, 2)]), ("ba,cb", [(3, 4), (5, 3)]),
                         ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]), ("i,j->ij", [(3,), (4,)]),
                         ("ik,jk->ij", [(5, 1), (3, 7)]), ("...ik, ...j -> ij", [(1, 2, 3), (3,)])]:
    case("einsum", lambda *x: torch.einsum(equation, *x), [uniform(*s) for s in shapes], {"equation": equation})

for x, w, stride, padding, extra, dilation, groups in [
        ((2, 3, 4, 5, 3), (4, 3, 2, 3, 1), [1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 1], 1),
        ((1, 4, 5, 4, 6), (6, 2, 3, 2, 2), [2, 1, 3], [2, 1, 0], [1, 0, 1], [1, 2, 1], 2)]:
    geometry = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation, "groups": groups}
    case("conv3d", lambda x, w, b: F.conv3d(x, w, b, stride, padding, dilation, groups),
         [uniform(*x), uniform(*w), uniform(w[0])], geometry)
    turned = (x[1], *w[1:])
    case("conv_transpose3d", lambda x, w, b: F.conv_transpose3d(x, w, b, stride, padding, extra, groups, dilation),
         [uniform(*x), uniform(*turned), uniform(turned[1] * groups)], geometry)

for reduction in ("mean", "sum", "none"):
    for shape in [(4, 5), (7,)]:
        case("multilabel_margin_loss", lambda x, t: F.multilabel_margin_loss(x, t, reduction=reduction),
             [uniform(*shape), integers(*shape, low=-1, high=4)], {"reduction": reduction}, **SCALED)
    for time, rows, classes, targets in [(9, 3, 5, 3), (6, 2, 4, 1)]:
        lengths = lambda low, high: integers(rows, low=low, high=high)
        case("ctc_loss",
             lambda x, t, i, l: F.ctc_loss(F.log_softmax(x, 2), t, i, l, classes - 1, reduction, True),
             [uniform(time, rows, classes), integers(rows, targets, low=0, high=classes - 2), lengths(5, time),
              lengths(0, targets)], {"blank": classes - 1, "reduction": reduction}, **SCALED)
    case("triplet_margin_loss",
         lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=0.5, swap=True, reduction=reduction),
         [uniform(4, 7), uniform(4, 7), uniform(4, 7)], {"margin": 0.5, "reduction": reduction, "swap": 1}, **SCALED)
