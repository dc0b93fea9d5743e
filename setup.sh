#!/usr/bin/env bash
# One command on a fresh machine: installs what is missing, builds, and runs. Safe to run again; a second run is quick.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
./setup.sh demo [OPTIONS]   install what is missing, build, train a digit classifier: lemnos train mlp OPTIONS
./setup.sh test             install what is missing, build, run every test lane, print a summary
./setup.sh build            build into build/ (the tool is build/bin/lemnos); LEMNOS_PYTHON=ON: import lemnos, too
./setup.sh deps             install what is missing, and nothing else
./setup.sh drivers [NAME]   unpack more Vulkan drivers into .toolchain/ (tests/drivers.sh list)
./setup.sh help             this text

Debian 12 and 13, Ubuntu 24.04: packages come from apt (as root or with sudo). On other systems install the packages
that `./setup.sh deps` names, then the same commands work.
TEXT
}

step() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }

packages=(g++ cmake ninja-build ccache glslang-tools libvulkan-dev libvulkan1 mesa-vulkan-drivers vulkan-validationlayers
  spirv-tools nlohmann-json3-dev libcli11-dev zlib1g-dev libgtest-dev libstb-dev pkg-config)
packages_where_the_release_has_them=(libvulkan-memory-allocator-dev libjpeg-dev)
# dpkg-dev, file: what CPack makes packages with; GLFW: the window of a sample; locales: the source of de_DE; python3-onnx: its checker; the rest: import lemnos
packages_for_tests=(clang-format-14 dpkg-dev file libglfw3-dev locales pybind11-dev python3-dev python3-numpy python3-pytest python3-onnx)

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

offered() { [[ "$(apt-cache policy "$1" 2>/dev/null)" =~ Candidate:\ [^\(] ]]; }

# Also for the demonstration: its sample of a renderer opens a window.
packages_where_the_release_has_them+=(libglfw3-dev)

# Runs a command as root: directly, or through sudo; status 1 where neither is possible.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || return 1
  if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }

# install_packages [test]: what is missing of the packages; optional ones are left out where the release lacks them.
install_packages() {
  local name missing=() optional=()
  for name in "${packages[@]}"; do installed "$name" || missing+=("$name"); done
  local wanted=("${packages_where_the_release_has_them[@]}")
  [ "${1:-}" != test ] || wanted+=("${packages_for_tests[@]}")
  for name in "${wanted[@]}"; do installed "$name" || optional+=("$name"); done
  if [ ${#missing[@]} -gt 0 ]; then
    note "missing: ${missing[*]}"
    as_root apt-get update -q || note "the package lists could not be renewed (no network, or neither root nor sudo)"
  fi
  for name in ${optional[@]+"${optional[@]}"}; do
    if offered "$name"; then missing+=("$name"); else note "$name: this release does not have it"; fi
  done
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}" || note "could not install: ${missing[*]}"
}

# The tools that the build needs, however they were installed.
check_tools() {
  local lacking=()
  command -v cmake >/dev/null || lacking+=("cmake 3.25 or newer")
  command -v ninja >/dev/null || lacking+=("ninja")
  command -v c++ >/dev/null || command -v g++ >/dev/null || lacking+=("a C++20 compiler (g++ 12, clang 14 or newer)")
  [ -x .toolchain/bin/lemnos-glslang ] || command -v glslangValidator >/dev/null || command -v glslang >/dev/null ||
    lacking+=("glslang")
  local folder allocator=""
  for folder in .toolchain/include /usr/include /usr/local/include ${VULKAN_SDK:+"$VULKAN_SDK/include" "$VULKAN_SDK/include/vma"}; do
    [ ! -f "$folder/vk_mem_alloc.h" ] || allocator=$folder
  done
  if [ -z "$allocator" ]; then
    note "no vk_mem_alloc.h (VulkanMemoryAllocator 3): the Vulkan backend will be left out of the build;"
    note "install a package or the Vulkan SDK (VULKAN_SDK), or put the header into .toolchain/include/"
  fi
  if [ ${#lacking[@]} -gt 0 ]; then
    printf 'setup.sh: cannot build without: %s\n' "$(printf '%s; ' "${lacking[@]}")" >&2
    printf 'Install also: Vulkan headers, VulkanMemoryAllocator, nlohmann-json, CLI11, zlib, GoogleTest, stb; for JPEG images libjpeg.\n' >&2
    exit 1
  fi
}

deps() {
  step "Packages"
  if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages "$@"
  else
    note "no apt on this system: using the installed packages"
  fi
  if [ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}")" = debian12 ]; then
    step "Newer shader compiler, Vulkan headers and allocator, in .toolchain/ (nothing is installed)"
    if .ci/toolchain.sh; then
      note "$(grep -E '^(glslang-tools|libvulkan-dev|libvulkan-memory-allocator-dev) ' .toolchain/versions.txt | tr '\n' ' ')"
    else
      note "not built: kernels that need a newer glslang (cooperative matrices, bfloat16), and, if vk_mem_alloc.h is"
      note "not installed, the Vulkan backend; the CPU reference works"
    fi
  fi
  check_tools
}

drivers() {
  step "Vulkan drivers in .toolchain/drivers (nothing is installed)"
  tests/drivers.sh install "$@" || note "lanes for missing drivers are skipped with a reason"
}

build() {
  step "Build"
  # A folder that was configured elsewhere, or before .toolchain/ existed, has the wrong compiler in its cache.
  if [ -f build/CMakeCache.txt ] && { ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" build/CMakeCache.txt ||
    { [ -x .toolchain/bin/lemnos-glslang ] && ! grep -q '^LEMNOS_GLSLANG.*lemnos-glslang$' build/CMakeCache.txt; }; }; then
    note "build/ was configured for another folder or compiler: configuring again"
    rm -rf build/CMakeCache.txt build/CMakeFiles
  fi
  # Never -Werror: a newer compiler's warning is no user's business. The lane `warnings` of the tests reads what was kept.
  cmake -S . -B build -G Ninja ${LEMNOS_PYTHON:+"-DLEMNOS_PYTHON=$LEMNOS_PYTHON"} -DLEMNOS_DEVELOPER=OFF -DLEMNOS_KEEP_WARNINGS=ON -DCMAKE_BUILD_TYPE=Release
  cmake --build build -j"$(nproc)" "$@"
}

case ${1:-help} in
  demo)
    shift
    deps
    build --target bin/lemnos
    step "lemnos train mlp $*"
    exec build/bin/lemnos train mlp "$@"
    ;;
  test)
    deps test
    drivers lavapipe26 swiftshader
    step "Shader compilers, Vulkan headers and a compiler of other releases, in .toolchain/releases (nothing is installed)"
    .ci/toolchain.sh releases || note "lanes for missing compilers are skipped with a reason"
    step "The test data of ONNX, in .toolchain/onnx (nothing is installed)"
    .ci/toolchain.sh judges || note "the test that it is for is left out, and says so"
    LEMNOS_PYTHON=AUTO ./setup.sh build || { printf '\nthe build failed\n\n0 passed, 1 failed\n'; exit 1; }
    exec .ci/lanes.sh build
    ;;
  build) build ;;
  deps) deps test ;;
  drivers) shift; drivers "$@" ;;
  help | -h | --help) usage ;;
  *)
    printf 'setup.sh: unknown command "%s"\n\n' "$1" >&2
    usage >&2
    exit 2
    ;;
esac
