#!/usr/bin/env bash
# The library compiles with libc++, the standard library of macOS, Android and FreeBSD: by the newest clang, a folder of src at a
# time. Nothing is built.   .ci/libcxx.sh BUILD_FOLDER      Status 77: not here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/units.sh
build=$(cd "${1:?the build folder}" && pwd)
clang=.toolchain/bin/clang-newest
"$clang" --version >/dev/null 2>&1 || { echo "no newest clang: .ci/toolchain.sh releases"; exit 77; }
ls .toolchain/releases/clang/usr/lib/llvm-*/include/c++/v1/vector >/dev/null 2>&1 ||
  { echo "no libc++: .ci/toolchain.sh releases"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t files < <(ls src/*/*.cpp | grep -vE '^src/python/|_(windows|absent)\.cpp$')
write_units "$work" 100 "${files[@]}"
flags=(-std=c++20 -stdlib=libc++ -fsyntax-only -Werror -Wno-missing-designated-field-initializers -DVK_NO_PROTOTYPES -DLEMNOS_HAS_VULKAN
  -DLEMNOS_VERSION_MAJOR=0 -DLEMNOS_VERSION_MINOR=0 -DLEMNOS_VERSION_PATCH=0 -Isrc -Iinclude -I.
  -idirafter /usr/include -idirafter "/usr/include/$(uname -m)-linux-gnu")
# What the build makes, and the headers that it found.
mapfile -t found < <(grep -oE -- '-(I|isystem )[^ "]+' "$build/compile_commands.json" | sort -u | sed 's/^-isystem /-isystem\n/')
printf '%s\0' "$work"/*.cpp | xargs -0 -n 1 -P "$(nproc)" "$clang" -x c++ "${flags[@]}" "${found[@]}"
echo "${#files[@]} files, $("$clang" --version | sed -n 1p)"
