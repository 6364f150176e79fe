"""Two versions of an event, property by property: what went is struck, what came marked, what is not there hatched."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from models.analytics import PersonalClass
from views.analytics.cells import Cell, CellTable, Field
from views.analytics.wording import limit_words, personal_words, type_words
from views.kit.painting import draw_words
from views.kit.theme import FOCUS, current, mixed
from views.kit.widgets.chip import mark
from views.kit.widgets.table import PAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.analytics import EventSchemaDefinition, PropertyDefinition
    from models.analytics.changes import Comparison

NAME, OLD, NEW = 0, 1, 4
SIDES = (OLD, NEW)
_SHOWS = ({"schema", "required"}, {"personal"}, {"purpose"})
"""Fields of a definition that each of the three columns of a side shows."""
SOFT = 0.75


@dataclass(frozen=True, slots=True)
class Row:
    """A property in both versions."""

    name: str
    before: PropertyDefinition | None
    after: PropertyDefinition | None
    changed: frozenset[str]
    """Fields of its definition that differ; empty also for one that came or went."""
    breaking: bool = False

    @property
    def is_same(self) -> bool:
        """Whether nothing of it differs."""
        return self.before is not None and self.after is not None and not self.changed


def rows_of(comparison: Comparison, versions: Sequence[EventSchemaDefinition]) -> list[Row]:
    """What differs, what breaks something first, and then what does not differ."""
    rows = [
        Row(each.name, each.before, each.after, frozenset(each.changed), each.breaking)
        for each in comparison.properties
    ]
    rows.sort(key=lambda row: not row.breaking)
    known = {row.name for row in rows}
    new = next((each for each in versions if each.version == comparison.new), None)
    same = new.properties if new is not None else ()
    return [*rows, *(Row(each.name, each, each, frozenset()) for each in same if each.name not in known)]


def _type(row: Row, definition: PropertyDefinition) -> str:
    """What the value may be, and of the rest only what differs."""
    words = type_words(definition.value_schema)
    others = {type_words(each.value_schema) for each in (row.before, row.after) if each is not None}
    limits = limit_words(definition.value_schema) if "schema" in row.changed and len(others) == 1 else ""
    always = ("always" if definition.required else "may be missing") if "required" in row.changed else ""
    return ", ".join(filter(None, (words, limits, always)))


class CompareTable(CellTable):
    """Squares mark what breaks something."""

    fields = (
        Field("Property", 116, stretch=True),
        Field("Type before", 80),
        Field("Class", 92),
        Field("Purpose", 78, stretch=True),
        Field("Type after", 80),
        Field("Class", 92),
        Field("Purpose", 78, stretch=True),
    )
    gives_way = (OLD + 2, NEW + 2)

    def name_sides(self, old: int, new: int) -> None:
        """Say which versions stand beside each other."""
        titles = {OLD: f"Type in {old}", NEW: f"Type in {new}"}
        self.records.columns = tuple(
            replace(column, title=titles.get(number, column.title))
            for number, column in enumerate(self.records.columns)
        )
        self.records.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.records.columns) - 1)

    def key(self, record: Any) -> Hashable:
        return str(record.name)

    def cell(self, record: Any, number: int) -> Cell:
        row: Row = record
        if number == NAME:
            return Cell(row.name, strong=row.breaking, quiet=row.is_same, mono=True)
        side, part = divmod(number - OLD, 3)
        return Cell(self._words(row, row.before if side == 0 else row.after, part), quiet=row.is_same)

    @staticmethod
    def _words(row: Row, definition: PropertyDefinition | None, part: int) -> str:
        if definition is None:
            return ""
        match part:
            case 0:
                return _type(row, definition)
            case 1:
                return personal_words(definition)
            case _:
                return definition.purpose or ("" if definition.personal is PersonalClass.NONE else "not said")

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:  # noqa: ARG002
        row: Row = record
        theme, tokens = current(), current().tokens
        if number == NAME:
            left = theme.px(14)
            if row.breaking:
                middle = QPointF(box.left() + theme.px(4), box.center().y())
                mark(painter, "P3", middle, theme.px(9), tokens.p3, filled=False)
            place = box.adjusted(left, 0, 0, 0)
            words_ink = tokens.text3 if row.is_same else tokens.text
            draw_words(painter, row.name, place, (9.5, 600 if row.breaking else 400), words_ink, mono=True)
            return True
        side, part = divmod(number - OLD, 3)
        definition, other = (row.before, row.after) if side == 0 else (row.after, row.before)
        whole = box.adjusted(-PAD, 0, PAD, 0)
        if definition is None:
            painter.fillRect(whole, theme.hatch(tokens.window))
            return True
        differs = other is None or bool(row.changed & _SHOWS[part])
        if other is None or row.changed:
            ground = QColor(tokens.hover) if side == 0 else mixed(tokens.selection, tokens.window, SOFT)
            painter.fillRect(whole, ground)
            if part == 0:
                edge = tokens.control_border if side == 0 else tokens.accent
                painter.fillRect(QRectF(whole.left(), whole.top(), FOCUS, whole.height()), QColor(edge))
        words = self._words(row, definition, part)
        tint = tokens.text3 if row.is_same else tokens.text
        wide = draw_words(painter, words, box, (10, 600 if differs and side else 400), tint)
        if differs and side == 0 and words:
            painter.setPen(QPen(QColor(tokens.text), 1))
            middle_y = round(box.center().y()) + 0.5
            painter.drawLine(QPointF(box.left(), middle_y), QPointF(box.left() + wide, middle_y))
        return True
