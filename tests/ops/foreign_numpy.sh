#!/usr/bin/env bash
# samples/check_with_numpy.py answers what `lemnos check --export` asks; a wrong answer must then fail.
#   foreign_numpy.sh LEMNOS SAMPLE FOLDER.  Status 77: no numpy here.
set -euo pipefail
lemnos=$1 sample=$2 folder=$3
python=""
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  echo "numpy is not on this machine"
  exit 77
fi
rm -rf "$folder"
trap 'rm -rf "$folder"' EXIT
"$lemnos" check --fast --op softmax --export "$folder"
"$python" "$sample" "$folder"
"$lemnos" check --foreign "$folder"
first=$(find "$folder" -name '*.f32.[1-9]*.result.safetensors' | sort | sed -n 1p)  # one with elements
printf '\377\377\377\177' | dd of="$first" bs=1 seek=$(($(stat -c %s "$first") - 4)) conv=notrunc status=none  # not a number
if found=$("$lemnos" check --foreign "$folder" --json); then
  echo "a wrong element was not found"
  exit 1
fi
grep -q '"failed": 1' <<<"$found"
grep -q 'got nan, reference' <<<"$found"
grep -q "lemnos check --foreign '${first%.result.*}.case.safetensors'" <<<"$found"
