#!/usr/bin/env bash
# The tool as a user's shell sees it.   tests/tool/tool.sh LEMNOS WORK_FOLDER
set -uo pipefail
lemnos=$1 work=$2
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2
export VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent LEMNOS_VULKAN_LIBRARY=/nonexistent
failures=0

fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

# expect STATUS PATTERN ARGUMENTS...: the status, and a regular expression that the output has to match.
expect() {
  local status=0 wanted=$1 pattern=$2 output
  shift 2
  output=$(timeout 60 "$lemnos" "$@" 2>&1 </dev/null) || status=$?
  [ "$status" = "$wanted" ] || fail "lemnos $*: status $status, expected $wanted: $output"
  grep -qE -- "$pattern" <<<"$output" || fail "lemnos $*: no '$pattern' in: $output"
}

# bytes NUMBER...: as bytes.
bytes() {
  local escapes
  printf -v escapes '\\x%x' "$@"
  printf '%b' "$escapes"
}

mkdir data
for part in train:60 t10k:20; do
  count=${part#*:} pixels=() labels=()
  for ((i = 0; i < count; ++i)); do
    labels+=($((i % 10)))
    for ((p = 0; p < 16; ++p)); do pixels+=($(((p % 10 == i % 10) * 200 + (i * 7 + p * 13) % 40))); done
  done
  bytes 0 0 8 3 0 0 0 "$count" 0 0 0 4 0 0 0 4 "${pixels[@]}" >"data/${part%:*}-images-idx3-ubyte"
  bytes 0 0 8 1 0 0 0 "$count" "${labels[@]}" >"data/${part%:*}-labels-idx1-ubyte"
done
small=(--data data --device cpu --hidden 8 --batch 16)

# What is asked of the parser ------------------------------------------------------------------------------------------
expect 0 '^lemnos [0-9]+\.[0-9]+\.[0-9]+$' --version
expect 0 'Subcommands' help
expect 0 '--epochs' help train
expect 0 '--epochs' train --help
expect 1 'unknown command "trian", did you mean "train"' help trian
expect 2 'unknown command "trian", did you mean "train"' trian
expect 2 'unknown command "xyzzyx" ' xyzzyx
expect 2 'unknown option "--epoch", did you mean "--epochs"' train mlp --epoch 3
expect 2 'unknown option "--devise", did you mean "--device"' check --devise=cpu
expect 2 'A subcommand is required'

# Numbers that are none, lie outside or overflow
while read -r option words; do
  for word in $words; do
    expect 2 "^lemnos: $option: \"$word\" is not a (whole )?number from " train mlp "${small[@]}" --out refused "$option" "$word"
  done
done <<'TABLE'
--lr nan inf -inf -1 0 1e7 1e999 .1x 0,1 0x1p3
--epochs nan -1 1.5 1e3 1000001 99999999999999999999 five
--batch nan -1 0 1.5 99999999999999999999
--hidden nan -8 0 99999999999999999999 inf
--seed nan -1 1.5 18446744073709551616
TABLE
expect 2 '"nan" is not a number from 0 to 3600' train mlp "${small[@]}" --out refused --tuning t --tune nan
expect 2 '"nan" is not a number from 0 to 86400' tune --seconds nan
expect 2 '"-1" is not a whole number from 1 to' bench gemm --m -1
expect 2 '"-1" is not a whole number from 0 to' check --case -1
expect 2 '"-1" is not a whole number from 0 to' check --seed -1

# Names that are empty: what a variable that is not set gives
for option in --data --device --out --profile --tuning; do
  expect 2 "$option: is empty" train mlp "${small[@]}" --out refused "$option" ""
done

# Refused before the work, and nothing was made
mkdir a_folder
echo precious >a_file
expect 1 'none: no such folder' train mlp "${small[@]}" --data none --out refused
expect 1 'no (Vulkan )?device' train mlp "${small[@]}" --device none --out refused
expect 1 'none.json: no such file' train mlp "${small[@]}" --tuning none.json --out refused
expect 1 'a_folder: cannot save: is a folder' train mlp "${small[@]}" --profile a_folder --out refused
expect 1 'none/trace.json: cannot save' train mlp "${small[@]}" --profile none/trace.json --out refused
expect 1 'a_folder: is a folder' train mlp "${small[@]}" --tuning a_folder --tune 1 --out refused
expect 1 'no run to resume' train mlp "${small[@]}" --out refused --resume
[ ! -e refused ] || fail "a refused run made its folder: $(ls -A refused)"
expect 1 'a_file/deeper: cannot be created' train mlp "${small[@]}" --out a_file/deeper
mkdir -p taken/model.safetensors
expect 1 'taken/model.safetensors: cannot save: is a folder' train mlp "${small[@]}" --out taken
[ "$(ls -A taken)" = model.safetensors ] || fail "a refused run left something: $(ls -A taken)"
[ "$(cat a_file)" = precious ] || fail "a refused run changed a file"

# A run ----------------------------------------------------------------------------------------------------------------
expect 0 'test_accuracy=' train mlp "${small[@]}" --epochs 2 --out run
[ "$(ls -A run | tr '\n' ' ')" = "curve.svg history.json model.safetensors " ] || fail "a run made: $(ls -A run)"
expect 0 'a batch of 128 is more than the 60 training images: it is cut to 60' \
  train mlp --data data --device cpu --hidden 8 --epochs 1 --out cut
grep -q '"batch_size": 60' cut/history.json || fail "the batch was not cut: $(cat cut/history.json)"

# Full devices, and devices that are written through
if [ -c /dev/full ]; then
  for command in --version help info "train mlp ${small[*]} --epochs 1 --out full"; do
    status=0
    # shellcheck disable=SC2086
    timeout 60 "$lemnos" $command >/dev/full 2>errors || status=$?
    [ "$status" = 1 ] || fail "lemnos $command to a full device: status $status"
    grep -q 'standard output cannot be written' errors || fail "lemnos $command to a full device says: $(cat errors)"
  done
  [ ! -e full/model.safetensors ] || fail "a run that nobody could read went on to its end"
fi
ln -s /dev/null trace.json
expect 0 'wrote trace.json' train mlp "${small[@]}" --epochs 1 --out run2 --profile trace.json
[ -L trace.json ] && [ -c /dev/null ] || fail "--profile replaced a device"

# Signals: stop after the work in flight, write everything, say which; --resume goes on as if nothing had been ----------
expect 0 'test_accuracy=' train mlp "${small[@]}" --epochs 400 --out whole
for signal in INT:130 TERM:143; do
  out="by_${signal%:*}"
  # A shell that is not interactive starts what runs beside it with SIGINT ignored, and that is respected.
  env --default-signal=INT "$lemnos" train mlp "${small[@]}" --epochs 1000000 --schedule constant --out "$out" >"$out.log" 2>&1 &
  pid=$!
  for ((i = 0; i < 300; ++i)); do grep -q '^epoch 2/' "$out.log" && break; sleep .1; done
  kill -"${signal%:*}" "$pid"
  status=0
  wait "$pid" || status=$?
  [ "$status" = "${signal#*:}" ] || fail "after SIG${signal%:*}: status $status: $(tail -n 3 "$out.log")"
  [ "$(ls -A "$out" | tr '\n' ' ')" = "curve.svg history.json model.safetensors " ] || fail "SIG${signal%:*} left: $(ls -A "$out")"
  grep -q "\"stopped\": \"SIG${signal%:*}\"" "$out/history.json" || fail "the history does not say SIG${signal%:*}"
done
expect 0 'resumed at step [0-9]+ of' train mlp "${small[@]}" --epochs 3 --schedule constant --out by_INT --resume
expect 1 'batch_size is 20, the run in by_INT was started with 16' train mlp "${small[@]}" --batch 20 --epochs 3 --schedule constant --out by_INT --resume
expect 1 'seed is 2, the run in by_INT was started with 1' train mlp "${small[@]}" --seed 2 --epochs 3 --schedule constant --out by_INT --resume

# Stopped anywhere and resumed until it is done: the same weights and the same number of steps as in one go.
for ((tries = 0; tries < 20; ++tries)); do
  resume=()
  [ -e pieces/model.safetensors ] && resume=(--resume)
  env --default-signal=INT "$lemnos" train mlp "${small[@]}" --epochs 400 --out pieces ${resume[@]+"${resume[@]}"} >pieces.log 2>&1 &
  pid=$!
  for ((i = 0; i < 300; ++i)); do grep -q '^epoch 2/' pieces.log && break; kill -0 "$pid" 2>/dev/null || break; sleep .01; done
  kill -INT "$pid" 2>/dev/null
  status=0
  wait "$pid" || status=$?
  [ "$status" = 0 ] && break
  [ "$status" = 130 ] || { fail "resumed run: status $status: $(tail -n 3 pieces.log)"; break; }
done
[ "$tries" -gt 0 ] || fail "the run was not interrupted"
cmp -s whole/model.safetensors pieces/model.safetensors || fail "a run in $((tries + 1)) pieces ends with other weights"

# Every command teaches: its help has an example and says what its status means --------------------------------------
commands=$("$lemnos" --help | sed -n '/^Subcommands:/,/^$/p' | awk '/^  [a-z]/ { print $1 }')
for command in info train eval predict plot convert bench tune shader report init completion; do
  grep -qx "$command" <<<"$commands" || fail "no command $command in: $commands"
done
for command in $commands; do
  [ "$command" = help ] && continue
  expect 0 '^ *lemnos '"$command" help "$command"
  expect 0 'Status: 0' help "$command"
done

# json ARGUMENTS...: what is printed is JSON, as far as this machine can tell.
json() {
  timeout 60 "$lemnos" "$@" >out.json 2>errors </dev/null || fail "lemnos $*: $(cat errors)"
  if command -v python3 >/dev/null; then
    python3 -m json.tool out.json >/dev/null || fail "lemnos $*: no JSON: $(head -c 300 out.json)"
  else
    grep -qE '^[[{]' out.json || fail "lemnos $*: no JSON: $(head -c 300 out.json)"
  fi
}
json info --json
json train mlp "${small[@]}" --epochs 2 --out one --json
grep -q '"test_accuracy"' out.json || fail "no accuracy in: $(cat out.json)"
json train mlp "${small[@]}" --epochs 3 --optimizer sgd --out two --json

# What came of a training
json eval one --data data --device cpu --json
grep -q '"examples": 20' out.json || fail "eval: $(cat out.json)"
expect 0 'accuracy=[01]\.[0-9]+ loss=.* examples=20' eval one/model.safetensors --data data --device cpu --confusion confusion.svg
grep -q '<svg' confusion.svg || fail "no picture of the confusion"
trained=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' one/history.json) judged=$("$lemnos" eval one --data data --device cpu | sed -n 's/^accuracy=\([0-9.]*\) .*/\1/p')
awk -v a="$trained" -v b="$judged" 'BEGIN { exit !(a != "" && b != "" && a - b < 1e-4 && b - a < 1e-4) }' || fail "trained to $trained, judged as $judged"
expect 1 'none/model.safetensors: no such file|none: no such file' eval none --data data --device cpu
expect 0 '^image,class,probability$' predict one data/t10k-images-idx3-ubyte --device cpu
[ "$("$lemnos" predict one data/t10k-images-idx3-ubyte --device cpu | wc -l)" = 21 ] || fail "predict: not a line an image"
json predict one data/t10k-images-idx3-ubyte --device cpu --json
right=$("$lemnos" predict one data/t10k-images-idx3-ubyte --device cpu | awk -F, 'NR > 1 && $2 == (NR - 2) % 10' | wc -l)
awk -v a="$right" -v b="$judged" 'BEGIN { d = a / 20 - b; exit !(d < 1e-4 && d > -1e-4) }' || fail "predict has $right of 20 right, eval $judged"

# Runs side by side
expect 0 'wrote compare.svg' plot one two
grep -q '<svg' compare.svg || fail "plot: no picture"
expect 0 '^optimizer$' plot one two --out again.svg
expect 0 '^  one +adam$' plot one two/history.json --column val_loss
json plot one two --json
grep -q '"optimizer": "sgd"' out.json || fail "plot does not say how the runs differ: $(cat out.json)"
expect 1 "no run has a column 'los', only " plot one two --column los
expect 1 'nobody.json: cannot open' plot nobody.json

# Files into each other: there and back is the same
expect 0 'wrote one.csv' convert one/history.json one.csv
expect 0 '3 epochs of [0-9]+ columns' convert two/history.json two.csv
expect 0 '1.weight.npy f32\[8, 16\]' convert one/model.safetensors weights
expect 0 'u8\[20, 4, 4\]' convert data/t10k-images-idx3-ubyte images.npy
expect 0 'wrote back-idx3-ubyte' convert images.npy back-idx3-ubyte
cmp -s data/t10k-images-idx3-ubyte back-idx3-ubyte || fail "IDX to NumPy and back is another file"
[ "$("$lemnos" predict one images.npy --device cpu)" = "$("$lemnos" predict one data/t10k-images-idx3-ubyte --device cpu)" ] || fail "the same images as .npy are other classes"
json convert images.npy images.safetensors --json
expect 1 "not from 'one.csv' to 'one.png'" convert one.csv one.png

# Kernels
json shader softmax --json
name=$("$lemnos" shader softmax | awk 'NR == 2 { print $1 }')
expect 0 "wrote module.spv: $name" shader "$name" --out module.spv
[ "$(od -An -tx4 -N4 module.spv | tr -d ' ')" = 07230203 ] || fail "shader: no SPIR-V"
expect 1 "no kernel has 'xyzzy' in its name" shader xyzzy

# A report is whole without a GPU, and a project is there to be built
json report --device cpu --check none --out report.md --json
for part in Versions Devices Self-tests Log; do grep -q "^## $part" report.md || fail "no $part in the report"; done
expect 0 'wrote CMakeLists.txt' init halves
[ -f halves/main.cpp ] && grep -q 'add_executable(halves main.cpp)' halves/CMakeLists.txt || fail "init: $(ls halves)"
expect 1 'halves is there already, and not empty' init halves
expect 1 "is no name for a program" init 'a b'

# Completion: what it offers is what there is
"$lemnos" completion bash >completion.bash && bash -c 'source ./completion.bash
  COMP_WORDS=(lemnos tr) COMP_CWORD=1; _lemnos; [ "${COMPREPLY[*]}" = train ] || exit 1
  COMP_WORDS=(lemnos train --opt) COMP_CWORD=2; _lemnos; [ "${COMPREPLY[*]}" = --optimizer ]' || fail "completion of bash"
expect 0 'complete -c lemnos -n __fish_use_subcommand -a train' completion fish
expect 2 'tcsh' completion tcsh

# The op suite for readers and build servers, on the reference itself
if "$lemnos" check --help >/dev/null 2>&1; then
  json check --device cpu --op softmax --fast --json --junit results.xml --html page.html
  grep -q '<testsuite name="' results.xml && grep -q '<testcase classname="softmax" name="softmax/f32/' results.xml || fail "JUnit: $(head -c 400 results.xml)"
  grep -q 'id="op-softmax"' page.html && grep -q 'href="#device0-softmax"' page.html && grep -q 'id="device0-softmax"' page.html || fail "the page has no links"
  cases=$(grep -c '<testcase' results.xml) tests=$(sed -n 's/.*<testsuite [^>]* tests="\([0-9]*\)".*/\1/p' results.xml)
  [ "$cases" = "$tests" ] || fail "JUnit: $cases cases, $tests counted"
  # Results that nobody wrote are failures, and stand in both.
  expect 0 'cases, ' check --export cases --op softmax --dtype f32 --case 0
  expect 1 'FAILED' check --foreign cases --junit failed.xml --html failed.html
  grep -q '<failure message="' failed.xml || fail "JUnit has no failure"
  grep -q '<h1>lemnos check: failed</h1>' failed.html || fail "the page does not say that it failed"
  if command -v python3 >/dev/null; then
    python3 -c 'import sys, xml.dom.minidom; [xml.dom.minidom.parse(f) for f in sys.argv[1:]]' results.xml failed.xml || fail "JUnit: no XML"
  fi
  expect 1 'none/results.xml: cannot save' check --device cpu --op softmax --junit none/results.xml
  expect 0 'wrote the bits of [0-9]+ runs to bits.txt' check --device cpu --op relu --dtype f32 --fast --bits bits.txt
  expect 0 '([0-9]+) of \1 runs have the bits of bits.txt' check --device cpu --op relu --dtype f32 --fast --bits bits.txt
  sed -i '1s/^.\{16\}/0123456789abcdef/' bits.txt
  expect 1 'other bits: relu/f32/' check --device cpu --op relu --dtype f32 --fast --bits bits.txt
  echo nothing >bits.txt
  expect 1 'bits.txt: line 1 is not a hash of 16 digits and a run' check --device cpu --op relu --bits bits.txt
  expect 1 'are of one device; name it' check --device all --bits bits.txt
  expect 1 '--repro needs a Vulkan device' check --device cpu --repro softmax
fi

# A page beside the run (builds with LEMNOS_WATCH); the rest of it: tests/watch ------------------------------------------
if "$lemnos" train --help | grep -e --watch >/dev/null; then
  expect 2 '"65536" is not a whole number from 0 to 65535' train mlp "${small[@]}" --out refused --watch 65536
  "$lemnos" train mlp "${small[@]}" --epochs 1000000 --schedule constant --out seen --watch 0 >seen.log 2>&1 &
  pid=$!
  for ((i = 0; i < 300; ++i)); do grep -q '^watch the training at' seen.log && break; sleep .1; done
  address=$(sed -n 's|^watch the training at http://127.0.0.1:||p' seen.log)
  port=${address%%/*} token=${address#*token=}
  expect 1 "^lemnos: watch: port $port of 127.0.0.1: it is in use" train mlp "${small[@]}" --out refused --watch "$port"
  [ ! -e refused ] || fail "a run without its port made its folder"
  exec 5<>"/dev/tcp/127.0.0.1/$port"
  printf 'POST /stop?token=%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n' "$token" "$port" >&5
  grep -q '^HTTP/1.1 200' <&5 || fail "the page's server does not answer"
  exec 5>&-
  status=0
  wait "$pid" || status=$?
  [ "$status" = 0 ] || fail "stopped from the page: status $status"
  grep -q '^stopped from the page; the same command with --resume goes on' seen.log || fail "who stopped it: $(tail -n 3 seen.log)"
fi

# On a terminal: a bar with rate, time left and memory -------------------------------------------------------------------
if command -v script >/dev/null; then
  TERM=xterm timeout 60 script -qec "stty columns 160; '$lemnos' train mlp --device cpu --data data --hidden 8 --batch 16 --epochs 2 --out bar" /dev/null >bar.log 2>&1 </dev/null
  grep -qE 'epoch 1/2 \[=*\.*\] [0-9]+/4 .*/s  [0-9]+ s left' bar.log || fail "no bar of train: $(cat -v bar.log)"
fi

[ "$failures" = 0 ] && echo "tool: all as expected"
[ "$failures" = 0 ]
