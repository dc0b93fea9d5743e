#!/usr/bin/env python3
"""Another backend, checked by Lemnos: numpy computes the softmax cases of `lemnos check --export`.

    lemnos check --export cases --op softmax && python3 check_with_numpy.py cases && lemnos check --foreign cases
"""
import json
import pathlib
import sys

import numpy

DTYPES = {"F32": "<f4", "F16": "<f2", "I32": "<i4"}


def read(path):
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__")
    if any(t["dtype"] not in DTYPES for t in header.values()):
        return metadata, None
    return metadata, {name: numpy.frombuffer(data[start:], DTYPES[t["dtype"]], numpy.prod(t["shape"], dtype=int),
                                             t["data_offsets"][0]).reshape(t["shape"]) for name, t in header.items()}


def write(path, name, array, metadata):
    words = {"<f4": "F32", "<f2": "F16"}
    header = {"__metadata__": metadata}
    if array is not None:
        header[name] = {"dtype": words[array.dtype.str], "shape": array.shape, "data_offsets": [0, array.nbytes]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + (b"" if array is None else array.tobytes()))


def softmax(asked, x):
    """The ten lines of a backend: inputs and attributes in, one result out."""
    logarithm = asked["nodes"][0]["attributes"]["logarithm"]
    stored = DTYPES[asked["results"][0]["dtype"]]
    shifted = x["input0"].astype("f4")
    shifted = shifted - shifted.max(-1, keepdims=True, initial=-numpy.inf)  # an empty row has no maximum
    log_y = shifted - numpy.log(numpy.exp(shifted).sum(-1, keepdims=True))
    y = (log_y if logarithm else numpy.exp(log_y)).astype(stored)
    if "gradient_of" not in asked["results"][0]:
        return y
    dy, y = x["dy"].astype("f4"), y.astype("f4")  # the gradient starts from y as it was stored
    dx = dy - numpy.exp(y) * dy.sum(-1, keepdims=True) if logarithm else y * (dy - (dy * y).sum(-1, keepdims=True))
    return dx.astype(stored)


for case in sorted(pathlib.Path(sys.argv[1]).glob("*.case.safetensors")):
    metadata, tensors = read(case)
    asked = {key: json.loads(metadata[key]) for key in ("nodes", "results")}
    to = case.with_name(case.name.replace(".case.", ".result."))
    if tensors is None or len(asked["nodes"]) != 1 or asked["nodes"][0]["op"] != "softmax":
        write(to, "", None, {"unsupported": "only softmax, in dtypes that numpy has"})
    else:
        write(to, asked["results"][0]["name"], softmax(asked, tensors), {})
