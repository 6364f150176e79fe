"""Workspaces and the file they are kept in: versioned JSON around the docking system's own blob.

Nothing here needs a screen. Whatever is wrong with the file, the console opens: the built-in layout is used, the bad
file is set aside under another name and the operator is told.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from app.core import files
from app.core.json_text import parse_json
from views.shell.window.arrangement import BUILT_IN, MAIN

SCHEMA = 1
PRODUCT = "opsconsole layouts"
UNDO_STEPS = 20
NAME_LENGTH = 24
"""Longest workspace name that the rail shows in two lines."""


class LayoutError(Exception):
    """A layout cannot be used; the words say why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where docks are: the docking system's blob, the docks it was made with, the screens it was made for."""

    docks: tuple[str, ...]
    blob: bytes
    screens: tuple[str, ...]
    """Screens as ``name 1920x1080+0+0``, logical pixels."""
    places: Mapping[str, tuple[float, float, float, float]] = field(default_factory=dict, compare=False)
    """Left, top, width and height of the docks inside the window, as shares of the room: for the first picture."""

    def to_json(self) -> dict[str, Any]:
        """The layout as plain JSON values."""
        return {
            "docks": list(self.docks),
            "blob": base64.b64encode(self.blob).decode("ascii"),
            "screens": list(self.screens),
            "places": {dock: list(place) for dock, place in self.places.items()},
        }

    @classmethod
    def from_json(cls, value: Any) -> Layout:
        """The layout a file holds; raises LayoutError when it holds something else."""
        if not isinstance(value, dict):
            raise LayoutError("a layout is not an object")
        docks, screens, blob = value.get("docks"), value.get("screens"), value.get("blob")
        if not _texts(docks) or not _texts(screens) or not isinstance(blob, str):
            raise LayoutError("a layout lacks its docks, its screens or its blob")
        try:
            return cls(
                tuple(docks), base64.b64decode(blob, validate=True), tuple(screens), _places(value.get("places"))
            )
        except (binascii.Error, ValueError):
            raise LayoutError("the blob of a layout is not base64") from None


def _places(value: Any) -> dict[str, tuple[float, float, float, float]]:
    # Only the first picture uses them: what makes no sense is left out, and the docks come to their places anyway.
    found: dict[str, tuple[float, float, float, float]] = {}
    for dock, place in value.items() if isinstance(value, dict) else ():
        numbers = [n for n in place if isinstance(n, int | float) and 0 <= n <= 1] if isinstance(place, list) else []
        if len(numbers) == 4:
            left, top, width, height = numbers
            found[dock] = (left, top, width, height)
    return found


def _texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A named arrangement of docks; ``layout`` is ``None`` while it is the built-in one."""

    id: str
    name: str
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Workspaces:
    """All workspaces in the order of the rail, and which one is open."""

    items: tuple[Workspace, ...] = tuple(Workspace(known, built.name) for known, built in BUILT_IN.items())
    active: str = MAIN

    @property
    def current(self) -> Workspace:
        """The open workspace."""
        return self.get(self.active)

    def get(self, workspace_id: str) -> Workspace:
        """The workspace of that id; raises KeyError."""
        for item in self.items:
            if item.id == workspace_id:
                return item
        raise KeyError(workspace_id)

    def activate(self, workspace_id: str) -> Workspaces:
        """Open another workspace."""
        return replace(self, active=self.get(workspace_id).id)

    def with_layout(self, workspace_id: str, layout: Layout | None) -> Workspaces:
        """Keep a layout for a workspace; ``None`` resets it to the built-in one."""
        return replace(self, items=tuple(replace(i, layout=layout) if i.id == workspace_id else i for i in self.items))

    def save_as(self, name: str, layout: Layout) -> Workspaces:
        """Add a workspace and open it; raises LayoutError for a name that cannot be used."""
        name = self._usable(name, besides=None)
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "workspace"
        known_ids = {item.id for item in self.items}
        number, workspace_id = 1, stem
        while workspace_id in known_ids:
            number += 1
            workspace_id = f"{stem}-{number}"
        return Workspaces((*self.items, Workspace(workspace_id, name, layout)), workspace_id)

    def rename(self, workspace_id: str, name: str) -> Workspaces:
        """Give a saved workspace another name; raises LayoutError for a name that cannot be used."""
        if workspace_id in BUILT_IN:
            raise LayoutError(f"The {BUILT_IN[workspace_id].name} workspace keeps its name.")
        name = self._usable(name, besides=workspace_id)
        return replace(self, items=tuple(replace(i, name=name) if i.id == workspace_id else i for i in self.items))

    def remove(self, workspace_id: str) -> Workspaces:
        """Forget a saved workspace; built-in ones cannot be forgotten (LayoutError)."""
        if workspace_id in BUILT_IN:
            raise LayoutError(f"The {BUILT_IN[workspace_id].name} workspace cannot be removed.")
        items = tuple(item for item in self.items if item.id != workspace_id)
        return Workspaces(items, MAIN if self.active == workspace_id else self.active)

    def _usable(self, name: str, *, besides: str | None) -> str:
        name = " ".join(name.split())
        if not name:
            raise LayoutError("Give the workspace a name.")
        if len(name) > NAME_LENGTH:
            raise LayoutError(f"A name has at most {NAME_LENGTH} characters; this one has {len(name)}.")
        if any(item.name.lower() == name.lower() and item.id != besides for item in self.items):
            raise LayoutError(f"There is a workspace called {name} already.")
        return name

    def to_json(self) -> dict[str, Any]:
        """The whole file as plain JSON values."""
        return {
            "product": PRODUCT,
            "schema": SCHEMA,
            "active": self.active,
            "workspaces": [
                {"id": i.id, "name": i.name, "layout": i.layout.to_json() if i.layout else None} for i in self.items
            ],
        }

    @classmethod
    def from_json(cls, value: Any) -> Workspaces:
        """What a file holds; raises LayoutError when it is foreign, newer or broken."""
        if not isinstance(value, dict) or value.get("product") != PRODUCT:
            raise LayoutError("it is no layout file of this console")
        if not isinstance(value.get("schema"), int) or value["schema"] > SCHEMA:
            raise LayoutError("a newer console wrote it")
        rows = value.get("workspaces")
        if not isinstance(rows, list):
            raise LayoutError("it lists no workspaces")
        items: list[Workspace] = []
        for row in rows:
            if not isinstance(row, dict) or not _texts([row.get("id"), row.get("name")]):
                raise LayoutError("a workspace lacks its id or its name")
            layout = None if row.get("layout") is None else Layout.from_json(row["layout"])
            items.append(Workspace(row["id"], row["name"], layout))
        ids = [item.id for item in items]
        if MAIN not in ids or len(set(ids)) != len(ids):
            raise LayoutError("its workspaces are incomplete or named twice")
        # The operator's order stays, for their keys count places in it. A file of an earlier console lacks the
        # workspaces that have come since: they come last.
        items = [replace(i, name=BUILT_IN[i.id].name) if i.id in BUILT_IN else i for i in items]
        items += [Workspace(known, built.name) for known, built in BUILT_IN.items() if known not in ids]
        ids = [item.id for item in items]
        active = value.get("active")
        return cls(tuple(items), active if active in ids else MAIN)


class LayoutStore:
    """The layout file. ``load`` never raises; ``save`` is atomic and raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> tuple[Workspaces, str | None]:
        """The workspaces, and what to tell the operator when the file could not be used."""
        try:
            return Workspaces.from_json(parse_json(self.path.read_text("utf-8"))), None
        except FileNotFoundError:
            return Workspaces(), None
        except LayoutError as error:
            reason = str(error)
        except ValueError:
            reason = "it is damaged"
        except OSError as error:
            reason = error.strerror or "it cannot be read"
        aside = self._set_aside()
        kept = f" It was kept as {aside.name}." if aside else ""
        return Workspaces(), f"The saved layouts could not be used: {reason}. The built-in layout is shown.{kept}"

    def save(self, workspaces: Workspaces) -> None:
        """Write the file so that a crash leaves the old one or the new one."""
        files.write(self.path, json.dumps(workspaces.to_json(), indent=1))

    def _set_aside(self) -> Path | None:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.unusable-{number}")).exists():
            number += 1
        try:
            return self.path.rename(aside)
        except OSError:
            return None


@dataclass
class LayoutHistory:
    """The last layouts of the open workspace, newest last, for undo."""

    _past: deque[bytes] = field(default_factory=lambda: deque(maxlen=UNDO_STEPS))

    def __len__(self) -> int:
        return len(self._past)

    def push(self, blob: bytes) -> None:
        """Remember how it looked before a change."""
        self._past.append(blob)

    def pop(self) -> bytes | None:
        """How it looked before the last change; ``None`` when there is nothing to undo."""
        return self._past.pop() if self._past else None

    def clear(self) -> None:
        """Forget all, for another workspace was opened."""
        self._past.clear()
