"""Fields of the dialogs: people by name, time zones, local dates and times."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import QComboBox, QCompleter, QLabel, QLineEdit, QPlainTextEdit

from app.oncall.definition_text import TypedWrong, people_of
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class _NameCompleter(QCompleter):
    """Completes the name behind the last comma."""

    def __init__(self, names: Sequence[str], field: QLineEdit) -> None:
        super().__init__(QStringListModel(list(names), field), field)
        self._field = field
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)

    def splitPath(self, path: str) -> list[str]:
        return [path.rpartition(",")[2].strip()]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        before = self._field.text().rpartition(",")[0]
        name = str(index.data())
        return f"{before}, {name}" if before else name


class PeopleField(QLineEdit):
    """People with commas between them, by name or id."""

    def __init__(self, names: Mapping[str, str], name: str, people: Iterable[str] = ()) -> None:
        super().__init__(", ".join(names.get(person, person) for person in people))
        self._names = tuple(names.items())
        self.setAccessibleName(name)
        self.setPlaceholderText("Names, with commas between them")
        self.setCompleter(_NameCompleter(sorted(set(names.values())), self))

    @property
    def people(self) -> tuple[str, ...]:
        """Their ids. Raises TypedWrong."""
        return people_of(self.text(), self._names)

    @property
    def person(self) -> str:
        """The one; empty for none. Raises TypedWrong."""
        people = self.people
        if len(people) > 1:
            raise TypedWrong("Name one person here.")
        return people[0] if people else ""


@cache
def _all_zones() -> list[str]:
    return sorted(each for each in available_timezones() if "/" in each or each == "UTC")


class ZoneField(QComboBox):
    """A zone of the tz database; typing looks anywhere in its name."""

    def __init__(self, zone: str, name: str, first: Iterable[str] = ()) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        near = list(dict.fromkeys(("UTC", *sorted(first))))
        self.addItems([*near, *(each for each in _all_zones() if each not in near)])
        self.setCurrentText(zone)
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(20)
        completer = QCompleter(self.model(), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)

    @property
    def zone(self) -> str:
        """What was chosen or typed."""
        return self.currentText().strip().replace(" ", "_")


def moment_of(text: str) -> datetime | None:
    """A local date and time that was typed; ``None`` for nothing. Raises TypedWrong."""
    words = text.strip()
    if not words:
        return None
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise TypedWrong(f"“{words}” is no date and time; one reads 2026-03-06 08:00.") from None
    if found.tzinfo is not None:
        raise TypedWrong("A local time has no offset: the zone of the layer says where it is.")
    return found.replace(second=0, microsecond=0)


def moment_text(at: datetime | None) -> str:
    """``2026-03-06 08:00``; empty for none."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def area(name: str, text: str, hint: str, lines: int) -> QPlainTextEdit:
    """A field of some lines; Tab leaves it."""
    field = QPlainTextEdit(text)
    field.setAccessibleName(name)
    field.setPlaceholderText(hint)
    field.setTabChangesFocus(True)
    field.setFixedHeight(round(current().height(10)) * lines + current().px(14))
    return field


def paragraph(text: str) -> QLabel:
    """Words that wrap."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label
