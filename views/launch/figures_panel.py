"""The figures a GO is bound to: value, limit, age and trend, a tile each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.core.freshness import age_words
from models.launch.criteria import EvidenceVerdict
from views.kit.painting import draw_words
from views.kit.theme import RADIUS, TITLE, current
from views.kit.widgets.chip import mark
from views.kit.widgets.discard import discard
from views.kit.widgets.sparkline import draw_sparkline
from views.launch.launch_panel import LaunchPanel
from views.launch.wording import evidence_age, is_late, limit_words, value_words, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from app.core.query import Query
    from models.launch.criteria import Evidence
    from views.kit.capability import Window

TILE_WIDE, TILE_HIGH, GAP = 166, 104, 8
LATE = "late"


class TileFace(NamedTuple):
    """What a tile says."""

    label: str
    value: str
    unit: str
    limit: str
    age: str
    state: str
    """Empty while it is inside and in time; ``late`` still counts, everything else does not."""
    detail: str
    trend: tuple[float | None, ...]
    limits: tuple[float | None, float | None]


def tile_face(evidence: Evidence, now: datetime, trend: Sequence[float | None], *, watched: bool) -> TileFace:
    """A bound figure at an instant; without anybody watching, nothing is known of it."""
    value, unit = value_words(evidence)
    said = verdict_of(evidence, now)
    state = "" if said is EvidenceVerdict.INSIDE else str(said)
    if not state and not watched:
        state = "not watched"
    if not state and is_late(evidence, now):
        state = LATE
    return TileFace(
        evidence.label,
        value,
        unit,
        limit_words(evidence),
        evidence_age(evidence, now),
        state,
        evidence.detail,
        tuple(trend),
        (evidence.low, evidence.high),
    )


def broken(words: str, room: float) -> tuple[str, str]:
    """Words on two lines of so many pixels; the second is empty where one is enough."""
    theme, first, rest = current(), "", words.split()
    while rest and theme.width(f"{first} {rest[0]}".strip(), 9) <= room:
        first = f"{first} {rest.pop(0)}".strip()
    return (first, " ".join(rest)) if first else (words, "")


class EvidenceTile(QWidget):
    """One bound figure."""

    def __init__(self) -> None:
        super().__init__()
        self._face: TileFace | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def face(self) -> TileFace | None:
        """What it says."""
        return self._face

    def show_face(self, face: TileFace) -> None:
        """Draw this."""
        if face != self._face:
            self._face = face
            self.setAccessibleName(face.label)
            words = (f"{face.value} {face.unit}".strip(), face.limit, face.age, face.state, face.detail)
            self.setAccessibleDescription(", ".join(filter(None, words)))
            self.setToolTip(face.detail)
            self.update()

    def sizeHint(self) -> QSize:
        theme = current()
        needed = 2 * theme.height(9) + theme.height(9) + theme.height(TITLE, 600) + theme.px(24)
        return QSize(theme.px(TILE_WIDE), max(theme.px(TILE_HIGH), round(needed)))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(150), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        face = self._face
        if face is None:
            return
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        unknown = face.state not in {"", LATE, str(EvidenceVerdict.OUTSIDE)}
        outside = face.state == EvidenceVerdict.OUTSIDE
        edge = tokens.p3 if face.state == LATE else tokens.p2 if outside else tokens.tile_line
        style = Qt.PenStyle.DashLine if unknown else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(tokens.control_border if unknown else edge), 2 if outside else 1, style))
        painter.setBrush(theme.hatch(tokens.tile) if unknown else QColor(tokens.tile))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        pad = theme.px(12)
        inner = box.adjusted(pad, theme.px(8), -pad, -theme.px(8))
        small = theme.height(9)
        top = inner.top() + self._head(painter, face, inner) + 1
        tall = theme.height(TITLE, 600) * 0.95
        ink = tokens.text2 if unknown else tokens.text
        value = QRectF(inner.left(), top, inner.width(), tall)
        taken = draw_words(
            painter, face.value, value, (TITLE if face.unit or face.value[:1].isdigit() else 14, 600), ink
        )
        draw_words(painter, face.unit, value.adjusted(taken + theme.px(4), 3, 0, 3), (10, 400), tokens.text2)
        below = top + tall
        half = inner.width() * 0.52
        draw_words(painter, face.limit, QRectF(inner.left(), below, half, small), (9, 400), tokens.text2)
        self._foot(painter, face, QRectF(inner.left(), inner.bottom() - small, inner.width(), small), unknown=unknown)
        known = [each for each in face.trend if each is not None]
        if len(known) > 1:
            low, high = face.limits
            limit = high if high is not None else low
            room = QRectF(inner.left() + half, top + 2, inner.width() - half, max(theme.px(26), tall + small - 4))
            draw_sparkline(painter, room, face.trend, limit=limit)

    @staticmethod
    def _head(painter: QPainter, face: TileFace, inner: QRectF) -> float:
        """The label, on two lines where it needs them, and the mark; how high that is."""
        theme, tokens, small = current(), current().tokens, current().height(9)
        box = QRectF(inner.left(), inner.top(), inner.width(), small)
        room = box.adjusted(0, 0, -theme.px(14), 0)
        first, rest = broken(face.label, room.width())
        draw_words(painter, first, room, (9, 400), tokens.text2)
        if rest:
            draw_words(painter, rest, room.translated(0, small - 1), (9, 400), tokens.text2)
        centre = QPointF(box.right() - theme.px(4), box.center().y())
        if face.state == LATE:
            mark(painter, "P3", centre, theme.px(9), tokens.p3, filled=True)
        elif face.state == EvidenceVerdict.OUTSIDE:
            mark(painter, "P2", centre, theme.px(10), tokens.p2, filled=True)
        elif face.state:
            draw_words(painter, "?", QRectF(box.right() - theme.px(8), box.top(), 10, box.height()), (10, 600))
        return (2 if rest else 1) * small

    @staticmethod
    def _foot(painter: QPainter, face: TileFace, box: QRectF, *, unknown: bool) -> None:
        tokens = current().tokens
        words = face.age if not face.state else f"{face.age}, {face.state}"
        strong = bool(face.state)
        ink = tokens.p3 if face.state == LATE and tokens.dark else tokens.text if strong else tokens.text2
        draw_words(painter, words, box, (9, 600 if strong else 400), tokens.text if unknown else ink)


class FiguresPanel(LaunchPanel):
    """Tiles in the order of the launch; as many beside each other as there is room for."""

    ticks = True

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.tiles: list[EvidenceTile] = []
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setSpacing(GAP)
        self._area = _Area(self._lay)
        self._area.setWidget(self._body)
        self._area.setWidgetResizable(True)
        self._area.setAccessibleName("Bound figures")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addWidget(self._area, 1)
        self._across = 0
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        query = self.desk.status_query
        return () if query is None else (query,)

    def about(self) -> str:
        since = self._since()
        return "" if since is None else f"trend of {age_words(since)}, limit dotted"

    def _since(self) -> float | None:
        status = self.desk.status
        if status is None or not status.evidence:
            return None
        trend = self.desk.launches.trend(status.launch_id, status.evidence[0].key)
        return (status.as_of - trend[0][0]).total_seconds() if len(trend) > 1 else None

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        status = self.desk.status
        count = len(status.evidence) if status is not None else 0
        if count != len(self.tiles):
            for tile in self.tiles:
                self._grid.removeWidget(tile)
                discard(tile)
            self.tiles = [EvidenceTile() for _ in range(count)]
            self._across = 0
            self._lay(self._area.viewport().width())
        self.tick()

    def tick(self) -> None:
        status, now = self.desk.status, self.desk.told_now
        if status is None or len(status.evidence) != len(self.tiles):
            return
        watched = self.desk.is_watched
        for tile, each in zip(self.tiles, status.evidence, strict=True):
            trend = [value for _, value in self.desk.launches.trend(status.launch_id, each.key)]
            tile.show_face(tile_face(each, now, trend, watched=watched))

    def _lay(self, width: int) -> None:
        across = max(1, (width - 2 * 12 + GAP) // (current().px(TILE_WIDE) + GAP))
        if across == self._across:
            return
        self._across = across
        for number, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, number // across, number % across)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < across else 0)
        rows = -(-len(self.tiles) // across)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        self._grid.setRowStretch(rows, 1)


class _Area(QScrollArea):
    """Tells how wide it has become."""

    def __init__(self, tell: Any) -> None:
        super().__init__()
        self._tell = tell

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell(self.viewport().width())
