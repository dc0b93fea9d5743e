#!/usr/bin/env bash
# The newer shader compiler, Vulkan headers and VMA that Debian 12 lacks, in .toolchain/: CMake looks there first.
#   .ci/toolchain.sh          makes them; quick where they are there already; status 1 where they cannot be had
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# Testing has the newest compiler (bfloat16, cooperative matrices); stable is there when testing is being rebuilt.
suites=(forky trixie)

# A program of the unpacked root under its own name in .toolchain/bin, run by the root's own dynamic linker.
write_wrapper() {
  local name=$1 program=$2
  cat >"$toolchain/bin/$name.new" <<'WRAPPER'
#!/bin/sh
# Made by .ci/toolchain.sh: runs a program of ../compiler with the libraries it was built for.
root=$(dirname "$(readlink -f "$0")")/../compiler
for linker in "$root"/usr/lib/*/ld-linux*.so.*; do break; done
WRAPPER
  printf 'exec "$linker" --library-path "$(dirname "$linker")" "$root/usr/bin/%s" "$@"\n' "$program" >>"$toolchain/bin/$name.new"
  chmod +x "$toolchain/bin/$name.new"
  mv "$toolchain/bin/$name.new" "$toolchain/bin/$name"
}

unpack_first() {
  local root=$1 mode=$2 suite
  shift 2
  for suite in "${suites[@]}"; do
    if unpack_packages "$root" "$mode" "$suite" "$@"; then return 0; fi
  done
  return 1
}

compiler_works() { "$toolchain/bin/lemnos-glslang" --version >/dev/null 2>&1 && "$toolchain/bin/spirv-val" --version >/dev/null 2>&1; }

made_by=$(cksum <"${BASH_SOURCE[0]}")
if [ "$(cat "$toolchain/made_by" 2>/dev/null)" = "$made_by" ] && compiler_works; then exit 0; fi
mkdir -p "$toolchain/bin"
# One suite for both where it can be: a compiler and headers of the same Vulkan version.
unpack_first "$toolchain/compiler" closed glslang-tools spirv-tools
unpack_first "$toolchain/headers" alone libvulkan-dev libvulkan-memory-allocator-dev
write_wrapper lemnos-glslang glslang
write_wrapper spirv-val spirv-val
if ! compiler_works; then
  rm -f "$toolchain/bin/lemnos-glslang" "$toolchain/bin/spirv-val"
  say "  the unpacked shader compiler does not run here: the system's is used"
  exit 1
fi
[ -L "$toolchain/include" ] || rm -rf "$toolchain/include"
ln -sfn headers/usr/include "$toolchain/include"
sort -u "$toolchain/compiler/versions.txt" "$toolchain/headers/versions.txt" >"$toolchain/versions.txt"
echo "$made_by" >"$toolchain/made_by"
