"""Whatever a file of the profile or of the data folder holds, it is as if it were not there; nothing stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core import local_server
from app.core.draft_store import DraftStore
from app.core.figure_set import FigureSet
from app.core.json_text import parse_json
from app.core.settings import Settings, SettingsFile
from app.core.tasks import Tasks
from app.risk.filters import SavedFilters
from app.risk.notes import NoteDrafts

DEEP = "[" * 200_000 + "]" * 200_000
ODD = [DEEP, '{"a": ' * 50_000 + "1" + "}" * 50_000, '{"a": NaN}', "9" * 10_000, "null", "3", '"text"', "{"]


@pytest.mark.parametrize("text", [DEEP, '{"a": NaN}', "[-Infinity]", "", "{"])
def test_what_is_no_json_is_said_in_one_way(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the words
        parse_json(text)


def _settings(folder: Path) -> None:
    assert SettingsFile(folder).load() == Settings()


def _filters(folder: Path) -> None:
    assert SavedFilters(folder).by_name == {}


def _notes(folder: Path) -> None:
    assert NoteDrafts(folder).get("e1") == ""


def _draft(folder: Path) -> None:
    assert not DraftStore(folder / "draft.json", Tasks()).read()


def _progress(folder: Path) -> None:
    assert local_server._progress(folder, 0.0) is None


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("settings.json", _settings),
        ("triage-filters.json", _filters),
        ("triage-notes.json", _notes),
        ("draft.json", _draft),
        ("progress.json", _progress),
    ],
)
def test_an_odd_file_is_as_none(tmp_path: Path, name: str, read: Callable[[Path], None], text: str) -> None:
    (tmp_path / name).write_text(text)
    read(tmp_path)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_an_odd_picture_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the words
        FigureSet.from_json(text)
