#!/usr/bin/env bash
# Which lines of src/ the tests execute: a table by folder, and every file with its lines that no test reached.
#   .ci/coverage.sh [CTEST ARGUMENTS...]      the tests to run; by default those that need no device: -L '^unit$'
# Builds into build-coverage/ without optimisation: the minutes of a whole build. Writes build-coverage/coverage.txt.
# Status 77: no gcov or no python3 here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -gt 0 ] || set -- -L '^unit$'
for program in gcov python3; do
  command -v "$program" >/dev/null || { echo "no $program on this machine"; exit 77; }
done
cmake --preset coverage >/dev/null
cmake --build --preset coverage
find build-coverage -name '*.gcda' -delete  # of an earlier run
status=0
ctest --preset coverage -j "$(nproc)" "$@" || status=$?
.ci/coverage.py build-coverage >build-coverage/coverage.txt
sed '/^$/q' build-coverage/coverage.txt
echo "lines that no test reached: build-coverage/coverage.txt"
exit $status
