#!/usr/bin/env bash
# One consumer: consume.sh WHAT [ARGUMENTS]. Works in the current folder; tests/consume/CMakeLists.txt sets the LEMNOS_*
# variables.
set -euo pipefail

warnings="-Wall -Wextra -Wpedantic -Werror"

# A CMake project of ours: configured, built, run. Its programs are called consumer*.
cmake_project() {
  local name=$1 program
  "$CMAKE" -G Ninja -S "$LEMNOS_CONSUME/$name" -B "$name" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$LEMNOS_STAGE" \
    -DLEMNOS_SOURCE="$LEMNOS_SOURCE" -DLEMNOS_TOOLCHAIN="$LEMNOS_TOOLCHAIN_FOLDER" -DCMAKE_CXX_FLAGS="$LEMNOS_FLAGS"
  "$CMAKE" --build "$name" --parallel 2
  for program in "$name"/consumer*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    echo "-- $program"
    "$program"
  done
}

# The packages of cpack, unpacked: a program is built with nothing else, and no shader compiler is looked for.
package() {
  local build=$1 deb tool
  for tool in dpkg-deb dpkg-shlibdeps file; do
    command -v "$tool" >/dev/null || { echo "cpack -G DEB needs $tool, which is not here"; exit 77; }
  done
  rm -rf package
  mkdir -p package/stage
  cd package
  "$(dirname "$CMAKE")/cpack" --config "$build/CPackConfig.cmake" -G DEB -B "$PWD/debs"
  for deb in debs/*.deb; do
    echo "-- $deb: $(stat -c %s "$deb") bytes; depends on $(dpkg-deb --field "$deb" Depends)"
    dpkg-deb -x "$deb" stage
  done
  dpkg-deb --field debs/liblemnos-dev_*.deb Depends | grep zlib1g-dev >/dev/null
  LEMNOS_STAGE=$PWD/stage/usr cmake_project find_package
  [ ! -e stage/usr/bin/lemnos ] || stage/usr/bin/lemnos --version
}

# What `lemnos init` writes, built and run.
initialised() {
  local lemnos=$1
  rm -rf started
  "$lemnos" init started
  "$CMAKE" -G Ninja -S started -B started/build -DCMAKE_PREFIX_PATH="$LEMNOS_STAGE" -DCMAKE_CXX_FLAGS="-Wall -Werror $LEMNOS_FLAGS"
  "$CMAKE" --build started/build --parallel 2
  (cd started && LEMNOS_DEVICE=cpu build/started)
}

pkg_config() {
  local folder flags
  folder=$(dirname "$(find "$LEMNOS_STAGE" -name lemnos.pc)")
  flags=$(PKG_CONFIG_PATH=$folder pkg-config --cflags --libs lemnos)
  # shellcheck disable=SC2086
  $CXX -std=c++20 $LEMNOS_FLAGS "$LEMNOS_CONSUME/main.cpp" $flags -o pkg_config_consumer
  ./pkg_config_consumer
}

# The C compiler alone, with a static library.
c_static() {
  local folder flags
  folder=$(dirname "$(find "$LEMNOS_STAGE" -name lemnos.pc)")
  flags=$(PKG_CONFIG_PATH=$folder pkg-config --cflags --libs lemnos)
  # shellcheck disable=SC2086
  $CC -std=c11 $warnings $LEMNOS_FLAGS "$LEMNOS_CONSUME/c_only/main.c" $flags -o c_static_consumer
  ./c_static_consumer c_static.safetensors
}

# The C and the C++ program, with a shared library.
shared() {
  local library=$1 folder
  folder=$(dirname "$library")
  # shellcheck disable=SC2086
  $CC -std=c11 $warnings -I "$LEMNOS_SOURCE/include" "$LEMNOS_CONSUME/c_only/main.c" -L "$folder" -llemnos -lm \
    -Wl,-rpath,"$folder" -o c_shared_consumer
  ./c_shared_consumer c_shared.safetensors
  $CXX -std=c++20 -fvisibility=hidden -I "$LEMNOS_SOURCE/include" "$LEMNOS_CONSUME/main.cpp" -L "$folder" -llemnos \
    -Wl,-rpath,"$folder" -o cxx_shared_consumer
  ./cxx_shared_consumer
}

c_vulkan() {
  local library=$1 folder
  folder=$(dirname "$library")
  # shellcheck disable=SC2086
  $CC -std=c11 $warnings -Wno-missing-field-initializers -I "$LEMNOS_SOURCE/include" -isystem "$LEMNOS_VULKAN_HEADERS" \
    "$LEMNOS_CONSUME"/c_vulkan/*.c -L "$folder" -llemnos -Wl,-rpath,"$folder" -lvulkan -o c_vulkan_consumer
  ./c_vulkan_consumer
}

# What programs compiled with the last release rely on still holds.
c_abi() {
  local library=$1 folder include=()
  folder=$(dirname "$library")
  [ ! -d "$LEMNOS_VULKAN_HEADERS" ] || include=(-isystem "$LEMNOS_VULKAN_HEADERS")
  # shellcheck disable=SC2086
  $CC -std=c11 $warnings -I "$LEMNOS_SOURCE/include" "${include[@]}" "$LEMNOS_CONSUME/c_abi.c" -L "$folder" -llemnos \
    -Wl,-rpath,"$folder" -o c_abi_consumer
  ./c_abi_consumer
}

# Nothing is visible but lemnos_* and namespace lemnos; no vk* and nothing of the namespaces inside.
symbols() {
  local library=$1 names foreign inner count size limit_symbols limit_mib
  names=$(nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | sort -u)
  foreign=$(grep -vE '^(lemnos_|_ZNK?6lemnos|_ZT[ISV]N6lemnos)' <<<"$names" || true)
  if [ -n "$foreign" ]; then
    echo "visible, and neither lemnos_* nor namespace lemnos:"
    c++filt <<<"$foreign"
    exit 1
  fi
  inner=$(c++filt <<<"$names" | grep -E 'lemnos::(vulkan|ops|reference|shaders|c)::' || true)
  if [ -n "$inner" ]; then
    echo "visible, and not public:"
    echo "$inner"
    exit 1
  fi
  for name in lemnos_version lemnos_trainer_fit lemnos_graph_op; do
    grep -qx "$name" <<<"$names" || { echo "$name is not visible"; exit 1; }
  done
  count=$(wc -l <<<"$names")
  strip -o stripped.so "$library"
  size=$(stat -c %s stripped.so)
  echo "$count symbols, $(grep -c '^lemnos_' <<<"$names") of them C; $size bytes stripped"
  # What src/api/README.md states: a library that grew past it grew on purpose, or hides no longer what it should.
  limit_symbols=$(sed -n 's/^- at most \([0-9]*\) exported symbols.*/\1/p' "$LEMNOS_SOURCE/src/api/README.md")
  limit_mib=$(sed -n 's/^- at most \([0-9]*\) MiB stripped.*/\1/p' "$LEMNOS_SOURCE/src/api/README.md")
  [ "$count" -le "$limit_symbols" ] || { echo "src/api/README.md allows $limit_symbols symbols"; exit 1; }
  [ "$size" -le $((limit_mib << 20)) ] || { echo "src/api/README.md allows $limit_mib MiB"; exit 1; }
}

what=$1
shift
"$what" "$@"
