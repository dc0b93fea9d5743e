#!/usr/bin/env bash
# The site: the public headers and every page as HTML in build/docs. A warning of Doxygen or a broken link is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v doxygen >/dev/null || { echo "docs: doxygen is not installed (Debian's package doxygen)" >&2; exit 1; }
./setup.sh deps </dev/null
cmake -S . -B build -G Ninja
cmake --build build --target docs
