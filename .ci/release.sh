#!/usr/bin/env bash
# A release: checks that every place names the same version, then makes the tag and the archive. It pushes nothing.
#   .ci/release.sh VERSION           checks, tags vVERSION, writes lemnos-VERSION.tar.gz and its SHA-256 into out/
#   .ci/release.sh --archive VERSION checks and writes the archive, without a tag; VERSION may begin with v
#   .ci/release.sh --check VERSION   checks alone
# Before: ./setup.sh test on a quiet machine, tests/fresh.sh for each Debian, tests/consume/make_c_abi.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=tag
case ${1:-} in --check | --archive) mode=${1#--}; shift ;; esac
version=${1:?the version, as 0.2.0}
version=${version#v}
problems=()
problem() { problems+=("$*"); }

[[ "$version" =~ ^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]] || { echo "release: '$version' is not MAJOR.MINOR.PATCH" >&2; exit 2; }
short=${version%.*}
pattern=${version//./\\.}

found=$(sed -n 's/^project(lemnos VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ "$found" = "$version" ] || problem "CMakeLists.txt: project VERSION is $found"
grep -qE "^## $pattern \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$" CHANGELOG.md || problem "CHANGELOG.md: no heading '## $version (YYYY-MM-DD)'"
# What is under Unreleased would belong to the release.
unreleased=$(awk '/^## /{inside = ($0 == "## Unreleased"); next} inside && NF' CHANGELOG.md)
[ -z "$unreleased" ] || problem "CHANGELOG.md: there are lines under '## Unreleased'"
grep -q "of version $pattern:" tests/consume/c_abi.c || problem "tests/consume/c_abi.c: made for another version: run tests/consume/make_c_abi.py"
grep -q "find_package(lemnos ${short/./\\.} " README.md || problem "README.md: no find_package(lemnos $short ..)"
changed=$(git status --porcelain --untracked-files=no)
[ -z "$changed" ] || problem "the working tree has changes that are not committed"
if [ "$mode" = tag ]; then
  ! git rev-parse -q --verify "refs/tags/v$version" >/dev/null || problem "the tag v$version exists already"
fi

if [ ${#problems[@]} -gt 0 ]; then
  for text in "${problems[@]}"; do echo "release $version: $text" >&2; done
  exit 1
fi
echo "release $version: every place agrees"
[ "$mode" != check ] || exit 0

mkdir -p out
archive=out/lemnos-$version.tar.gz
git archive --format=tar.gz --prefix="lemnos-$version/" -o "$archive" HEAD
(cd out && sha256sum "lemnos-$version.tar.gz" >"lemnos-$version.tar.gz.sha256")
echo "wrote $archive and its SHA-256"
[ "$mode" = tag ] || exit 0
git tag -a "v$version" -m "Lemnos $version"
echo "made the tag v$version"
echo "publish with: git push origin v$version"
