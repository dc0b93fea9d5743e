#!/usr/bin/env bash
# Compilers and headers of other Debian releases, in .toolchain/; nothing is installed.
#   .ci/toolchain.sh             the newer shader compiler, Vulkan headers and VMA that Debian 12 lacks: CMake looks there first.
#                                Quick where they are there already; status 1 where they cannot be had
#   .ci/toolchain.sh releases    what the lanes check against: shader compiler and Vulkan headers of each release in `promised`,
#                                in .toolchain/releases/NAME, and the newest clang; status 1 where one cannot be had
#   .ci/toolchain.sh judges      the test data of ONNX in .toolchain/onnx, by which tests/judges judges; status 1 likewise
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# Testing has the newest compiler (bfloat16, cooperative matrices); stable is there when testing is being rebuilt.
suites=(forky trixie)
# Oldest first.
promised=(bookworm trixie forky)

# write_wrapper NAME ROOT PROGRAM [ARGUMENTS]: .toolchain/bin/NAME runs a program of the unpacked root by the root's own dynamic
# linker. ARGUMENTS are shell text, and may name $root.
write_wrapper() {
  local name=$1 folder=$2 program=$3
  cat >"$toolchain/bin/$name.new" <<WRAPPER
#!/bin/sh
# Made by .ci/toolchain.sh: runs a program of ../$folder with the libraries it was built for.
root=\$(dirname "\$(readlink -f "\$0")")/../$folder
for linker in "\$root"/usr/lib/*/ld-linux*.so.* "\$root"/lib/*/ld-linux*.so.*; do [ -e "\$linker" ] && break; done
libraries=\$(dirname "\$linker"):\$root/usr/lib/\$(basename "\$(dirname "\$linker")")
exec "\$linker" --library-path "\$libraries" "\$root/$program" ${4:-} "\$@"
WRAPPER
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

# releases: one failure leaves out one release, which its lanes then say.
unpack_releases() {
  local suite root program failed=0
  mkdir -p "$toolchain/bin"
  for suite in "${promised[@]}"; do
    root=releases/$suite
    if unpack_packages "$toolchain/$root/compiler" closed "$suite" glslang-tools spirv-tools &&
      unpack_packages "$toolchain/$root/headers" alone "$suite" libvulkan-dev; then
      program=usr/bin/glslang
      [ -e "$toolchain/$root/compiler/$program" ] || program=usr/bin/glslangValidator
      write_wrapper "glslang-$suite" "$root/compiler" "$program"
      write_wrapper "spirv-val-$suite" "$root/compiler" usr/bin/spirv-val
      say "  $suite: $(cat "$toolchain/$root"/*/versions.txt | grep -E '^(glslang-tools|libvulkan-dev) ' | tr '\n' ' ')"
    else
      say "  $suite: its shader compiler and Vulkan headers are not available here, skipped"
      failed=1
    fi
  done
  # bookworm has no package of the allocator: its header is that of the newest release.
  unpack_first "$toolchain/releases/vma" alone libvulkan-memory-allocator-dev || failed=1
  # With the newest standard library too, which includes the least of itself.
  if unpack_first "$toolchain/releases/clang" closed clang libc++-dev libc++abi-dev; then
    for root in "$toolchain"/releases/clang/usr/lib/llvm-*; do break; done
    root=${root#"$toolchain"/releases/clang/}
    write_wrapper clang-newest releases/clang "$root/bin/clang" "--sysroot=\"\$root\" -resource-dir=\"\$root/$root/lib/clang/${root##*-}\""
    say "  clang: $(grep -E '^(clang|libstdc\+\+)-[0-9]+(-dev)? ' "$toolchain/releases/clang/versions.txt" | tr '\n' ' ')"
  else
    say "  clang: not available here, skipped"
    failed=1
  fi
  return $failed
}

compiler_works() { "$toolchain/bin/lemnos-glslang" --version >/dev/null 2>&1 && "$toolchain/bin/spirv-val" --version >/dev/null 2>&1; }

case ${1:-} in
  "") ;;
  releases) unpack_releases; exit ;;
  # Of one release, whatever this one is: what is right is pinned by its cases.
  judges) unpack_packages "$toolchain/onnx" alone trixie libonnx-testdata; exit ;;
  *) say "toolchain.sh: unknown word '$1'"; exit 2 ;;
esac
made_by=$(cksum <"${BASH_SOURCE[0]}")
if [ "$(cat "$toolchain/made_by" 2>/dev/null)" = "$made_by" ] && compiler_works; then exit 0; fi
mkdir -p "$toolchain/bin"
# One suite for both where it can be: a compiler and headers of the same Vulkan version.
unpack_first "$toolchain/compiler" closed glslang-tools spirv-tools
unpack_first "$toolchain/headers" alone libvulkan-dev libvulkan-memory-allocator-dev
write_wrapper lemnos-glslang compiler usr/bin/glslang
write_wrapper spirv-val compiler usr/bin/spirv-val
if ! compiler_works; then
  rm -f "$toolchain/bin/lemnos-glslang" "$toolchain/bin/spirv-val"
  say "  the unpacked shader compiler does not run here: the system's is used"
  exit 1
fi
[ -L "$toolchain/include" ] || rm -rf "$toolchain/include"
ln -sfn headers/usr/include "$toolchain/include"
sort -u "$toolchain/compiler/versions.txt" "$toolchain/headers/versions.txt" >"$toolchain/versions.txt"
echo "$made_by" >"$toolchain/made_by"
