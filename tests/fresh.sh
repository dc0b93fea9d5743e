#!/usr/bin/env bash
# The README's two commands on a machine that has nothing: a bare Debian made by debootstrap, as root.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../.ci/packages.sh"

usage() {
  cat <<'TEXT'
tests/fresh.sh SUITE [OPTIONS] [COMMAND...]   SUITE: bookworm, trixie; COMMAND: of setup.sh, `demo` and `test` where none is given
  --again           go on in the root that an earlier run left, with the files of this commit
  --ccache FOLDER   let the compilers in the root use this cache; the report says so
  --into FOLDER     where roots lie (build/fresh)
  --package FOLDER  instead of the commands: installs the .deb files of FOLDER (cpack -G DEB) and a compiler, and builds the
                    program of tests/consume/find_package with them
Makes FOLDER/SUITE, copies a clone of the current commit in, and runs ./setup.sh COMMAND there. Prints for each the minutes,
the packages and the last lines; all that it printed stands in FOLDER/SUITE-COMMAND.log. Needs root and debootstrap.
TEXT
}

suite="" again=0 cache="" package="" into="$checkout/build/fresh" commands=()
while [ $# -gt 0 ]; do
  case $1 in
    --again) again=1 ;;
    --ccache) cache=$(cd "${2:?a folder}" && pwd); shift ;;
    --into) into=${2:?a folder}; shift ;;
    --package) package=$(cd "${2:?a folder}" && pwd); shift ;;
    -h | --help | help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) if [ -z "$suite" ]; then suite=$1; else commands+=("$1"); fi ;;
  esac
  shift
done
[ -n "$suite" ] || { usage >&2; exit 2; }
[ ${#commands[@]} -gt 0 ] || commands=(demo test)
[ "$(id -u)" = 0 ] || { say "fresh.sh: making a root needs root"; exit 77; }
command -v debootstrap >/dev/null || { say "fresh.sh: not here: apt-get install debootstrap"; exit 77; }
archive=$(system_archive) || { say "fresh.sh: no Debian archive in this system's apt configuration"; exit 77; }
mkdir -p "$into"
into=$(cd "$into" && pwd)
root="$into/$suite"

# Everything that is mounted for the command goes with its namespace, and so do its processes.
inside() {
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 cache=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    if [ -n "$cache" ]; then
      mkdir -p "$root/root/.cache/ccache"
      mount --bind "$cache" "$root/root/.cache/ccache"
    fi
    exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
  ' inside "$root" "$cache" "$@"
}

count_packages() { inside dpkg-query -W -f '${db:Status-Status}\n' | grep -c '^installed$'; }

make_root() {
  rm -rf "$root.new" "$root"
  debootstrap --variant=minbase --keyring="${archive##* }" "$suite" "$root.new" "${archive% *}" >"$into/$suite-root.log" 2>&1 ||
    { tail -n 5 "$into/$suite-root.log" >&2; rm -rf "$root.new"; exit 1; }
  mv "$root.new" "$root"
}

# What is committed, and nothing that lies about in the checkout. A build folder of an earlier run stays.
copy_checkout() {
  local git=(git -c safe.directory='*')
  if [ ! -d "$root/lemnos" ]; then
    "${git[@]}" clone -q --no-hardlinks --depth 1 "file://$checkout" "$root/lemnos"
  else
    "${git[@]}" -C "$root/lemnos" fetch -q --depth 1 "file://$checkout" HEAD
    "${git[@]}" -C "$root/lemnos" reset -q --hard FETCH_HEAD
  fi
}

if [ "$again" = 0 ] || [ ! -d "$root" ]; then make_root; fi
copy_checkout
printf '%s: Debian %s, commit %s%s\n' "$suite" "$(cat "$root/etc/debian_version")" \
  "$(git -C "$root/lemnos" log -1 --format=%h)" "${cache:+, with a compiler cache from outside}"
if [ -n "$package" ]; then
  mkdir -p "$root/packages"
  cp "$package"/*.deb "$root/packages/"
  if inside /bin/sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends /packages/*.deb g++ cmake make && rm -rf /consumer &&
      cmake -S /lemnos/tests/consume/find_package -B /consumer && cmake --build /consumer && /consumer/consumer && lemnos --version' \
    </dev/null >"$into/$suite-package.log" 2>&1; then
    tail -n 3 "$into/$suite-package.log"
    exit 0
  fi
  tail -n 15 "$into/$suite-package.log"
  exit 1
fi
failed=0
TIMEFORMAT='%R %U %S'
for command in "${commands[@]}"; do
  log="$into/$suite-$command.log"
  before=$(count_packages) status=0
  { time { inside /lemnos/setup.sh "$command" </dev/null >"$log" 2>&1 || status=$?; }; } 2>"$log.time"
  printf '\n== %s: ./setup.sh %s: status %d after %s minutes (%s of a processor, of %d); packages %d -> %d\n' "$suite" "$command" \
    "$status" "$(awk '{ printf "%.1f", $1 / 60 }' "$log.time")" "$(awk '{ printf "%.1f", ($2 + $3) / 60 }' "$log.time")" \
    "$(nproc)" "$before" "$(count_packages)"
  grep -A 40 '^== summary' "$log" || tail -n 15 "$log"
  [ "$status" = 0 ] || failed=1
done
exit $failed
