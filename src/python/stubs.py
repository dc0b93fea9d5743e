#!/usr/bin/env python3
"""Writes the type stubs of the built package from what the module declares of itself:   stubs.py PACKAGE_FOLDER"""
import importlib
import sys
from pathlib import Path

HEAD = '''"""Written by stubs.py from the module. {doc}"""
import builtins
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple
'''
SUBMODULES = ("callback", "data", "init", "loss", "metrics", "nn", "optim")
# What has the buffer protocol or __dlpack__, and what an op takes where a value is asked for.
ALIASES = '''
DType = Literal['f32', 'f16', 'bf16', 'i32', 'u32', 'u8', 'bool']
Array = Any
Operand = Any
'''


def docstring(text, indent):
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return f'\n{indent}    """{text}{" " if text.endswith(chr(34)) else ""}"""' if text else ""


def declaration(line, doc, indent):
    prefix = ""
    if line.startswith("@staticmethod "):
        prefix, line = f"{indent}@staticmethod\n", line.removeprefix("@staticmethod ")
    if "(" not in line.split(":")[0]:  # a property
        name, kind = line.split(":", 1)
        return f"{indent}@property\n{indent}def {name}(self) ->{kind}:{docstring(doc, indent) or ' ...'}\n" + (f"{indent}    ...\n" if doc else "")
    body = docstring(doc, indent)
    return f"{prefix}{indent}def {line}:" + (f"{body}\n{indent}    ...\n" if body else " ...\n")


def class_stub(name, cls):
    out = [f"\nclass {name}{'(NamedTuple)' if issubclass(cls, tuple) else ''}:{docstring(cls.__doc__ or '', '') or ''}"]
    lines = cls.__dict__.get("__declared__", [])
    if any(" list(" in line for line, _ in lines):  # the name means the method within the class
        lines = [(line.replace("list[", "builtins.list["), doc) for line, doc in lines]
    if issubclass(cls, tuple):
        out += ["\n"] + [f"    {line}\n" for line, _ in lines]
    else:
        out += ["\n"] + [declaration(line, doc, "    ") for line, doc in lines]
    return "".join(out) if lines else out[0] + ("\n    ...\n" if (cls.__doc__ or "") else " ...\n")


def public_classes(module):
    return {n: c for n, c in vars(module).items() if isinstance(c, type) and not n.startswith("_")}


def stub(module, imports):
    out = [HEAD.format(doc=(module.__doc__ or "").strip()), imports]
    for name, cls in sorted(public_classes(module).items()):
        if issubclass(cls, BaseException):
            out.append(f"\nclass {name}(RuntimeError):{docstring(cls.__doc__ or '', '')}\n    code: str\n    where: str\n")
        else:
            out.append(class_stub(name, cls))
    out.append("\n")
    out += [declaration(line, doc, "") for line, doc in getattr(module, "__declared__", [])]
    return "".join(out)


def main(folder):
    folder = Path(folder).resolve()
    sys.path.insert(0, str(folder.parent))
    sys.dont_write_bytecode = True
    package = importlib.import_module(folder.name)
    own = {name: getattr(package, name) for name in SUBMODULES}
    names = {name: sorted(public_classes(module)) for name, module in own.items()}
    top = sorted(public_classes(package._lemnos))
    inner = "".join(f"from .{name} import {', '.join(found)}\n" for name, found in sorted(names.items()) if found)
    root = "\nfrom . import " + ", ".join(SUBMODULES) + "\n" + inner + ALIASES + "\n__version__: str\n"
    (folder / "__init__.pyi").write_text(stub(package._lemnos, root), encoding="utf-8")
    for name, module in own.items():
        others = "".join(f"from .{other} import {', '.join(found)}\n" for other, found in sorted(names.items()) if found and other != name)
        imports = f"\nfrom . import Array, DType, Operand, {', '.join(top)}\n{others}"
        (folder / f"{name}.pyi").write_text(stub(module, imports), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
