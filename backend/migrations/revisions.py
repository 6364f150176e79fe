"""Which revisions this program has, read from the files: importing Alembic takes a second, and mostly nothing is to do.

A capability's migrations are a branch of their own, in ``backend/<capability>/migrations``: the first of them has the
capability's name as its label and names the revisions of other branches that it needs in ``depends_on``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

NUMBERED = "backend.migrations:versions"
"""The first branch, from before capabilities had branches. It has no label."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a file says about itself."""

    id: str
    needs: frozenset[str]
    """Revisions that come before it, in its own branch or in another."""
    labels: tuple[str, ...]
    file: Path


def version_locations() -> tuple[str, ...]:
    """The folders that hold migrations, as Alembic writes them: ``package:folder``."""
    backend = _path("backend:")
    names = sorted(folder.parent.name for folder in backend.glob("*/migrations") if any(_sources(folder)))
    return (NUMBERED, *(f"backend.{name}:migrations" for name in names))


def paths(locations: Sequence[str]) -> tuple[Path, ...]:
    """Where ``locations``, each a ``package:folder`` or an absolute path, are on this computer."""
    return tuple(map(_path, locations))


@cache
def revisions(locations: tuple[str, ...]) -> tuple[Revision, ...]:
    """Every revision in ``locations``. Raises RuntimeError when two have one id, or one needs what is not there."""
    found: dict[str, Revision] = {}
    for file in (file for folder in paths(locations) for file in sorted(_sources(folder))):
        one = _read(file)
        if one.id in found:
            raise RuntimeError(f"two migrations have the id {one.id}: {found[one.id].file} and {file}")
        found[one.id] = one
    for one in found.values():
        if missing := one.needs - found.keys():
            raise RuntimeError(f"{one.file} needs {as_text(missing)}, which no migration is called")
    return tuple(found.values())


def newest(locations: Sequence[str] | None = None) -> frozenset[str]:
    """What the table of a finished database says.

    One id for each branch, except where another revision needs it: Alembic keeps no row for those.
    """
    known = _all(locations)
    return frozenset(one.id for one in known).difference(*(one.needs for one in known))


def unknown(found: Iterable[str], locations: Sequence[str] | None = None) -> frozenset[str]:
    """Those of some ids that this program does not have: a newer one put them there."""
    return frozenset(found) - {one.id for one in _all(locations)}


def as_text(ids: Iterable[str]) -> str:
    """``alerts_0001+risk_0005``, or ``none``."""
    return "+".join(sorted(ids)) or "none"


def from_text(text: str) -> frozenset[str]:
    """The ids that ``as_text`` put together."""
    return frozenset(text.split("+"))


def _all(locations: Sequence[str] | None) -> tuple[Revision, ...]:
    return revisions(tuple(locations or version_locations()))


def _path(place: str) -> Path:
    """Asks no package for its folder but the topmost: importing a capability is no part of reading its migrations."""
    if Path(place).is_absolute():
        return Path(place)
    package, _, folder = place.partition(":")
    top, *inner = package.split(".")
    return Path(str(files(top).joinpath(*inner, folder)))


def _sources(folder: Path) -> Iterator[Path]:
    return (file for file in folder.glob("*.py") if file.name != "__init__.py")


def _read(file: Path) -> Revision:
    assigned: dict[str, object] = {}
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id="revision" | "down_revision" | "depends_on" | "branch_labels" as name)],
                value=value,
            ):
                assigned[name] = ast.literal_eval(value)
    if not isinstance(revision := assigned.get("revision"), str):
        raise RuntimeError(f"{file} says no revision")  # noqa: TRY004 - a wrong file is no wrong argument
    needs = frozenset((*_texts(assigned.get("down_revision")), *_texts(assigned.get("depends_on"))))
    return Revision(revision, needs, _texts(assigned.get("branch_labels")), file)


def _texts(value: object) -> tuple[str, ...]:
    """Alembic takes none, one or several."""
    if isinstance(value, tuple | list):
        return tuple(map(str, value))
    return () if value is None else (str(value),)
