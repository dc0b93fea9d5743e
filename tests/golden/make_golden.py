#!/usr/bin/env python3
"""Golden values from PyTorch: tests/golden/ops.json, mlp.safetensors and transformer.safetensors.

    python3 tests/golden/make_golden.py          (Debian and Ubuntu: python3-torch, python3-numpy)

Everything is computed in float64 from inputs that formula.h makes too, so the files hold results alone. They carry the
hash of the scripts of this folder; a test compares the two, so that a changed line asks for new values.
"""

import json
import pathlib
import struct
import sys

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
sys.dont_write_bytecode = True

import composition_table  # adds its cases to op_table's, as sequence_table does
import mlp
import op_table
import optimizer_table
import sequence_table
import transformer

HERE = pathlib.Path(__file__).resolve().parent


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def shortened(value):
    """Twelve digits: a thousandth of the tightest tolerance."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    return [shortened(item) for item in value] if isinstance(value, (list, tuple)) else value


def rows(values):
    return "[\n" + ",\n".join(json.dumps(shortened(row), separators=(",", ":")) for row in values) + "\n]"


def write_json(path, head, parts):
    parts = [f'"{name}": {json.dumps(value, indent=1) if isinstance(value, dict) else rows(value)}'
             for name, value in parts.items()]
    path.write_text(json.dumps(head)[:-1] + ",\n" + ",\n".join(parts) + "}\n")


def write_safetensors(path, head, tensors):
    header, body = {"__metadata__": head}, b""
    for name, values in tensors.items():
        start = len(body)
        body += struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": [start, len(body)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


script = fnv1a(b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py"))))
head = {"script": script, "torch": torch.__version__}
write_json(HERE / "ops.json", head, {"exempt": op_table.EXEMPT, "cases": op_table.cases,
                                     "optimizers": optimizer_table.optimizers, "schedules": optimizer_table.schedules,
                                     "clips": optimizer_table.clips})
networks = {"mlp": mlp.values(), "transformer": transformer.values()}
for name, tensors in networks.items():
    write_safetensors(HERE / f"{name}.safetensors", head, tensors)

print(f"{len(op_table.cases)} cases, {len(optimizer_table.optimizers)} optimizers, "
      f"{len(optimizer_table.schedules)} schedules, scripts {script}, torch {torch.__version__}")
for network, tensors in networks.items():
    for name in [name for name in tensors if name.startswith("losses.")]:
        print(f"{network:11} {name:15}", " ".join(f"{v:.4f}" for v in tensors[name]))
