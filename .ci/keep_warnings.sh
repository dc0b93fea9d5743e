#!/bin/sh
# A compiler launcher: runs the compiler, and keeps what it said beside the object, in OBJECT.warnings. So a file that was compiled
# once and is up to date has its warnings too, and a build without -Werror can be held to none (.ci/warnings.sh).
object=""
previous=""
for word in "$@"; do
  [ "$previous" != -o ] || object=$word
  previous=$word
done
[ -n "$object" ] || exec "$@"
"$@" 2>"$object.warnings"
status=$?
[ ! -s "$object.warnings" ] || cat "$object.warnings" >&2
exit $status
