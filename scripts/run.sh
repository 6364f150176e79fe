#!/bin/sh
# `make run`: the console on the sample shop where there is a display, pictures of every workspace where there is none.
set -eu
bin=$1 role=$2 data=${3:-}
set -- demo --as "$role"
[ -z "$data" ] || set -- "$@" --data-dir "$data"
case "$(uname -s)" in Darwin|MINGW*|MSYS*|CYGWIN*) display=yes ;; *) display=${WAYLAND_DISPLAY:-${DISPLAY:-}} ;; esac
if [ -n "$display" ]; then exec "$bin/opsconsole" "$@"; fi
echo "No display found: drawing every workspace into build/screenshots instead."
QT_QPA_PLATFORM=offscreen exec "$bin/opsconsole" "$@" --screenshots build/screenshots
