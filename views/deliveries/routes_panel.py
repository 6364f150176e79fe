"""Who hears of what, what is not heard by anybody, and how a message would look."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import OperationsError
from app.deliveries.domain import MANAGE, VIEW, Deliveries
from models.core.wording import counted
from models.deliveries.routing import PreviewRequest
from views.deliveries.chosen import ChosenConnection
from views.deliveries.route_grid import RouteGrid, columns_of
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import SHAPES, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.remarks import Remarks

if TYPE_CHECKING:
    import asyncio

    from models.deliveries.routing import RouteMap, Template
    from views.kit.capability import Window

GAPS_SHOWN = 2
LEGEND = (("", "● at once"), ("", "○ daily 08:00 UTC"), ("", "· not sent"))


class _Area(QScrollArea):
    """Gives the grid what room there is."""

    def __init__(self, grid: RouteGrid) -> None:
        super().__init__()
        self._grid = grid
        self.setWidget(grid)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        grid.setAutoFillBackground(False)
        grid.moved.connect(self.ensureVisible)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grid.fit(self.maximumViewportSize())


class _Below(QScrollArea):
    """What is said below the grid: it scrolls before a team goes out of sight."""

    def __init__(self, said: QLabel) -> None:
        super().__init__()
        self._said = said
        self.setWidget(said)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.viewport().setAutoFillBackground(False)
        said.setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        said = self._said
        return QSize(said.sizeHint().width(), said.heightForWidth(self.width()) if said.isVisibleTo(self) else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()


class RoutesPanel(QueryPanel):
    """The grid, and behind a second pill a message as it would look."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.chosen = window, window.shared(ChosenConnection)
        self._domain = console.of(Deliveries)
        self._routes, self._templates = self._domain.routes(), self._domain.templates()
        self._previewing: asyncio.Task[None] | None = None
        self._make()
        self._lay_out()
        self.use(self._domain.connections(), self._routes, self._templates)

    # --- parts -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.map_pill = Pill("Map", Look.SELECTED, name="Show who hears of what")
        self.try_pill = Pill("Try a message", Look.OUTLINE, name="Try a message")
        self.map_pill.clicked.connect(lambda: self.show_page(0))
        self.try_pill.clicked.connect(lambda: self.show_page(1))
        self.edit = Pill("Edit…", Look.BUTTON, name="Edit who hears of what", button=True)
        self.edit.clicked.connect(lambda: self.console.actions.execute("deliveries.edit-routes"))
        self.edit_text = Pill("Edit text…", Look.BUTTON, name="Edit what messages say", button=True)
        self.edit_text.clicked.connect(lambda: self.console.actions.execute("deliveries.edit-text"))
        self.legend = Remarks("What the marks mean")
        self.grid = RouteGrid()
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.RichText)
        self.said.setWordWrap(True)
        self.said.setContentsMargins(12, 4, 12, 6)
        self.said.setAccessibleName("Gaps")
        self.template, self.by = QComboBox(), QComboBox()
        for box, name in ((self.template, "Message"), (self.by, "Sent by")):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(14)
            box.activated.connect(lambda _index: self._preview())
        self.subject = QLabel()
        self.subject.setWordWrap(True)
        self.subject.setAccessibleName("Subject")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Message as it would look")

    def _lay_out(self) -> None:
        self.area = _Area(self.grid)
        mapped = QWidget()
        column = QVBoxLayout(mapped)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.area, 1)
        self.below = _Below(self.said)
        column.addWidget(self.below)
        tried = QWidget()
        column = QVBoxLayout(tried)
        column.setContentsMargins(12, 0, 12, 8)
        column.setSpacing(6)
        column.addWidget(Flow(self.template, self.by, margins=False, gap=WIDE_GAP))
        column.addWidget(self.subject)
        column.addWidget(self.text, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(mapped)
        self.pages.addWidget(tried)
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        top = (self.map_pill, self.try_pill, self.legend, self.edit, self.edit_text)
        outer.addWidget(Flow(*top, wide=(self.legend,), gap=WIDE_GAP))
        outer.addWidget(self.pages, 1)
        self.widget.setFocusProxy(self.grid)

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """Which map it is, and how many gaps it has."""
        note, known = super().own_note(), self.routes
        if known is None:
            return note
        gaps = counted(len(known.gaps), "gap", "gaps") if known.gaps else "no gaps"
        return Note(f"version {known.version}, {gaps} · {note.text}", note.kind)

    @property
    def routes(self) -> RouteMap | None:
        """The map as it was last heard."""
        return self._routes.sample.value if self._routes.sample is not None else None

    def show_page(self, page: int) -> None:
        """0 is the map, 1 a message that is tried."""
        self.pages.setCurrentIndex(page)
        self._renew()
        if page == 1:
            self._preview()

    def refresh(self) -> None:
        """Show the newest answers."""
        page = self.pages.currentIndex()
        for number, pill in enumerate((self.map_pill, self.try_pill)):
            pill.set(pill.text(), Look.SELECTED if number == page else Look.OUTLINE)
            pill.setAccessibleDescription("shown" if number == page else "")
        known, theme = self.routes, current()
        self.grid.show_routes(columns_of(self.chosen.connections, known), known)
        self.area.setMinimumHeight(self.grid.least_height if self.grid.columns else 0)
        self.grid.fit(self.area.maximumViewportSize())
        theme.set_font(self.said, 9)
        if known is None:
            words = [f"Not loaded: {self._routes.error}" if self._routes.error else unheard_words(self.console)]
        else:
            hue = theme.tokens.p3
            shape = f'<span style="color: {hue}">{SHAPES["P3"]}</span>'
            words = [f"{shape} <b>{escape(gap.words)}</b>" for gap in known.gaps[:GAPS_SHOWN]]
            more = [gap.words for gap in known.gaps[GAPS_SHOWN:]]
            words += [f"{shape} and {counted(len(more), 'more gap', 'more gaps')}"] if more else []
            self.said.setToolTip("\n".join(more))
            self.said.setAccessibleDescription(". ".join(gap.words for gap in known.gaps))
            if not self.grid.columns:
                words.append("Nothing is set up that people can be told by: add Slack, PagerDuty, Discord or mail.")
        self.said.setText("<br>".join(words))
        self.said.setVisible(bool(words))
        self.below.updateGeometry()
        self.legend.say(*(LEGEND if page == 0 else ()))
        self.edit.setVisible(page == 0)
        self.edit_text.setVisible(page == 1)
        explain(self.edit, self.edit_blocker())
        explain(self.edit_text, self.console.write_blocker(MANAGE, irreversible=True))
        self._fill_boxes()

    def edit_blocker(self) -> str | None:
        """Why the map cannot be edited now, in words."""
        if self.routes is None:
            return "who hears of what is not known yet"
        return self.console.write_blocker(MANAGE, irreversible=True)

    def edit_routes(self) -> None:
        """Open the map for editing."""
        from views.deliveries.routes_dialog import RoutesDialog

        if (known := self.routes) is not None:
            RoutesDialog(self.console, known, self.chosen.connections, self._window.as_parent).open()

    # --- a message that is tried -------------------------------------------------------------------------------

    def _fill_boxes(self) -> None:
        templates: tuple[Template, ...] = self._templates.sample.value if self._templates.sample is not None else ()
        names = sorted({template.name for template in templates})
        _fill(self.template, [(name.replace(".", " ").replace("_", " "), name) for name in names])
        ways = columns_of(self.chosen.connections, self.routes, offered=True)
        _fill(self.by, [(each.name, each.id) for each in ways])

    def _preview(self) -> None:
        wanted = self.template.currentData(), self.by.currentData()
        if None in wanted:
            self.subject.setText("")
            self.text.setPlainText("There is no template, or nothing that people can be told by.")
            return
        if self._previewing is not None:
            self._previewing.cancel()
        self._previewing = self.console.tasks.start(self._ask(*wanted), name="preview a message")

    async def _ask(self, template: str, connection_id: str) -> None:
        try:
            found = await self._domain.preview(PreviewRequest(template=template, connection_id=connection_id))
        except OperationsError as error:
            self.subject.setText("")
            self.text.setPlainText(f"Not shown: {error}")
            return
        current().set_font(self.subject, 10, 600)
        self.subject.setText(found.subject)
        self.text.setPlainText(found.text)


def _fill(box: QComboBox, items: list[tuple[str, str]]) -> None:
    """Offer these; what is chosen stays chosen."""
    if items == [(box.itemText(n), box.itemData(n)) for n in range(box.count())]:
        return
    before = box.currentData()
    box.clear()
    for words, value in items:
        box.addItem(words, value)
    box.setCurrentIndex(max(0, box.findData(before)) if items else -1)
