#!/usr/bin/env bash
# Checks that every C++ file is formatted as .clang-format says, by the one version that decides. Status 77: not here.
# Headers in shaders/ are read by GLSL too, and are laid out by hand.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v clang-format-14 >/dev/null; then
  echo "clang-format-14 is not in this release, and another version formats differently"
  exit 77
fi
mapfile -t files <<<"$(find include src tests samples \( -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.c' \);
                     find shaders -name '*.cpp')"
unformatted=$(printf '%s\0' "${files[@]}" | xargs -0 -n 64 -P "$(nproc)" clang-format-14 --dry-run 2>&1 |
  sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning: .*/\1/p' | sort -u)
if [ -n "$unformatted" ]; then
  echo "Not formatted (clang-format-14 -i FILES):"
  echo "$unformatted"
  exit 1
fi
echo "${#files[@]} files are formatted"
