#!/usr/bin/env bash
# .ci/release.sh in a small repository of its own: what it refuses, and what it makes.   tests/release.sh WORK_FOLDER
# Status 77: no git here.
set -euo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.ci/release.sh
work=${1:?the work folder}
command -v git >/dev/null || { echo "git is not installed"; exit 77; }
rm -rf "$work"
mkdir -p "$work/.ci" "$work/tests/consume"
cp "$script" "$work/.ci/release.sh"
cd "$work"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

put() {
  echo "project(lemnos VERSION $1 LANGUAGES C CXX)" >CMakeLists.txt
  printf '# Changes\n\n## Unreleased\n\n%s\n## %s\n\n- One.\n' "$3" "$2" >CHANGELOG.md
  echo "/* Made from lemnos.h of version $4: what */" >tests/consume/c_abi.c
  echo "find_package(lemnos $5 REQUIRED)" >README.md
}
# refused PATTERN ARGUMENTS...
refused() {
  local pattern=$1 output
  shift
  if output=$(.ci/release.sh "$@" 2>&1); then echo "FAILED: release.sh $* was not refused"; exit 1; fi
  grep -qF -- "$pattern" <<<"$output" || { echo "FAILED: no '$pattern' in: $output"; exit 1; }
}
commit() { git add -A && git commit -q -m "$1"; }

git init -q .
printf '/out/\n' >.gitignore
put 0.2.0 "0.2.0 (2026-12-01)" "" 0.2.0 0.2
commit right
.ci/release.sh --check v0.2.0
refused "'0.2' is not MAJOR.MINOR.PATCH" 0.2
refused "project VERSION is 0.2.0" 0.3.0
echo >>README.md
refused "changes that are not committed" 0.2.0
put 0.2.0 "0.2.0" "" 0.2.0 0.2
refused "no heading '## 0.2.0 (YYYY-MM-DD)'" 0.2.0
put 0.2.0 "0.2.0 (2026-12-01)" "- Two.
" 0.2.0 0.2
refused "lines under '## Unreleased'" 0.2.0
put 0.2.0 "0.2.0 (2026-12-01)" "" 0.1.0 0.2
refused "make_c_abi.py" 0.2.0
put 0.2.0 "0.2.0 (2026-12-01)" "" 0.2.0 0.1
refused "no find_package(lemnos 0.2 ..)" 0.2.0
git checkout -q .
.ci/release.sh 0.2.0 && [ -s out/lemnos-0.2.0.tar.gz ]
[ "$(git cat-file -t v0.2.0)" = tag ]
(cd out && sha256sum -c --quiet lemnos-0.2.0.tar.gz.sha256)
tar -tzf out/lemnos-0.2.0.tar.gz | grep -x lemnos-0.2.0/CMakeLists.txt >/dev/null
refused "the tag v0.2.0 exists already" 0.2.0
rm -r out
.ci/release.sh --archive v0.2.0
[ -s out/lemnos-0.2.0.tar.gz ]
echo "the release script refuses and makes what it should"
