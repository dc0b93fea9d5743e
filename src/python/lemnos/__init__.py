"""Lemnos: trains neural networks on any vendor's GPU through Vulkan. Everything is in the extension module `_lemnos`."""
import sys as _sys

from . import _lemnos
from ._lemnos import *  # noqa: F401,F403
from ._lemnos import __version__  # noqa: F401

# `import lemnos.nn` and `from lemnos.nn import Linear` find what the extension holds.
for _name in ("callback", "data", "init", "loss", "metrics", "nn", "optim"):
    _sys.modules[f"{__name__}.{_name}"] = getattr(_lemnos, _name)
del _name, _sys
