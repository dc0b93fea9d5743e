"""Models, fit, evaluate, predict, callbacks, custom layers and losses, files."""
import os
import signal
import threading

import numpy as np
import pytest

import lemnos as lm
from lemnos import callback, loss, metrics, nn, optim

RNG = np.random.default_rng(1)
X = RNG.normal(size=(96, 4)).astype(np.float32)
CLASSES = (X[:, 0] > 0).astype(np.int32) + 2 * (X[:, 1] > 0).astype(np.int32)
VALUES = (X @ np.array([[1], [-2], [0.5], [0]], np.float32)).astype(np.float32)


def small(device, **options):
    return lm.Trainer(device, nn.sequential([nn.Linear(16), nn.Relu(), nn.Linear(4)]), **{"optimizer": optim.Adam(lr=0.02), **options})


def linear(device, **options):
    return lm.Trainer(device, nn.sequential([nn.Linear(1)]), **{"loss": "mse", "optimizer": optim.Sgd(lr=0.1), **options})


def test_a_classifier_learns(device):
    trainer = small(device)
    history = trainer.fit(X, CLASSES, epochs=25, batch_size=16, validation=(X, CLASSES), verbosity="silent")
    assert len(history) == 25 and history.last("val_accuracy") > 0.9 and history["loss"][-1] < history["loss"][0]
    assert dict(history)["loss"] == history.to_dict()["loss"] and "loss" in history and "nothing" not in history
    assert history.facts["batch_size"] == 16 and history.facts["device"] == trainer.device.name
    judged = trainer.evaluate(X, CLASSES)
    assert judged.accuracy == pytest.approx(history.last("val_accuracy")) and judged.samples == 96
    scores = trainer.predict(X)
    assert scores.shape == (96, 4) and scores.dtype == "f32"
    assert (scores.numpy().argmax(1) == CLASSES).mean() == pytest.approx(judged.accuracy)
    with pytest.raises(lm.Error, match="nothing"):
        history["nothing"]


def test_a_regression_by_steps(cpu):
    trainer = linear(cpu)
    trainer.begin(X, VALUES, batch_size=32)
    first = trainer.step()
    later = trainer.step(200)
    assert later.loss < first.loss and trainer.counts().steps == 201 and len(trainer.recent_losses(3)) == 3
    assert np.allclose(trainer.parameters()["0.weight"].numpy(), [[1, -2, 0.5, 0]], atol=1e-3)
    trainer.set_parameter("0.weight", [[0, 0, 0, 0]])
    assert not trainer.parameters()["0.weight"].numpy().any()
    with pytest.raises(lm.Error, match="set_parameter: there is no 'weight'"):
        trainer.set_parameter("weight", [0])


def test_a_loss_of_python_is_the_built_in_one(device):
    def squares(prediction, target, mask):
        return loss.masked_mean(lm.square(prediction - target), mask)

    losses = [linear(device, loss=given).fit(X, VALUES, epochs=3, batch_size=40, verbosity="silent")["loss"]
              for given in ("mse", squares, lm.loss.Loss("squares", squares), loss.Mse())]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5) and losses[2] == losses[1] and losses[3] == losses[0]


def test_a_layer_of_python_is_the_built_in_one(device):
    def dense(scope, x):
        weight = scope.parameter("weight", [1, x.shape[1]])
        bias = scope.parameter("bias", [1], fan_in=x.shape[1])
        assert scope.prefix == "0" and scope.graph.find(weight.name).shape == (1, 4)
        return lm.linear(x, weight, bias)

    own = lm.Trainer(device, nn.sequential([dense, nn.function("same", lambda x: x * 1.0)]), loss="mse", optimizer=optim.Sgd(lr=0.1))
    given = own.fit(X, VALUES, epochs=3, verbosity="silent")["loss"]
    assert given == pytest.approx(linear(device).fit(X, VALUES, epochs=3, verbosity="silent")["loss"], rel=1e-5)


def test_several_inputs_and_outputs(cpu):
    def both(scope, inputs):
        a, b = inputs
        return [nn.Linear(1)(scope.nested("first"), a + b), nn.Linear(4)(scope.nested("second"), a)]

    data = lm.data.Dataset(X, VALUES, more_inputs=[X], more_targets=[CLASSES])
    trainer = lm.Trainer(cpu, nn.Layer("both", both, many=True), loss=loss.joint([(loss.Mse(), 1.0, "value"), (loss.CrossEntropy(), 0.5, "class")]))
    history = trainer.fit(data, epochs=2, verbosity="silent")
    assert {"value_loss", "class_loss", "class_accuracy"} <= set(history.keys())
    first, second = trainer.predict(data, all_outputs=True)
    assert first.shape == (96, 1) and second.shape == (96, 4)


def test_what_a_layer_was_given_ends_with_it(cpu):
    kept = []

    def keep(scope, x):
        kept.extend([scope, x])
        return x

    lm.Trainer(cpu, nn.sequential([keep, nn.Linear(1)]), loss="mse").fit(X, VALUES, verbosity="silent")
    with pytest.raises(lm.Error, match="its graph is gone"):
        kept[1].shape
    with pytest.raises(lm.Error, match="scope: it is there until the layer returns"):
        kept[0].parameter("w", [1])


def test_mistakes_in_functions_of_python_come_out(cpu):
    def broken(scope, x):
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        lm.Trainer(cpu, nn.sequential([broken]), loss="mse").fit(X, VALUES, verbosity="silent")
    with pytest.raises(TypeError, match="wrong: what it returned is a int, it takes a Value"):
        lm.Trainer(cpu, nn.Layer("wrong", lambda scope, x: 3), loss="mse").fit(X, VALUES, verbosity="silent")
    trainer = linear(cpu)
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, VALUES, epochs=5, verbosity="silent", callbacks=[lambda run: 1 / 0])
    assert trainer.counts().steps == 3  # the epoch that was done stays


def test_callbacks(cpu):
    class Watch:
        every_steps = 2

        def __init__(self):
            self.calls = []

        def begin(self, run):
            self.calls.append("begin")

        def steps_done(self, run):
            self.calls += [s.step for s in run.steps]

        def end(self, run):
            self.calls.append("end")

    def epochs(run):
        run.put("twice", 2 * run.progress.so_far.loss)
        if run.progress.epoch == 2:
            run.stop("two are enough")

    watch, seen = Watch(), []
    trainer = linear(cpu, metrics={"mae": loss.Mae(), "bias": lambda p, t, mask: loss.masked_mean(p - t, mask)})
    history = trainer.fit(X, VALUES, epochs=9, batch_size=24, verbosity="silent", callbacks=[epochs, watch, seen.append])
    assert len(history) == 2 and history.facts["stopped"] == "two are enough"
    assert history["twice"] == pytest.approx([2 * v for v in history["loss"]]) and {"mae", "bias"} <= set(history.keys())
    assert watch.calls == ["begin", *range(1, 9), "end"]
    with pytest.raises(lm.Error, match="FitRun: the fit is over"):
        seen[0].progress


def test_callbacks_of_the_library(cpu, tmp_path):
    history = linear(cpu).fit(X, VALUES, epochs=60, validation=(X, VALUES), verbosity="silent", callbacks=[
        callback.EarlyStopping(monitor="val_loss", min_delta=1e-3, patience=1), callback.HistoryLog(tmp_path / "log.csv"), callback.StopOnNan()])
    assert len(history) < 60 and "best_epoch" in history.facts
    assert lm.read_history(tmp_path / "log.csv")["loss"] == history["loss"]
    history.write(tmp_path / "log.json")
    assert lm.read_history(os.fspath(tmp_path / "log.json")).facts == history.facts


def test_keyboard_interrupt_ends_a_fit_after_the_step_in_flight(device):
    trainer = linear(device)
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(X, VALUES, epochs=1_000_000, verbosity="silent")
    finally:
        timer.cancel()
    done = trainer.counts().steps
    assert 0 < done < 3_000_000
    trainer.fit(X, VALUES, verbosity="silent")  # it goes on from there
    assert trainer.counts().steps > done and np.isfinite(trainer.evaluate(X, VALUES).loss)


def test_other_threads_run_while_a_fit_does(cpu):
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(1)
            done.wait(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    # Long enough that a machine with other work gives the thread its turn.
    small(cpu).fit(X, CLASSES, epochs=1500, verbosity="silent")
    done.set()
    thread.join()
    assert len(ticks) > 2


def test_two_threads_on_one_trainer_take_turns(cpu):
    trainer = linear(cpu)
    trainer.fit(X, VALUES, verbosity="silent")
    results = []
    threads = [threading.Thread(target=lambda: results.append(trainer.evaluate(X, VALUES).loss)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1 and len(results) == 4


def test_files_and_snapshots(device, tmp_path):
    trainer = small(device)
    trainer.fit(X, CLASSES, epochs=2, verbosity="silent")
    before, scores = trainer.snapshot(), trainer.predict(X).tolist()
    trainer.save(tmp_path / "model.safetensors", notes={"by": "a test"})
    trainer.fit(X, CLASSES, epochs=2, verbosity="silent")
    assert trainer.predict(X).tolist() != scores
    trainer.restore(before)
    assert trainer.predict(X).tolist() == scores and before["0.weight"].shape == (16, 4) and "0.bias" in before.keys()
    other = small(device)
    other.load(tmp_path / "model.safetensors")
    assert other.predict(X).tolist() == scores
    report = lm.Trainer(device, nn.sequential([nn.Linear(16), nn.Relu(), nn.Linear(7)])).load_matching(tmp_path / "model.safetensors", [4])
    assert "0.weight" in report.loaded and len(report.other_shape) == 2
    predictor = lm.Predictor(other, 8)
    assert np.allclose(predictor(X[:3]).numpy(), scores[:3], atol=1e-5)
    with pytest.raises(lm.Error, match="at most 8 rows of 4 numbers"):
        predictor(X[:9])
    with pytest.raises(lm.Error, match="no such|nothing.safetensors"):
        other.load(tmp_path / "nothing.safetensors")


def test_a_program_of_ones_own_on_what_was_learned(cpu):
    trainer = linear(cpu)
    trainer.fit(X, VALUES, verbosity="silent")
    weight = trainer.graph.find("0.weight")
    norm = lm.norm(weight)
    program = trainer.session.compile(norm)
    program.run()
    assert program.read(norm).item() == pytest.approx(np.linalg.norm(trainer.parameters()["0.weight"].numpy()), rel=1e-5)


def test_rows_on_demand(cpu):
    asked = []

    def read(rows):
        asked.extend(rows)
        return X[rows], VALUES[rows]

    source = lm.data.Source(96, lm.data.Dataset(X[:1], VALUES[:1]), read)
    trainer = linear(cpu)
    history = trainer.fit(source, epochs=3, verbosity="silent")
    assert len(history) == 3 and set(asked) == set(range(96))
    assert trainer.evaluate(source).loss == pytest.approx(trainer.evaluate(X, VALUES).loss, rel=1e-5)

    def broken(rows):
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        linear(cpu).fit(lm.data.Source(96, lm.data.Dataset(X[:1], VALUES[:1]), broken), verbosity="silent")


def test_the_learning_rate_range(cpu):
    trainer = linear(cpu)
    trainer.fit(X, VALUES, verbosity="silent")
    before = trainer.parameters()["0.weight"].tolist()
    found = lm.find_learning_rate(trainer, X, VALUES, from_=1e-4, to=1.0, steps=20)
    assert len(found.losses) <= 20 and found.learning_rates[0] == pytest.approx(1e-4)
    assert trainer.parameters()["0.weight"].tolist() == before


def test_options_reach_the_trainer(cpu):
    trainer = small(cpu, clip_norm=1.0, schedule=optim.Cosine(period=100, end=0.5, warm_up=2), average=0.9, seed=3,
                    groups=[{"parameters": "*.bias", "weight_decay_scale": 0}], metrics={"top2": metrics.TopK(k=2)})
    history = trainer.fit(X, CLASSES, epochs=2, batch_size=32, verbosity="silent")
    assert history["top2"][-1] >= history["accuracy"][-1] and history.facts["seed"] == 3
    assert trainer.counts().gradient_norm > 0 and len(trainer.averaged()) > 0
    assert optim.Cosine(period=100, end=0.5)(100) == pytest.approx(0.5)
    trainer.freeze("0.*")
    weight = trainer.parameters()["0.weight"].tolist()
    trainer.fit(X, CLASSES, verbosity="silent")
    assert trainer.parameters()["0.weight"].tolist() == weight


@pytest.mark.parametrize("mistake, error, line", [
    (lambda: nn.Linear(units=3), TypeError, "Linear: no argument 'units'; there are out, bias, weight_init, bias_init"),
    (lambda: nn.Linear(2.5), TypeError, "Linear: out is a float, it takes a whole number"),
    (lambda: nn.Gelu(form="tan"), lm.Error, "Gelu: form is 'tan'; there are erf, tanh"),
    (lambda: nn.Linear(3, weight_init="he"), lm.Error, "'he'; there are constant, uniform, normal"),
    (lambda: nn.Linear(3, weight_init={"gain": 1}), lm.Error, "Linear: no option 'weight_init.gain'"),
    (lambda: nn.sequential([3]), TypeError, "sequential: layers is a int, it takes a Layer or a function of a scope and a value"),
    (lambda: optim.Adam(lr="fast"), TypeError, "Adam: lr is a str, it takes a number"),
    (lambda: optim.Adam(rate=1), TypeError, "Adam: no argument 'rate'; there are lr, beta1"),
    (lambda: small("cpu", optimizer="adamm"), lm.Error, "'adamm'"),
    (lambda: small("cpu", loss="msee"), lm.Error, "'msee'"),
    (lambda: small("cpu", loss=3), TypeError, "loss is a int, it takes a Loss, the name of one, or a function"),
    (lambda: small("cpu", epochs=3), TypeError, "Trainer: no argument 'epochs'; there are device, model, loss"),
    (lambda: small("cpu", loss_scale={"start": 1}), lm.Error, "loss_scale has no 'start'; there are initial, growth"),
    (lambda: small("cpu", compute="f64"), lm.Error, "compute is 'f64'; there are f32, f16, bf16"),
    (lambda: small(3), TypeError, "Trainer: device is a int, it takes a Device or the name of one"),
    (lambda: small("cpu").fit(X.astype(np.float64), CLASSES), lm.Error, "fit: x is an array of float64; there are float32"),
    (lambda: small("cpu").fit(X, CLASSES[:5]), lm.Error, "96|5"),
    (lambda: small("cpu").fit(X, CLASSES, callbacks=[3]), TypeError, "callbacks is a int, it takes a Callback, a function of a FitRun"),
    (lambda: small("cpu").fit(X, CLASSES, epoch=3), TypeError, "fit: no argument 'epoch'; there are train, y, epochs"),
    (lambda: small("cpu").fit(X, CLASSES, verbosity="loud"), lm.Error, "verbosity is 'loud'; there are silent, lines, automatic"),
    (lambda: lm.data.Dataset(X, CLASSES, classes=2), lm.Error, "Dataset"),
    (lambda: callback.EarlyStopping(patience=1.5), TypeError, "EarlyStopping: patience is a float, it takes a whole number"),
])
def test_a_mistake_is_one_line(mistake, error, line):
    with pytest.raises(error, match=line) as caught:
        mistake()
    assert "\n" not in str(caught.value)
