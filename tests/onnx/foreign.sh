#!/usr/bin/env bash
# What other programs say of Lemnos' ONNX files: ONNX's checker (package python3-onnx), and onnxruntime-web under Node, where
# LEMNOS_ONNXRUNTIME names a node_modules folder that has it (npm install onnxruntime-web).
#   foreign.sh PROGRAM FOLDER.  Status 77: neither is here.
set -euo pipefail
program=$1 folder=$2
here=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rm -rf "$folder"
trap 'rm -rf "$folder"' EXIT
"$program" "$folder"
asked=0
python=""
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import onnx' 2>/dev/null; then python=$candidate; break; fi
done
if [ -n "$python" ]; then
  "$python" -B "$here/check_with_onnx.py" "$folder"
  asked=1
else
  echo "the checker of ONNX is left out: no Python here has onnx (package python3-onnx)"
fi
modules=${LEMNOS_ONNXRUNTIME:-}
if command -v node >/dev/null && [ -n "$modules" ] && [ -d "$modules/onnxruntime-web" ]; then
  node "$here/run_with_onnxruntime.mjs" "$folder" "$modules"
  asked=1
else
  echo "onnxruntime-web is left out: LEMNOS_ONNXRUNTIME names no node_modules folder with it, or there is no node"
fi
[ "$asked" = 1 ] || exit 77
