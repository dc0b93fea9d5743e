#!/usr/bin/env bash
# The driver matrix: Vulkan implementations that run on a machine with no GPU, side by side in .toolchain/drivers/.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../.ci/packages.sh"

drivers="$toolchain/drivers"

usage() {
  cat <<'TEXT'
tests/drivers.sh list                    the drivers, what each is good for, and which are here
tests/drivers.sh install [NAME...]       unpacks drivers into .toolchain/drivers (all of them without a name)
tests/drivers.sh has NAME                status 0 when the driver is here
tests/drivers.sh env NAME                the environment that chooses the driver, as lines for `export`
tests/drivers.sh run NAME PROGRAM ...    runs a program (not a script) on the driver
TEXT
}

# name | what it is good for. A driver marked "compiles" is the real one on a simulated kernel: devices, limits, pipelines and
# recording are its own, but nothing is executed, so results are never written.
catalogue() {
  cat <<'TEXT'
system|whatever Vulkan drivers this machine has
lavapipe25|Mesa 25.0 in software: Vulkan 1.4
lavapipe26|Mesa 26 in software: cooperative matrices 8x8x8, subgroup 8
lavapipe26-sg4|the same with subgroup 4, and no cooperative matrices
lavapipe26-sg16|the same with subgroup 16, and no cooperative matrices
swiftshader|another vendor in software: subgroup 4, 256 invocations, no fp16, no 16-bit storage
radv-polaris10|compiles for AMD RX 580
radv-vega20|compiles for AMD Radeon VII
radv-navi21|compiles for AMD RX 6800
radv-navi31|compiles for AMD RX 7900 XTX
radv-gfx1201|compiles for AMD RDNA 4
nvk-turing|compiles for NVIDIA Turing
nvk-ampere|compiles for NVIDIA Ampere
turnip-660|compiles for Qualcomm Adreno 660
turnip-740|compiles for Qualcomm Adreno 740
turnip-830|compiles for Qualcomm Adreno 830
honeykrisp|compiles for Apple M1 under Linux
TEXT
}

names() { catalogue | cut -d'|' -f1; }

known() { names | grep -x -- "$1" >/dev/null || { say "drivers.sh: unknown driver '$1'; one of: $(names | tr '\n' ' ')"; exit 2; }; }

# The folder under .toolchain/drivers that holds a driver; several share one.
root_of() {
  case $1 in
    system) ;;
    lavapipe25 | swiftshader) echo "$drivers/$1" ;;
    *) echo "$drivers/lavapipe26" ;;
  esac
}

# The start of the name of its ICD file.
icd_of() {
  case $1 in
    lavapipe*) echo lvp_icd ;;
    radv-*) echo radeon_icd ;;
    nvk-*) echo nouveau_icd ;;
    turnip-*) echo freedreno_icd ;;
    honeykrisp) echo asahi_icd ;;
    swiftshader) echo vk_swiftshader_icd ;;
  esac
}

shim_of() {
  case $1 in
    radv-*) echo libamdgpu_noop_drm_shim.so ;;
    nvk-*) echo libnouveau_noop_drm_shim.so ;;
    turnip-*) echo libfreedreno_noop_drm_shim.so ;;
    honeykrisp) echo libasahi_noop_drm_shim.so ;;
  esac
}

icd_file() {
  local file
  for file in "$(root_of "$1")"/usr/share/vulkan/icd.d/"$(icd_of "$1")"*.json; do
    [ -e "$file" ] && { echo "$file"; return 0; }
  done
  return 1
}

has() { [ "$1" = system ] || icd_file "$1" >/dev/null; }

# An ICD file names its library by a path relative to itself, so that the checkout can move.
correct_icd_files() {
  local root=$1 file library found
  for file in "$root"/usr/share/vulkan/icd.d/*.json; do
    library=$(basename "$(sed -n 's/.*"library_path"[^"]*"\([^"]*\)".*/\1/p' "$file")")
    found=$(cd "$root" && find usr/lib -name "$library" | sed -n 1p)
    if [ -z "$found" ]; then rm "$file"; continue; fi
    sed -i "s|\"library_path\"[^,}]*\"|\"library_path\": \"../../../../$found\"|" "$file"
  done
}

install_swiftshader() {
  local root=$drivers/swiftshader codename
  [ -f "$root/stamp" ] && return 0
  # Of this system's own release, so that it runs on the system's libc. It lies inside the browser's packages.
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  unpack_packages "$root.whole" alone "$codename" chromium chromium-common || return 1
  local icd library
  icd=$(find "$root.whole" -name vk_swiftshader_icd.json | sed -n 1p)
  library=$(find "$root.whole" -name libvk_swiftshader.so | sed -n 1p)
  [ -n "$icd" ] && [ -n "$library" ] || { say "  no SwiftShader in these packages"; rm -rf "$root.whole"; return 1; }
  rm -rf "$root"
  mkdir -p "$root/usr/lib" "$root/usr/share/vulkan/icd.d"
  cp "$library" "$root/usr/lib/"
  cp "$icd" "$root/usr/share/vulkan/icd.d/"
  correct_icd_files "$root"
  cp "$root.whole/versions.txt" "$root.whole/stamp" "$root/"
  rm -rf "$root.whole"
}

install_one() {
  local root
  root=$(root_of "$1")
  case $root in
    "") return 0 ;;
    */swiftshader) install_swiftshader ;;
    */lavapipe25) unpack_packages "$root" closed trixie libvulkan1 mesa-vulkan-drivers ;;
    *) unpack_packages "$root" closed forky libvulkan1 mesa-vulkan-drivers mesa-drm-shim vulkan-validationlayers ;;
  esac || return 1
  [ "$root" = "$drivers/swiftshader" ] || correct_icd_files "$root"
}

install() {
  local name failed=0
  [ $# -gt 0 ] || set -- lavapipe25 lavapipe26 swiftshader
  for name in "$@"; do
    known "$name"
    if install_one "$name"; then
      say "  driver $name: here"
    else
      say "  driver $name: not available here, skipped"
      failed=1
    fi
  done
  return $failed
}

# NAME=value lines. The loader is the one that lies beside the driver, so that neither sees the system's older libraries.
environment() {
  local name=$1 root icd linker
  root=$(root_of "$name")
  [ -n "$root" ] || return 0
  icd=$(icd_file "$name")
  printf 'VK_DRIVER_FILES=%s\nVK_ICD_FILENAMES=%s\n' "$icd" "$icd"
  if linker=$(root_linker "$root"); then
    printf 'LEMNOS_VULKAN_LIBRARY=%s/libvulkan.so.1\n' "$(dirname "$linker")"
    [ ! -d "$root/usr/share/vulkan/explicit_layer.d" ] || printf 'VK_LAYER_PATH=%s\n' "$root/usr/share/vulkan/explicit_layer.d"
  fi
  case $name in
    lavapipe26) echo LP_NATIVE_VECTOR_WIDTH=256 ;;  # 128 and 512 have no cooperative matrices: the latter crashed (src/vulkan/quirks.cpp)
    lavapipe26-sg4) echo LP_NATIVE_VECTOR_WIDTH=128 ;;
    lavapipe26-sg16) echo LP_NATIVE_VECTOR_WIDTH=512 ;;
    radv-*) echo "AMDGPU_GPU_ID=${name#radv-}" ;;
    nvk-turing) echo NOUVEAU_CHIPSET=0x162 ;;
    nvk-ampere) echo NOUVEAU_CHIPSET=0x172 ;;
    turnip-*) echo "FD_GPU_ID=${name#turnip-}" ;;
  esac
}

run() {
  local name=$1 program root linker
  local settings=() command=() text
  shift
  has "$name" || { say "drivers.sh: $name is not here: tests/drivers.sh install $name"; exit 3; }
  text=$(environment "$name")
  [ -z "$text" ] || mapfile -t settings <<<"$text"
  root=$(root_of "$name")
  program=$(command -v -- "$1") || { say "drivers.sh: no program '$1'"; exit 127; }
  shift
  if [ -n "$root" ] && linker=$(root_linker "$root"); then
    command=("$linker" --library-path "$(dirname "$linker")")
    [ -z "$(shim_of "$name")" ] || command+=(--preload "$(dirname "$linker")/$(shim_of "$name")")
  fi
  exec env ${settings[@]+"${settings[@]}"} ${command[@]+"${command[@]}"} "$program" "$@"
}

list() {
  local name what
  catalogue | while IFS='|' read -r name what; do
    if has "$name"; then printf '%-16s here     %s\n' "$name" "$what"; else printf '%-16s not here %s\n' "$name" "$what"; fi
  done
}

case ${1:-help} in
  list) list ;;
  install) shift; install "$@" ;;
  has) known "${2:?NAME}"; has "$2" ;;
  env) known "${2:?NAME}"; has "$2" || { say "drivers.sh: $2 is not here"; exit 3; }; environment "$2" ;;
  run) known "${2:?NAME}"; [ $# -ge 3 ] || { usage; exit 2; }; shift; run "$@" ;;
  *) usage ;;
esac
