"""The golden cases of the ops on sequences: attention, rotary positions, the cells of recurrent layers."""

import math

import torch
import torch.nn.functional as F

from formula import uniform
from op_table import case


for q, k, v, inside in [((3, 4), (3, 4), (3, 4), 0), ((2, 7, 8), (2, 5, 8), (2, 5, 12), 0),
                        ((2, 5, 3, 8), (2, 5, 3, 8), (2, 5, 3, 4), 1)]:
    for causal in [0, 1]:
        for scale in [0.0, 0.75]:
            def scores(x, y):
                hidden = torch.ones(x.shape[-2], y.shape[-2]).triu(1) * -1e30 if causal else 0
                return (scale or 1 / math.sqrt(x.shape[-1])) * x @ y.mT + hidden

            def attention(x, y, z):
                return outside(scores(outside(x), outside(y)).softmax(-1) @ outside(z))

            def outside(x):
                return x.transpose(1, 2) if inside else x

            attrs, inputs = {"causal": causal, "heads_inside": inside, "scale": scale}, [uniform(*s) for s in (q, k, v)]
            case("attention", attention, inputs, attrs)
            case("attention", lambda x, y, z: outside(scores(outside(x), outside(y)).logsumexp(-1)), inputs, attrs, [],
                 output=1)


def rotated(x, table, rows, inverse):
    """As complex numbers: (x[d] + i x[d + D/2]) (cos + i sin)."""
    low, high = x.chunk(2, -1)
    turn = torch.view_as_complex(table.contiguous())
    turn = (turn.conj() if inverse else turn).reshape(turn.shape[0], *[1] * (rows > 1), turn.shape[1])
    y = torch.complex(low, high) * turn
    return torch.cat([y.real, y.imag], -1)


for shape, rows in [((7, 6), 1), ((2, 3, 5, 10), 1), ((2, 5, 3, 8), 3)]:
    positions = shape[1] if rows > 1 else shape[-2]
    for inverse in [0, 1]:
        case("rotary", lambda x, t: rotated(x, t, rows, inverse),
             [uniform(*shape), uniform(positions, shape[-1] // 2, 2)], {"rows": rows, "inverse": inverse}, [0])


def lstm_cell(a, b, c):
    i, f, g, o = (a + b).chunk(4, 1)
    after = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * after.tanh(), after


def gru_cell(a, b, h):
    a, b = a.chunk(3, 1), b.chunk(3, 1)
    r, z = (a[0] + b[0]).sigmoid(), (a[1] + b[1]).sigmoid()
    return (1 - z) * (a[2] + r * b[2]).tanh() + z * h


def check_cell(formula, module, state):
    """The formulas above against PyTorch's own cells, which have weights."""
    with torch.no_grad():
        x = torch.linspace(-2, 2, 2 * module.input_size).reshape(2, -1)
        h = torch.linspace(1, -1, 2 * module.hidden_size).reshape(2, -1)
        got = formula(F.linear(x, module.weight_ih, module.bias_ih), F.linear(h, module.weight_hh, module.bias_hh),
                      h if state is None else state)
        want = module(x, h if state is None else (h, state))
    torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-12)


check_cell(lstm_cell, torch.nn.LSTMCell(5, 3), torch.linspace(-2, 1, 6).reshape(2, 3))
check_cell(gru_cell, torch.nn.GRUCell(5, 3), None)
for batch, units in [(1, 1), (3, 5), (7, 4)]:
    for output in [0, 1]:
        case("lstm_cell", lambda a, b, c: lstm_cell(a, b, c)[output],
             [uniform(batch, 4 * units), uniform(batch, 4 * units), uniform(batch, units)], output=output)
    case("gru_cell", gru_cell, [uniform(batch, 3 * units), uniform(batch, 3 * units), uniform(batch, units)])
