#!/usr/bin/env bash
# The test lanes, in the order in which a failure tells most.   .ci/lanes.sh BUILD_FOLDER [LANE...]
# Every lane has a hard time limit; a lane in which no test ran has failed; the last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
build=$(cd "${1:?the build folder}" && pwd) || exit 2
shift
only=("$@")
logs="$build/lanes"
mkdir -p "$logs"
jobs=$(nproc)
table=() passed=0 failed=0 skipped=0 broken=0

chosen() {
  [ ${#only[@]} -eq 0 ] && return 0
  local name
  for name in "${only[@]}"; do [ "$name" = "$1" ] && return 0; done
  return 1
}

# report NAME RESULT PASSED FAILED SKIPPED SECONDS [REASON]
report() {
  passed=$((passed + $3)) failed=$((failed + $4)) skipped=$((skipped + $5))
  [ "$2" != FAILED ] || broken=1
  table+=("$(printf '%-24s %-8s %6d passed %4d failed %4d skipped %6d s  %s' "$1" "$2" "$3" "$4" "$5" "$6" "${7:-}")")
}

# tests NAME SECONDS [NAME=value...] -- CTEST ARGUMENTS: runs the tests that they choose, with this environment.
tests() {
  local name=$1 seconds=$2 settings=() folder=$build
  shift 2
  while [ "$1" != -- ]; do
    case $1 in folder=*) folder=${1#folder=} ;; *) settings+=("$1") ;; esac
    shift
  done
  shift
  chosen "$name" || return 0
  printf '\n== lane %s\n' "$name"
  local log="$folder/Testing/Temporary/LastTest.log" started=$SECONDS status=0 reason="" result=ok
  rm -f "$log"
  env ${settings[@]+"${settings[@]}"} timeout -k 10 "$seconds" \
    ctest --test-dir "$folder" --no-tests=error --output-on-failure --timeout 300 -j "$jobs" "$@" 2>&1 | tail -n 400 || status=$?
  local counts=(0 0 0)
  if [ -f "$log" ]; then
    cp "$log" "$logs/${name// /-}.log"
    read -r -a counts <<<"$(awk -f .ci/count_tests.awk "$log")"
  fi
  if [ "$status" = 124 ] || [ "$status" = 137 ]; then
    reason="over its limit of $seconds s"
  elif [ $((counts[0] + counts[1])) = 0 ]; then
    reason="no test ran"
  elif [ "$status" != 0 ]; then
    reason="see above"
  fi
  if [ -n "$reason" ]; then
    result=FAILED
    [ "${counts[1]}" -gt 0 ] || counts[1]=1  # a lane that broke is never a lane without failures
  fi
  report "$name" "$result" "${counts[@]}" $((SECONDS - started)) "$reason"
}

# check NAME SECONDS COMMAND...: a lane that is one command; status 77 means skipped, with its last line as the reason.
check() {
  local name=$1 seconds=$2 started=$SECONDS status=0
  shift 2
  chosen "$name" || return 0
  printf '\n== lane %s\n' "$name"
  timeout -k 10 "$seconds" "$@" >"$logs/$name.log" 2>&1 || status=$?
  tail -n 60 "$logs/$name.log"
  case $status in
    0) report "$name" ok 1 0 0 $((SECONDS - started)) ;;
    77) report "$name" skipped 0 0 1 $((SECONDS - started)) "$(tail -n 1 "$logs/$name.log")" ;;
    *) report "$name" FAILED 0 1 0 $((SECONDS - started)) "status $status" ;;
  esac
}

# The library turns the layer on itself; layers of 1.3 look at hazards between submissions only when told so from outside, and
# this word must not reach newer ones. The canary proves that the settings work.
validation_settings() {
  local manifest
  for manifest in /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json \
    /etc/vulkan/explicit_layer.d/VkLayer_khronos_validation.json; do
    [ -f "$manifest" ] || continue
    echo LEMNOS_VALIDATION=sync
    if grep -q '"api_version"[^"]*"1\.3\.' "$manifest"; then
      local sync=VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT
      echo "VK_LAYER_ENABLES=$sync:VALIDATION_CHECK_ENABLE_SYNCHRONIZATION_VALIDATION_QUEUE_SUBMIT"
    fi
    return 0
  done
  return 1
}

# Prints the folder that holds de_DE.UTF-8, compiled for these tests; nothing is installed.
german_locale() {
  local folder="$build/locale"
  [ -f "$folder/de_DE.UTF-8/LC_NUMERIC" ] || {
    mkdir -p "$folder" && localedef -i de_DE -f UTF-8 "$folder/de_DE.UTF-8" >"$logs/localedef.log" 2>&1
  }
  [ -f "$folder/de_DE.UTF-8/LC_NUMERIC" ] && echo "$folder"
}

skip() { chosen "$1" && report "$1" skipped 0 0 1 0 "$2"; }

# on_driver LANE DRIVER SECONDS LABELS [NAME=value...]: the tests with these labels once more, on another driver.
on_driver() {
  local name=$1 driver=$2 seconds=$3 labels=$4 folder="$build/on-$1"
  shift 4
  chosen "$name" || return 0
  if ! tests/drivers.sh has "$driver"; then
    skip "$name" "not here: tests/drivers.sh install $driver"
    return 0
  fi
  cmake -D BUILD="$build" -D TO="$folder" -D LABELS="$labels" -D LAUNCHER="$PWD/tests/drivers.sh;run;$driver" \
    -P .ci/on_driver.cmake
  tests "$name" "$seconds" folder="$folder" "$@" -- ${without:+-E "$without"}
}

started=$SECONDS
nowhere=(VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent LEMNOS_VULKAN_LIBRARY=/nonexistent)
check format 180 .ci/format.sh
check warnings 180 .ci/warnings.sh "$build"
check windows 300 .ci/windows.sh
check no-vulkan 900 .ci/no_vulkan.sh "$build"
# What is promised of other releases: their Vulkan headers, with the oldest GCC and the newest clang, and their shader compilers.
for release in bookworm trixie forky; do
  check "headers-$release" 300 .ci/headers.sh "$release"
  check "shaders-$release" 300 .ci/shaders.sh "$build" "$release"
done
[ "${LEMNOS_LIBCXX:-}" != 1 ] || check libcxx 300 .ci/libcxx.sh "$build"  # by hand: over a minute of two processors
tests architecture 300 -- -L '^architecture$'
tests unit 600 "${nowhere[@]}" -- -L '^unit$'
# Once more where 1234.5 is written 1.234,5: as C++ alone knows it, or, with the German locale, as C does too.
no_locale='^(python|lemnos_watch_tests|onnx_foreign|judges_.*)$'  # their texts are those of others, or numbers alone
if text=$(german_locale); then
  tests locale 600 "${nowhere[@]}" LOCPATH="$text" LEMNOS_LOCALE=de_DE.UTF-8 -- -L '^unit$' -E "$no_locale"
else
  tests locale 600 "${nowhere[@]}" LEMNOS_LOCALE=comma -- -L '^unit$' -E "$no_locale"
  skip locale-de_DE "no source of de_DE on this machine: the package locales"
fi
# The fast tier of the op suite here (src/check/runner.h) and the smoke tier elsewhere, so that all lanes stay within the
# time that CI has on two cores; LEMNOS_TIER=whole runs all of it everywhere.
tests device 1800 LEMNOS_TIER="${LEMNOS_TIER:-fast}" -- -L '^device$'
# Poorer devices than this one (src/vulkan/presets.h): all at once, and each alone.
for preset in portable no-half small-workgroups no-subgroups little-memory; do
  tests "preset-$preset" 900 LEMNOS_PRESET="$preset" LEMNOS_TIER=smoke -- -R '^ops_[0-9]+$'
done
if text=$(validation_settings); then
  mapfile -t settings <<<"$text"
  tests canary 300 "${settings[@]}" -- -L '^validation$'
  # The layer makes a run several times slower, and sees commands, not numbers.
  tests validation 1800 "${settings[@]}" LEMNOS_TIER=smoke -- -L '^device$' -LE '^slow$'
else
  skip validation "no validation layer on this machine"
fi
tests model 900 -- -L '^model$'
tests samples 1500 -- -L '^samples$'
on_driver lavapipe26 lavapipe26 1200 '^device$' LEMNOS_TIER="${LEMNOS_TIER:-smoke}"
# It compiles for seconds what others compile in a tenth. Not once more there: validation, because the layer saw the same commands
# on other drivers, and programs, losses and predictions, which launch kernels that the op suite has run.
without='(_validated|^lemnos_(program_tests|loss_tests|predictor_test))$' on_driver swiftshader swiftshader 3000 '^device$' LEMNOS_TIER="${LEMNOS_TIER:-smoke}"
# Its newer layer also finds a read-modify-write without a barrier, which the one of Debian 12 does not see.
on_driver newer-validation lavapipe26 900 '^(device|validation)$' LEMNOS_VALIDATION=sync LEMNOS_TIER=smoke
# And it can add code to kernels that looks at what they access: a canary, then the tests of living in an application.
on_driver gpu-assisted lavapipe26 600 '^gpu_assisted$'
# What two vendors' compilers make of the kernels: a spill, scratch memory or an error is a defect.
if tests/drivers.sh has radv-navi31 && command -v python3 >/dev/null; then
  check kernels 600 tests/bench/kernels.py "$build/bin/lemnos" radv-navi31 turnip-740
else
  skip kernels "not here: tests/drivers.sh install radv-navi31, and python3"
fi
[ "${LEMNOS_TIDY:-}" != 1 ] || check tidy 1200 .ci/tidy.sh "$build"

printf '\n== summary after %d s\n' $((SECONDS - started))
printf '%s\n' "${table[@]}"
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$broken" = 0 ]
