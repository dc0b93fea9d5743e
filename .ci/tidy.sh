#!/usr/bin/env bash
# clang-tidy over src/, from the compile commands of a build folder. Status 77: not here.   .ci/tidy.sh BUILD_FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || { echo "clang-tidy is not installed"; exit 77; }
# Of a folder that compiles each file alone, which this one may not.
commands="${1:?the build folder}/tidy"
cmake -S . -B "$commands" -G Ninja -DLEMNOS_UNITY=OFF -DCMAKE_BUILD_TYPE=Release >/dev/null
[ ! -d src/watch ] || ninja -C "$commands" src/watch/watch_page.h >/dev/null
find src -path src/python -prune -o -name '*.cpp' ! -name '*_windows.cpp' -print0 | xargs -0 -n 1 -P "$(nproc)" "$tidy" -p "$commands" --quiet
