#!/usr/bin/env bash
# A build without the Vulkan backend links, and trains on the CPU reference.   .ci/no_vulkan.sh BUILD_FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder="${1:?the build folder}/no-vulkan"
cmake -S . -B "$folder" -G Ninja -DLEMNOS_VULKAN=OFF -DLEMNOS_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
cmake --build "$folder" -j"$(nproc)" --target 02_xor
"$folder/bin/02_xor"
