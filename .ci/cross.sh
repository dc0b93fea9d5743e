#!/usr/bin/env bash
# Lemnos for another machine: cross-compiled, linked, and its programs run by an emulator, where both are installed.
#   .ci/cross.sh windows    MinGW (g++-mingw-w64-x86-64-posix libz-mingw-w64-dev), Wine (wine64)
#   .ci/cross.sh arm64      g++-aarch64-linux-gnu, qemu-user
# Needs googletest's source (package googletest) and lemnos-embed of a build for this machine, in build/bin. By hand: it
# compiles everything once more. Status 77: a compiler or a package is not here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/packages.sh

lacks() { echo "cross: not here: $*"; exit 77; }

target=${1:?windows or arm64}
build=build-$target
stage=$PWD/$build/stage
case $target in
  windows)
    machine=x86_64-w64-mingw32 suffix=-posix system=Windows processor=AMD64 roots=/usr/x86_64-w64-mingw32
    [ -e /usr/$machine/include/zlib.h ] || lacks libz-mingw-w64-dev
    # Debian 12 installs it beside the path.
    runner=$(command -v wine64 || command -v wine || ls /usr/lib/wine/wine64 2>/dev/null) || runner=""
    # Programs find the compiler's libraries by static linking.
    flags=-static
    ;;
  arm64)
    machine=aarch64-linux-gnu suffix="" system=Linux processor=aarch64 roots=$PWD/.toolchain/arm64/usr
    unpack_packages .toolchain/arm64 alone bookworm zlib1g-dev:arm64 zlib1g:arm64 || lacks "zlib1g-dev of arm64"
    runner=$(command -v qemu-aarch64) && runner="$runner -L /usr/$machine" || runner=""
    flags=""
    ;;
  *) echo "cross: unknown machine '$target'; one of: windows, arm64" >&2; exit 2 ;;
esac
command -v $machine-g++$suffix >/dev/null || lacks "$machine-g++$suffix"
[ -x build/bin/lemnos-embed ] || lacks "build/bin/lemnos-embed (./setup.sh build)"
[ -d /usr/src/googletest ] || lacks googletest

# Packages that are headers alone, without the rest of this system's headers.
mkdir -p "$stage"/include "$stage"/lib/cmake
for name in nlohmann CLI stb; do ln -sfn "$(realpath /usr/include/$name)" "$stage/include/$name"; done
for package in nlohmann_json CLI11; do
  mkdir -p "$stage/lib/cmake/$package"
  cat >"$stage/lib/cmake/$package/${package}Config.cmake" <<CMAKE
if(TARGET $package::$package)
  return()
endif()
add_library($package::$package INTERFACE IMPORTED GLOBAL)
set_target_properties($package::$package PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "$stage/include")
CMAKE
  echo 'set(PACKAGE_VERSION_COMPATIBLE TRUE)' >"$stage/lib/cmake/$package/${package}ConfigVersion.cmake"
done
for_target=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=$system -DCMAKE_SYSTEM_PROCESSOR=$processor
  -DCMAKE_C_COMPILER=$machine-gcc$suffix -DCMAKE_CXX_COMPILER=$machine-g++$suffix "-DCMAKE_EXE_LINKER_FLAGS=$flags"
  "-DCMAKE_FIND_ROOT_PATH=$stage;$roots" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER
  -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY)
if [ ! -e "$stage/lib/libgtest.a" ]; then
  cmake -S /usr/src/googletest -B "$build/googletest" "${for_target[@]}" -DBUILD_GMOCK=OFF "-DCMAKE_INSTALL_PREFIX=$stage" -DCMAKE_INSTALL_LIBDIR=lib >/dev/null
  cmake --build "$build/googletest" --target install >/dev/null
fi
cmake -S . -B "$build" "${for_target[@]}" "-DLEMNOS_EMBED=$PWD/build/bin/lemnos-embed" "-DLEMNOS_STB_INCLUDE=$stage/include" \
  "-DLEMNOS_VULKAN_HEADERS=$PWD/.toolchain/include" "-DLEMNOS_VMA_HEADERS=$PWD/.toolchain/include" >"$build/configure.log" ||
  { cat "$build/configure.log"; exit 1; }
# Tests that need no POSIX call.
programs=(lemnos_base_tests lemnos_graph_tests lemnos_plan_tests lemnos_autograd_tests lemnos_minimize_tests lemnos_difference_tests)
cmake --build "$build" --target lemnos_tool "${programs[@]}"
echo "compiled and linked for $target: lemnos and ${#programs[@]} programs of tests"
[ -n "$runner" ] || { echo "cross: nothing was run: no emulator (wine64, qemu-user)"; exit 0; }
export WINEDEBUG=-all WINEPREFIX=$PWD/$build/wine
end=""
[ "$target" = arm64 ] || end=.exe
# shellcheck disable=SC2086
$runner "$build/bin/lemnos$end" --version
# shellcheck disable=SC2086
$runner "$build/bin/lemnos$end" info
for program in "${programs[@]}"; do
  # shellcheck disable=SC2086
  $runner "$build/bin/$program$end" --gtest_brief=1
done
