#!/bin/sh
# Installs what only tests use, where that needs no question; what stays away makes its tests skip, and say so.
set -eu
command -v promtool >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
as=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as="sudo -n"; else exit 0; fi
fi
printf 'test: installing prometheus, for its promtool\n'
install="$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus"
$install >/dev/null 2>&1 || { $as apt-get update -qq && $install; } >/dev/null 2>&1 ||
  printf 'test: it could not be installed; tests of the rules for Prometheus skip\n'
