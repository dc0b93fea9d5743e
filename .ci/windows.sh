#!/usr/bin/env bash
# What differs on Windows compiles there: the files called ..._windows, and those that ask for _WIN32. It is not linked and
# not run. Status 77: no compiler for it here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
compiler=$(command -v x86_64-w64-mingw32-g++-posix || command -v x86_64-w64-mingw32-g++) ||
  { echo "no MinGW compiler (g++-mingw-w64-x86-64-posix)"; exit 77; }
# Header-only packages of this system, without the rest of its headers.
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
for name in vulkan vk_video; do
  for folder in .toolchain/include /usr/include; do
    [ -e "$folder/$name" ] && { ln -s "$(realpath "$folder/$name")" "$headers/$name"; break; }
  done
done
mapfile -t files < <({ grep -rlw --include='*.cpp' _WIN32 src; find src -name '*_windows.cpp'; } | sort -u)
[ ${#files[@]} -gt 0 ] || { echo "no file differs on Windows"; exit 1; }
for file in "${files[@]}"; do
  echo "$file"
  "$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers -Werror -fsyntax-only \
    -DVK_NO_PROTOTYPES -Isrc -Iinclude -I. -isystem "$headers" "$file"
done
echo "${#files[@]} files compile for Windows"
