"""Data sets, metrics, initialisers, devices, and lemnos.check."""
import numpy as np
import pytest

import lemnos as lm


def test_data_sets():
    digits = lm.data.digits(40, 10)
    assert len(digits.train) == 40 and digits.test.x.shape == (10, 1, 28, 28) and digits.train.classes == 10
    assert digits.train.scale == pytest.approx(1 / 255)
    train, test = digits
    part = train.take([3, 3]).labels()
    assert part == [train.labels()[3]] * 2 and len(train.slice(2, 5)) == 3
    parts = lm.data.split(lm.data.moons(50), test=0.2)
    assert len(parts.train) == 40 and len(parts.test) == 10
    folds = lm.data.k_folds(lm.data.moons(50), 5)
    assert sorted(row for fold in folds for row in fold.test) == list(range(50))
    scaled = lm.data.standardise(lm.data.moons(50))(lm.data.moons(50)).x.numpy()
    assert np.allclose(scaled.mean(0), 0, atol=1e-5) and np.allclose(scaled.std(0), 1, atol=1e-4)
    own = lm.data.Dataset(np.zeros((3, 2), np.uint8), [0, 2, 1], scale=0.5)
    assert own.classes == 3 and own.y.tolist() == [0, 2, 1] and "u8[3, 2]" in repr(own)
    with pytest.raises(lm.Error):
        lm.data.mnist("/nonexistent")


def test_metrics():
    labels, taken = [0, 0, 1, 1], np.array([0, 1, 1, 1], np.int32)
    matrix = lm.metrics.ConfusionMatrix(labels, taken, 2)
    assert matrix.accuracy() == 0.75 and matrix.count(0, 1) == 1 and matrix.scores(1).recall == 1
    assert matrix.scores("macro").precision == pytest.approx((1 + 2 / 3) / 2) and "svg" in matrix.svg()
    curve = lm.metrics.RocCurve(np.array([0.1, 0.4, 0.35, 0.8], np.float32), labels)
    assert curve.area() == pytest.approx(0.75)
    scores = lm.metrics.regression_scores([1.0, 2.0], [1.0, 4.0])
    assert scores.mae == pytest.approx(1) and lm.metrics.classes_of([0.1, 0.9, 0.8, 0.2], 2) == [1, 0]


def test_initialisers():
    graph = lm.Graph()
    for i, init in enumerate(("identity", lm.Init("identity"), lm.init.identity())):
        weight = graph.parameter(f"w{i}", shape=[2, 2], init=init)
        assert lm.eval(weight * 1.0, "cpu").tolist() == [[1, 0], [0, 1]]
    assert lm.eval(graph.parameter("c", shape=[2], init=lm.init.constant(3)) + 0.0, "cpu").tolist() == [3, 3]


def test_devices():
    listed = lm.Device.list()
    assert listed[-1].name == "cpu" and listed[-1].type == "cpu_reference" and listed[-1].usable
    assert lm.Device.cpu().name == "cpu" and lm.Device.find("cpu").info.caps.max_workgroup_invocations >= 1
    assert lm.Device.best().info.usable and isinstance(lm.__version__, str)


def test_an_op_is_proved(device):
    report = lm.check("softmax", [[5, 7]], {"logarithm": True}, tolerance="transcendental", device=device)
    assert report.passed and report and "0 failed" in str(report)
    assert {kind for _, kind, _ in report.findings} <= {"passed", "skipped"}
    gathered = lm.check("gather", [[5, 3], ([4], "i32", 0, 4)], tolerance="exact", device=device, backward=False)
    assert gathered.passed


def test_an_expression_is_proved(device):
    report = lm.check("square of sums", [[3, 5]], tolerance=(1e-5, 1e-5), device=device, build=lambda x: lm.square(lm.sum(x, [1])))
    assert report.passed, str(report)


def test_a_wrong_gradient_is_found():
    def wrong(x):
        return lm.square(x) + lm.stop_gradient(x * x)

    report = lm.check("half of its gradient", [[3]], device="cpu", build=wrong)
    assert not report.passed and any(kind == "failed" for _, kind, _ in report.findings)
    with pytest.raises(lm.Error, match="softmax: no option 'dim'; there are logarithm"):
        lm.check("softmax", [[3]], {"dim": 1})
