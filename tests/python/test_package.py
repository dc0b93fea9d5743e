"""The stubs say what the module has, the binding has what the headers declare, and the samples run."""
import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lemnos as lm

SOURCE = Path(os.environ.get("LEMNOS_SOURCE", Path(__file__).resolve().parents[2]))
PACKAGE = Path(lm.__file__).parent
MODULES = {"__init__": lm._lemnos, **{n: getattr(lm, n) for n in ("callback", "data", "init", "loss", "metrics", "nn", "optim")}}


def public(names):
    return {n for n in names if not n.startswith("_")}


def methods(cls):
    own = {n for n in vars(cls) if not n.startswith("__") or n in ("__init__", "__call__", "__len__", "__getitem__", "__add__", "__matmul__")}
    if isinstance(vars(cls).get("__init__"), type(object.__init__)):
        own.discard("__init__")  # pybind11's, of what Python cannot make
    return {n for n in own if not n.startswith("_pybind") and n not in ("__declared__",) and not (n.startswith("_") and not n.startswith("__"))}


@pytest.mark.parametrize("name", MODULES)
def test_stub_and_module_agree(name):
    module, tree = MODULES[name], ast.parse((PACKAGE / f"{name}.pyi").read_text(encoding="utf-8"))
    stub = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    submodules = set(MODULES) if name == "__init__" else set()
    assert set(stub) == public(vars(module)) - submodules
    for item, node in stub.items():
        real = getattr(module, item)
        if isinstance(node, ast.FunctionDef):
            same_parameters(real, node)
        elif not issubclass(real, (BaseException, tuple)):
            said = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
            assert methods(real) <= set(said) and set(said) <= set(dir(real)), item
            for method, definition in said.items():
                if callable(vars(real).get(method)) and not definition.decorator_list:
                    same_parameters(getattr(real, method), definition)


def same_parameters(function, node):
    """Names, kinds and defaults of a function and of its line in the stub."""
    if node.name == "op":
        return
    real = inspect.signature(function).parameters.values()
    a = node.args
    said = [(p.arg, "positional") for p in a.args] + [(p.arg, "keyword") for p in a.kwonlyargs]
    defaults = [None] * (len(a.args) - len(a.defaults)) + [ast.literal_eval(d) for d in a.defaults] + [d and ast.literal_eval(d) for d in a.kw_defaults]
    assert said == [(p.name, "keyword" if p.kind is p.KEYWORD_ONLY else "positional") for p in real], node.name
    assert defaults == [None if p.default is p.empty else p.default for p in real], node.name


def test_every_op_and_layer_of_the_headers_is_there():
    ops = (SOURCE / "include/lemnos/ops.h").read_text(encoding="utf-8")
    declared = set(re.findall(r"^(?:inline )?(?:Value|std::vector<Value>|\w+) (\w+)\((?:Value|Graph&|std::span<const Value>|std::string_view)[ &]", ops, re.M))
    assert len(declared) > 150 and declared <= set(dir(lm)), declared - set(dir(lm))
    for header, module in (("nn", lm.nn), ("augment", lm.nn), ("loss", lm.loss), ("optim", lm.optim)):
        text = (SOURCE / f"include/lemnos/{header}.h").read_text(encoding="utf-8")
        kinds = re.findall(r"^struct (\w+) \{\n  static constexpr const char\* kKind", text, re.M)
        assert kinds and set(kinds) <= set(dir(module)), header
    flip = inspect.signature(lm.nn.RandomFlip).parameters
    assert flip["horizontal"].default is True and flip["vertical"].default is False


def test_help_says_what_the_header_says():
    assert "accurate near 0" in lm.log1p.__doc__ and "gradient" in lm.clamp.__doc__
    assert "PyTorch's ReduceLROnPlateau" in lm.callback.ReduceOnPlateau.__doc__
    assert str(inspect.signature(lm.optim.Sgd)).startswith("(lr=0.0")


def test_submodules_are_imported_by_name():
    from lemnos.nn import Linear
    import lemnos.optim
    assert Linear is lm.nn.Linear and lemnos.optim.Adam is lm.optim.Adam


def test_it_works_without_numpy():
    program = ("import sys; sys.modules['numpy'] = None\nimport lemnos as lm\n"
               "t = lm.Trainer('cpu', lm.nn.sequential([lm.nn.Linear(1)]), loss='mse')\n"
               "t.fit([[0.0], [1.0]], [[0.0], [1.0]], verbosity='silent')\nassert len(t.predict([[1.0]]).tolist()) == 1\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_nothing_is_left_at_the_end():
    """Devices, trainers and callbacks that live until the interpreter goes."""
    program = ("import lemnos as lm\nkeep = lm.Trainer(lm.Device.best(), lm.nn.sequential([lambda s, x: x, lm.nn.Linear(1)]), loss=lambda p, t, m: lm.sum(p))\n"
               "run = []\nkeep.fit([[1.0]], [[1.0]], verbosity='silent', callbacks=[run.append])\nvalue = keep.graph.parameters[0]\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("sample", sorted((SOURCE / "samples/python").glob("*.py")), ids=lambda p: p.name)
def test_samples_run(sample, tmp_path):
    code = sample.read_text(encoding="utf-8")
    shorter = code.replace("lm.data.digits()", "lm.data.digits(600, 100)").replace("epochs=5", "epochs=2")
    assert shorter != code
    (tmp_path / "sample.py").write_text(shorter, encoding="utf-8")
    environment = {**os.environ, "LEMNOS_DEVICE": "cpu"}
    done = subprocess.run([sys.executable, "sample.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and "of the test digits are right" in done.stdout, done.stderr
    assert (tmp_path / "digits.safetensors").stat().st_size > 100_000
