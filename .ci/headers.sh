#!/usr/bin/env bash
# The code that includes Vulkan headers compiles against those of a release, with warnings as errors: by GCC 12, by the newest clang
# there is, which brings the newest standard library, or by both: a folder at a time. Nothing is built.
#   .ci/headers.sh RELEASE      one of .ci/toolchain.sh releases. Status 77: not here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/units.sh
releases=.toolchain/releases
vulkan="$releases/${1:?the release}/headers/usr/include"
allocator="$releases/vma/usr/include"
[ -f "$vulkan/vulkan/vulkan_core.h" ] && [ -f "$allocator/vk_mem_alloc.h" ] ||
  { echo "no Vulkan headers of $1: .ci/toolchain.sh releases"; exit 77; }
gcc=$(command -v g++-12 || command -v g++) || { echo "no g++"; exit 77; }
clang=.toolchain/bin/clang-newest
"$clang" --version >/dev/null 2>&1 || { echo "no newest clang: .ci/toolchain.sh releases"; exit 77; }
mapfile -t files < <({ ls src/vulkan/*.cpp
  grep -rlE '#include ("(vulkan/|runtime/vulkan_)|<vulkan/|<lemnos/vulkan\.h>|"lemnos/vulkan\.h")' --include='*.cpp' src
  } | grep -v _windows | sort -u)
flags=(-std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers -Werror -fsyntax-only
  -DVK_NO_PROTOTYPES -DLEMNOS_HAS_VULKAN -Isrc -Iinclude -I. -isystem "$vulkan" -isystem "$allocator")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
write_units "$work" 16 "${files[@]}"
failed=0
# The oldest compiler with the oldest headers and the newest with the newest, as they meet; both with those between.
compilers=("$gcc -Wno-restrict -Wno-subobject-linkage" "$clang -x c++")
[ "$1" != bookworm ] || compilers=("$gcc -Wno-restrict -Wno-subobject-linkage")
[ "$1" != forky ] || compilers=("$clang -x c++")
for compiler in "${compilers[@]}"; do
  echo "== ${compiler%% *}: $(${compiler%% *} --version | sed -n 1p)"
  # shellcheck disable=SC2086
  printf '%s\0' "$work"/*.cpp | xargs -0 -n 1 -P "$(nproc)" $compiler "${flags[@]}" || failed=1
done
grep -m 1 'define VK_HEADER_VERSION ' "$vulkan/vulkan/vulkan_core.h"
echo "${#files[@]} files"
exit $failed
