#!/bin/sh
# Prepares .venv from requirements.lock and installs the system libraries Qt needs. Safe to repeat.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }

PYTHON=${PYTHON:-python3}
export PYTHON
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  say "opsconsole needs Python 3.11 or newer as 'python3' (or set PYTHON=/path/to/python)."; exit 1; }

# --- system libraries (Debian and Ubuntu; elsewhere Qt's wheels usually find what they need) ---------------
if command -v dpkg-query >/dev/null 2>&1; then
  # The first line is what Qt needs without a display, the second what it needs on X11.
  wanted="libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon0 fonts-inter \
    libxkbcommon-x11-0 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-randr0 libxcb-shape0 libxcb-xkb1"
  "$PYTHON" -c 'import ensurepip' 2>/dev/null || wanted="$wanted python3-venv"
  missing=""
  for p in $wanted; do
    # Ubuntu 24.04 renamed some of them with a t64 suffix.
    s=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)
    t=$(dpkg-query -W -f='${db:Status-Status}' "${p}t64" 2>/dev/null || true)
    [ "$s" = installed ] || [ "$t" = installed ] || missing="$missing $p"
  done
  if [ -n "$missing" ]; then
    as=""
    if [ "$(id -u)" -ne 0 ]; then
      if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as="sudo -n"; else as="none"; fi
    fi
    if [ "$as" = none ]; then
      say "these system packages are missing. Install them once with:"
      say "  sudo apt-get install --no-install-recommends$missing"
      exit 1
    fi
    say "installing$missing"
    install="$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends$missing"
    $install >/dev/null 2>&1 || { $as apt-get update -qq && $install >/dev/null; } || {
      say "apt could not install them. Install by hand, then repeat:"
      say "  sudo apt-get install --no-install-recommends$missing"
      exit 1
    }
  fi
fi

# --- Python packages ---------------------------------------------------------------------------------------
say "installing the locked Python packages"
[ -x .venv/bin/python ] || scripts/uv.sh venv --quiet --python "$PYTHON" .venv
VIRTUAL_ENV=$PWD/.venv
export VIRTUAL_ENV
scripts/uv.sh pip sync --quiet --require-hashes requirements.lock
scripts/uv.sh pip install --quiet --no-deps -e .
touch .venv/.ready
say "ready"
