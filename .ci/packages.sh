# shellcheck shell=bash
# Packages of another Debian release, unpacked into the ignored folder .toolchain/: no root, nothing is installed, and a
# checkout that moves keeps working. Sourced by .ci/toolchain.sh and tests/drivers.sh.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
toolchain="$checkout/.toolchain"

say() { printf '%s\n' "$*" >&2; }

# Prints "URI KEYRING" of the Debian archive that the system's own apt configuration names; fails where there is none.
# So a mirror, a proxy and a keyring chosen by the machine's owner are kept, and no host is written down here.
system_archive() {
  local id="" codename="" files=()
  # shellcheck disable=SC1091
  { id=$(. /etc/os-release && echo "${ID:-}"); codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}"); } 2>/dev/null
  [ "$id" = debian ] && [ -n "$codename" ] || return 1
  shopt -s nullglob
  files=(/etc/apt/sources.list.d/*.sources)
  local found=""
  if [ ${#files[@]} -gt 0 ]; then
    found=$(awk -v suite="$codename" -v RS= '
      function words(text, list) { delete list; return split(text, list, /[ \t\n]+/) }
      { types = uris = suites = enabled = key = ""; n = split($0, lines, "\n")
        for (i = 1; i <= n; ++i) {
          if (lines[i] ~ /^#/ || lines[i] !~ /^[A-Za-z-]+:/) continue
          name = tolower(substr(lines[i], 1, index(lines[i], ":") - 1))
          text = substr(lines[i], index(lines[i], ":") + 1); gsub(/^[ \t]+|[ \t]+$/, "", text)
          if (name == "types") types = text; else if (name == "uris") uris = text
          else if (name == "suites") suites = text; else if (name == "signed-by") key = text
          else if (name == "enabled") enabled = tolower(text)
        }
        if ((" " types " ") !~ / deb / || (" " suites " ") !~ (" " suite " ") || enabled == "no") next
        words(uris, parts); print parts[1], (key ~ /^\// ? key : "-"); exit
      }' "${files[@]}")
  fi
  if [ -z "$found" ]; then
    files=(/etc/apt/sources.list /etc/apt/sources.list.d/*.list)
    found=$(cat "${files[@]}" 2>/dev/null | awk -v suite="$codename" '
      $1 == "deb" { key = "-"; line = $0
        if (match(line, /\[[^]]*\]/)) {
          options = substr(line, RSTART + 1, RLENGTH - 2); line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
          if (match(options, /signed-by=[^ ]+/)) key = substr(options, RSTART + 10, RLENGTH - 10)
        }
        split(line, parts, /[ \t]+/)
        if (parts[3] == suite) { print parts[2], key; exit } }')
  fi
  shopt -u nullglob
  [ -n "$found" ] || return 1
  local uri=${found% *} key=${found##* }
  [ "$key" != - ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -e "$key" ] || return 1
  echo "$uri $key"
}

# apt-get with its lists, cache and status in $work: the system's own are neither read nor written.
private_apt() {
  apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o APT::Default-Release= \
    -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
    -o Debug::NoLocking=true -o APT::Sandbox::User= -o APT::Install-Recommends=false -o APT::Get::Assume-Yes=true \
    -o Acquire::Languages=none -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
    -o Acquire::Check-Valid-Until=false "$@"
}

# unpack_packages ROOT MODE SUITES PACKAGES...
# Unpacks packages of the SUITES (one word, separated by commas; the newest version wins) into ROOT, and writes their
# versions to ROOT/versions.txt. MODE closed also takes everything they depend on, down to libc; alone takes them alone.
# ROOT appears only when it is whole. On failure: a message, status 1, nothing left behind.
unpack_packages() {
  local root=$1 mode=$2 suites=$3
  shift 3
  local wanted="$mode $suites $*"
  if [ -f "$root/stamp" ] && [ "$(cat "$root/stamp")" = "$wanted" ]; then return 0; fi
  local archive
  archive=$(system_archive) || { say "  no Debian archive in this system's apt configuration"; return 1; }
  local work
  mkdir -p "$toolchain"
  find "$toolchain" -maxdepth 1 -name 'unpacking.*' -mmin +60 -exec rm -rf {} +  # of runs that were killed
  work=$(mktemp -d "$toolchain/unpacking.XXXXXX")
  if unpack_into "$work" "$archive" "$mode" "$suites" "$@"; then
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    mv "$work/root" "$root"
    echo "$wanted" >"$root/stamp"
    rm -rf "$work"
    return 0
  fi
  tail -n 3 "$work/log" >&2
  rm -rf "$work"
  return 1
}

unpack_into() {
  local work=$1 archive=$2 mode=$3 suites=$4 deb
  shift 4
  mkdir -p "$work"/{sources,state/lists/partial,cache/archives/partial,root}
  : >"$work/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
    "${archive% *}" "${suites//,/ }" "${archive##* }" >"$work/sources/packages.sources"
  private_apt -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 || return 1
  if [ "$mode" = closed ]; then
    private_apt install --download-only "$@" >>"$work/log" 2>&1 || return 1
  else
    (cd "$work/cache/archives" && private_apt download "$@") >>"$work/log" 2>&1 || return 1
  fi
  for deb in "$work"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$work/root" || return 1
    dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >>"$work/root/versions.txt"
  done
}

# The dynamic linker of an unpacked root, through which programs see its newer libc.
root_linker() {
  local linker
  for linker in "$1"/usr/lib/*/ld-linux*.so.* "$1"/lib/*/ld-linux*.so.*; do
    [ -e "$linker" ] && { echo "$linker"; return 0; }
  done
  return 1
}
