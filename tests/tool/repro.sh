#!/usr/bin/env bash
# lemnos check --repro and --bisect: what they write repeats a run without Lemnos.   tests/tool/repro.sh LEMNOS WORK_FOLDER
set -uo pipefail
lemnos=$1 work=$2
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2
failures=0

skip() { printf 'skipped: %s\n' "$*"; exit 77; }
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
# expect WANTED COMMAND...: runs it, and keeps what it printed in ./output.
expect() {
  local wanted=$1 status=0
  shift
  timeout 60 "$@" >output 2>&1 </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: status $status, expected $wanted: $(head -c 2000 output)"
}
says() { grep -qE -- "$1" output || fail "no '$1' in: $(head -c 2000 output)"; }

command -v cc >/dev/null || skip "there is no C compiler"
printf '#include <vulkan/vulkan.h>\nint main(void) { return vkEnumerateInstanceVersion == 0; }\n' >probe.c
cc -std=c99 probe.c -o probe -lvulkan 2>probe.log || skip "no program can be built with Vulkan: $(head -n 1 probe.log)"
"$lemnos" info --json >devices.json || fail "lemnos info"
grep -q '"api_version": "1' devices.json || skip "there is no Vulkan device"

# make FOLDER: the program of a folder, with no warning.
make() { expect 0 cc -std=c99 -Wall -Wextra -Werror "$1/repro.c" -o "$1/repro" -lvulkan -lm; }
# alter FILE: the first row says that an element is far from what it is.
alter() { printf '\0\0\0\0\0\0\xf0\x40\0\0\0\0\0\0\xf0\x40\0\0\0\0\0\0\xf0\x40' | dd of="$1" conv=notrunc status=none; }

# A program of one launch, and one of several with barriers; f32 and a half type.
expect 0 "$lemnos" check --repro softmax --dtype f32 --direction backward --case 0
says 'is in repro_softmax, and passed here'
expect 0 "$lemnos" check --repro layer_norm --dtype f16 --direction backward --case 1 --repro-out several
for folder in repro_softmax several; do
  make "$folder"
  expect 0 env -C "$folder" ./repro
  says '^passed, 2 runs'
  for file in "$folder"/expected*.bin; do
    cp "$file" right
    alter "$file"
    expect 1 env -C "$folder" ./repro
    says 'FAILED .*: 1 of [0-9]+ elements are wrong; worst \[0\]: got .*, reference 65536,'
    mv right "$file"
  done
done
grep -q '^RUN launch0 ' several/repro.amber || fail "no launch in the Amber script"
[ "$(grep -c '^RUN ' several/repro.amber)" = "$(grep -c '^PIPELINE ' several/repro.amber)" ] || fail "launches of the Amber script"

# What cannot be asked
expect 1 "$lemnos" check --repro softmax --device cpu
says '--repro needs a Vulkan device'
expect 2 "$lemnos" check --repro softmax --op softmax
expect 1 "$lemnos" check --repro sofmax
says "no op 'sofmax'"

# A network, launch by launch; and one that leaves a launch out is found at that launch.
expect 0 "$lemnos" check --bisect 'step 784-128-10' --json
grep -q '"failed": false' output || fail "the network fails: $(cat output)"
for left in 3 7; do
  expect 1 "$lemnos" check --bisect 'step 784-128-10' --leave-out "$left" --repro-out "left$left" --json
  first=$(sed -n 's/.*"first_launch": \([0-9]*\).*/\1/p' output) last=$(sed -n 's/.*"last_launch": \([0-9]*\).*/\1/p' output)
  [ "${first:-99}" -le "$left" ] && [ "${last:--1}" -ge "$left" ] || fail "launch $left is missing, and found at ${first:-none}: $(cat output)"
done
# Alone and with every launch done, what failed is right: the fault was not the driver's.
make left3
expect 0 env -C left3 ./repro
expect 1 "$lemnos" check --bisect nothing_of_that_name
says 'no network is called'

[ "$failures" = 0 ] && echo "repro: all as expected"
[ "$failures" = 0 ]
