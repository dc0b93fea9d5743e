"""What ONNX's own checker says of every file of a folder, with the shapes that it infers. check_with_onnx.py FOLDER"""

import pathlib
import sys

import onnx

files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
for file in files:
    model = onnx.load(str(file))
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    print(f"{file.name}: {len(model.graph.node)} nodes, operator set {model.opset_import[0].version}: right")
if not files:
    sys.exit(f"{sys.argv[1]}: no files")
