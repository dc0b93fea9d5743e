#!/usr/bin/env bash
# Every shader through the shader compiler of a release, each module checked by the newest spirv-val there is.
#   .ci/shaders.sh BUILD_FOLDER RELEASE      RELEASE: one of .ci/toolchain.sh releases. Status 77: not here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder="${1:?the build folder}/shaders-${2:?the release}"
compiler="$PWD/.toolchain/bin/glslang-$2"
"$compiler" --version >/dev/null 2>&1 || { echo "no shader compiler of $2: .ci/toolchain.sh releases"; exit 77; }
# Older ones let pass what newer layers report.
validator="$PWD/.toolchain/bin/spirv-val-forky"
"$validator" --version >/dev/null 2>&1 || { echo "no spirv-val of testing: .ci/toolchain.sh releases"; exit 77; }
# A compiler that was renewed in place is asked anew, and compiles again.
version=$("$compiler" --version; "$validator" --version)
if [ "$(cat "$folder/versions" 2>/dev/null)" != "$version" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  echo "$version" >"$folder/versions"
fi
cmake -S tests/shaders -B "$folder" -G Ninja -D LEMNOS_GLSLANG="$compiler" -D LEMNOS_SPIRV_VAL="$validator"
cmake --build "$folder" -- -k 0
grep -m 1 Glslang "$folder/versions"
grep -m 1 SPIRV-Tools "$folder/versions"
