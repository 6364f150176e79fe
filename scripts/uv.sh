#!/bin/sh
# uv, from PATH when it really runs there (a version manager's shim may not), else from a small venv of its own.
set -eu
cd "$(dirname "$0")/.."
if uv --version >/dev/null 2>&1; then exec uv "$@"; fi
if ! .uv/bin/uv --version >/dev/null 2>&1; then
  rm -rf .uv
  "${PYTHON:-python3}" -m venv .uv
  .uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' >&2
fi
exec .uv/bin/uv "$@"
