#!/usr/bin/env bash
# No file of a build folder has a warning: reads what .ci/keep_warnings.sh kept beside the objects.   .ci/warnings.sh BUILD_FOLDER
# Status 77: the folder does not keep them.
set -euo pipefail
cd "${1:?the build folder}"
if grep -q '^LEMNOS_DEVELOPER:BOOL=ON' CMakeCache.txt; then
  echo "warnings were errors in this build"
  exit 0
fi
grep -q '^LEMNOS_KEEP_WARNINGS:BOOL=ON' CMakeCache.txt || { echo "configured without LEMNOS_KEEP_WARNINGS"; exit 77; }
mapfile -t objects < <(sed -n 's/^ *"command": ".* -o \([^ ]*\) -c .*/\1/p' compile_commands.json)
[ ${#objects[@]} -gt 0 ] || { echo "no object in compile_commands.json"; exit 1; }
found=0
for object in "${objects[@]}"; do
  if [ ! -f "$object.warnings" ]; then
    echo "$object: not compiled in this folder"
  elif [ -s "$object.warnings" ]; then
    cat "$object.warnings"
  else
    continue
  fi
  found=$((found + 1))
done
echo "${#objects[@]} objects, $found with warnings or not compiled"
[ "$found" = 0 ]
