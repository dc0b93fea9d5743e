"""Graphs, values, ops, gradients, sessions and programs."""
import math

import numpy as np
import pytest

import lemnos as lm


def test_operators_and_ops_compute(device):
    a = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    graph = lm.Graph()
    x = graph.input("x", a.shape)
    expressions = {
        "sum": (x + 1, a + 1), "reflected": (10 - x, 10 - a), "product": (x * a, a * a), "quotient": (2 / x, 2 / a),
        "left array": (a * x, a * a), "matmul": (x @ lm.transpose(x), a @ a.T), "power": (x ** 2.0, a ** 2),
        "negative": (abs(-x), a), "comparison": (x > 3, (a > 3).astype(np.float32)), "row": (x[1], a[1]),
        "part": (x[:, 1:], a[:, 1:]), "mean": (lm.mean(x, [1]), a.mean(1)), "softplus": (lm.softplus(x, beta=2.0), np.log1p(np.exp(2 * a)) / 2),
        "maximum": (lm.maximum(x, 2.5), np.maximum(a, 2.5)), "clamp": (lm.clamp(x, 2, 4), a.clip(2, 4)),
        "einsum": (lm.einsum("ij, kj -> ik", [x, x]), a @ a.T), "where": (lm.where(x > 3, x, 0.0), np.where(a > 3, a, 0))}
    made = lm.eval([v for v, _ in expressions.values()], device, {"x": a})
    for (name, (_, right)), tensor in zip(expressions.items(), made):
        assert np.allclose(tensor.numpy(), right, rtol=1e-4), name


def test_keyword_options_are_the_structs_fields(cpu):
    planes = np.random.default_rng(1).normal(size=(1, 1, 5, 5)).astype(np.float32)
    graph = lm.Graph()
    x = graph.input("x", planes.shape)
    y = lm.conv2d(x, np.ones((1, 1, 3, 3), np.float32), padding=1, stride=(2, 2))
    assert y.shape == (1, 1, 3, 3)
    right = sum(np.pad(planes[0, 0], 1)[i:i + 5:2, j:j + 5:2] for i in range(3) for j in range(3))
    assert np.allclose(lm.eval(y, cpu, {"x": planes}).numpy()[0, 0], right, atol=1e-5)


def test_results_of_several_values_are_named(cpu):
    graph = lm.Graph()
    x = graph.input("x", [4, 2])
    normed = lm.batch_norm(x)
    assert normed._fields == ("y", "statistics", "variance", "rows") and normed.statistics.shape == (2, 2)
    first, second = lm.split(x, [1, 1], axis=1)
    assert first.shape == (4, 1) and second.shape == (4, 1)


def test_gradients_of_gradients(device):
    graph = lm.Graph()
    x = graph.input("x", [3])
    cube = lm.sum(x * x * x)
    first = lm.gradients(cube, x)
    second, = lm.gradients(lm.sum(first), [x])
    values = np.array([1, 2, 3], np.float32)
    a, b = lm.eval([first, second], device, {"x": values})
    assert np.allclose(a.numpy(), 3 * values ** 2) and np.allclose(b.numpy(), 6 * values)
    assert lm.gradients(lm.sum(x), graph.input("unused", [1])) is None


def test_ops_by_name(cpu):
    assert {"softmax", "matmul", "conv2d"} <= set(lm.op_names())
    graph = lm.Graph()
    x = graph.constant([[1.0, 2.0]])
    assert np.allclose(lm.eval(lm.op("softmax", x, logarithm=False), cpu).numpy(), [[1 / (1 + math.e), math.e / (1 + math.e)]])
    with pytest.raises(lm.Error, match="softmax: no option 'axes'; there are logarithm"):
        lm.op("softmax", x, axes=1)


def test_a_session_trains(device):
    graph = lm.Graph()
    x, t = graph.input("x", [8, 2]), graph.input("t", [8, 1])
    w = graph.parameter("w", [[0.0], [0.0]])
    loss = lm.mse_loss(x @ w, t)
    session = device.open(graph)
    program = session.compile([loss, *lm.minimize(loss, lm.optim.Sgd(lr=0.1))])
    data = np.random.default_rng(1).normal(size=(8, 2)).astype(np.float32)
    session.write(x, data)
    session.write(t, data @ np.array([[2], [-3]], np.float32))
    program.run(300)
    assert program.read(loss).item() < 1e-4
    assert np.allclose(session.read(w).numpy(), [[2], [-3]], atol=0.02)
    assert program.summary().dispatches > 0 and "\n" in program.describe()
    session.write(w, [[1.0], [1.0]])
    assert session.read(w).tolist() == [[1], [1]]


def test_values_outlive_what_made_them():
    def value():
        graph = lm.Graph()
        return graph.input("x", [2]) + 1

    x = value()
    assert x.shape == (2,) and x.graph.find("x").name == "x"
    assert x.graph.find("nothing") is None
    program = lm.Device.cpu().open(x.graph).compile(x)
    program.run()
    assert program.read(x).tolist() == [1, 1]


@pytest.mark.parametrize("mistake, error, line", [
    (lambda x: lm.relu(3), TypeError, "relu: x is a int, it takes a Value: no argument has a graph"),
    (lambda x: lm.relu("x"), TypeError, "relu: x is a str, it takes a Value, an array or a number"),
    (lambda x: lm.relu(), TypeError, "relu: x is missing"),
    (lambda x: lm.relu(x, 1), TypeError, "relu: takes 1 arguments without a name, 2 are given; there are x"),
    (lambda x: lm.relu(x, slope=1), TypeError, "relu: no argument 'slope'; there are x"),
    (lambda x: lm.leaky_relu(x, slope="a"), TypeError, "leaky_relu: slope is a str, it takes a number"),
    (lambda x: lm.gelu(x, "tan"), lm.Error, "gelu: form is 'tan'; there are erf, tanh"),
    (lambda x: lm.mean(x, [0.5]), TypeError, "mean: axes is a float, it takes a whole number"),
    (lambda x: lm.conv2d(x, x, stride=(1, 2, 3)), TypeError, "conv2d: stride is a tuple, it takes 2 whole numbers, or one for all of them"),
    (lambda x: lm.argmax(x, 2 ** 70), lm.Error, "argmax: axis is 1180591620717411303424, it takes whole numbers from"),
    (lambda x: x * np.zeros((2, 3)), lm.Error, "__mul__: other is an array of float64"),
    (lambda x: x + np.zeros((3, 3), np.float32), lm.Error, r"add: .*\[2, 3\].*\[3, 3\]"),
    (lambda x: x[5], lm.Error, r"slice: index 5 of axis 0 of f32\[2, 3\]"),
    (lambda x: x[::2], lm.Error, "slices of values have no steps"),
    (lambda x: bool(x), TypeError, "it has no content until a program runs"),
    (lambda x: lm.Graph().input("x", [-1]), lm.Error, "-1"),
    (lambda x: lm.eval(x, "cpu", {"y": 1}), lm.Error, "eval: no input 'y'"),
    (lambda x: lm.eval(x, "cpu", {"x": np.zeros((3, 2), np.float32)}), lm.Error, r"eval: x is f32\[3, 2\], it takes f32\[2, 3\]"),
    (lambda x: lm.eval(x, "cpu", {"x": np.zeros((2, 3), np.int32)}), lm.Error, r"i32\[2, 3\], it takes f32\[2, 3\]: astype\('float32'\)"),
])
def test_a_mistake_is_one_line(mistake, error, line):
    with pytest.raises(error, match=line) as caught:
        mistake(lm.Graph().input("x", [2, 3]))
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there():
    with pytest.raises(lm.Error, match="no such device|no Vulkan device") as caught:  # and, in lines below, those that are
        lm.Device.find("no such device")
    assert caught.value.code in ("not_found", "no_device")


def test_errors_have_a_code():
    with pytest.raises(lm.Error) as caught:
        lm.softmax(lm.Graph().input("x", [2, 3]), axis=3)
    assert caught.value.code == "out_of_range" and str(caught.value).startswith("softmax: axis 3")
    assert isinstance(caught.value, RuntimeError) and caught.value.where == ""
