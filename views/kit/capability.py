"""What a capability brings to the window, as one value: workspaces, panels, actions, and what the shell asks of it.

No Qt and nothing heavy: every manifest is imported before the first paint, and makes things only when asked to.
Named tuples, because a frozen dataclass takes eight times as long to define.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QWidget

    from app.console import Console
    from app.core.freshness import Quality
    from models.core.permissions import Permission
    from views.kit.gallery_section import GallerySection
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

S = TypeVar("S")


class Window(Protocol):
    """The window, as capabilities see it. Panels are made when they are first seen, or first asked for here."""

    console: Console
    as_parent: QWidget
    """For dialogs."""

    def panel(self, panel_id: str) -> Any:
        """The panel, made now if nobody has seen it yet. Raises KeyError."""

    def made(self, panel_id: str) -> Any | None:
        """The panel, if it has been made."""

    def when_made(self, panel_id: str, then: Callable[[Any], object]) -> None:
        """Hand the panel over as soon as it is made: now, if it is there."""

    def open_panel(self, panel_id: str) -> None:
        """Bring its dock to the front, in the open workspace or else in the one where it is at home."""

    def close_panel(self, panel_id: str) -> None:
        """Close its dock, and give the keyboard back to whatever had it when it was opened."""

    def shared(self, make: Callable[[Window], S]) -> S:
        """What several panels of one window have in common: made once, at its first use."""


def _no_blocker(_window: Window) -> str | None:
    return None


HEAD = -1
"""The column of what stands above all columns, over the whole width."""


class Home(NamedTuple):
    """A place in a workspace. Docks of one row of a column are tabs, the lowest ``tab`` in front."""

    workspace: str
    column: int
    row: int
    height: int
    tab: int = 0


class PanelSpec(NamedTuple):
    """A panel: its dock is there from the start, itself only once it is seen."""

    id: str
    """Stable, whatever becomes of its module: layouts in operators' files are kept under it."""
    title: str
    make: Callable[[Window], Panel]
    homes: tuple[Home, ...] = ()
    painted_first: bool = False
    """It is on the screen, from the last picture, before the docks are. One panel of all."""
    over: str = ""
    """The panel that it opens over, where it is closed until it is asked for."""


class ActionSpec(NamedTuple):
    """Something an operator can do. Known to palette, menus and keys before its panel is made."""

    id: str
    title: str
    group: str
    run: Callable[[Window], object]
    shortcut: str = ""
    permission: Permission | None = None
    blocker: Callable[[Window], str | None] = _no_blocker
    """Why it cannot be done now, in words; it makes no panel to find out."""
    bound: bool = False
    """Its panel listens for the key itself, because it means something only there."""


class ColumnSpec(NamedTuple):
    """A column of a workspace, with its share of 1920 pixels."""

    width: int
    keeps_width: bool = False
    """The other columns give way to it in a narrow window."""
    above_last: bool = False
    """What stands lowest in the column to its left goes on below it."""


class WorkspaceSpec(NamedTuple):
    """A workspace every console has. An id that comes from now on has a dot, which no operator's own can have."""

    id: str
    name: str
    icon: str
    columns: tuple[ColumnSpec, ...]


class StatusCount(NamedTuple):
    """A count in the strip, in words; pressing it opens ``panel``."""

    id: str
    text: str
    """Empty takes it away."""
    name: str
    """For those who hear it."""
    panel: str
    look: Literal["quiet", "outline", "filled"] = "quiet"
    hue: str = ""
    """The status colour of ``filled``."""


class WallPart(Protocol):
    """Something on the wall display."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to draw."""

    def draw(self, painter: QPainter, box: QRectF, unit: float) -> None:
        """Draw it; ``unit`` is the pixel size of the smallest type."""

    def close(self) -> None:
        """Stop asking the server."""


class WallPage(WallPart, Protocol):
    """What fills the wall display below its head."""

    @property
    def title(self) -> str:
        """What it is about, before the name of the environment; may be empty."""

    @property
    def age(self) -> float | None:
        """Seconds since what it shows was heard; ``None``: nothing was."""

    @property
    def quality(self) -> Quality:
        """How much it can be trusted."""


class WallPageSpec(NamedTuple):
    """A page of the wall display. Which are shown, in which order and on which screen, is chosen in the console."""

    id: str
    """Stable: choices in operators' files are kept under it."""
    name: str
    make: Callable[[Console], WallPage]


class Capability(NamedTuple):
    """One capability in the window. ``name`` is that of its folder in every layer."""

    name: str
    workspaces: tuple[WorkspaceSpec, ...] = ()
    panels: tuple[PanelSpec, ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    connect: Callable[[Window], None] | None = None
    """What its panels ask of each other, and what it listens to as long as the window lives. Called once."""
    badge_of: str = ""
    """The workspace whose badge says how much waits here: the badges of the app's capability of the same name."""
    status: Callable[[Console], Sequence[StatusCount]] | None = None
    pending_panel: str = ""
    """The panel that lists what the server has not answered yet."""
    palette: Callable[[Window, str], tuple[str, Sequence[PaletteEntry]]] | None = None
    """Heading and rows for what fits a text."""
    wall_bar: Callable[[Console], WallPart] | None = None
    """One line above the pages of the wall display, while it is wanted."""
    wall_pages: tuple[WallPageSpec, ...] = ()
    gallery: Callable[[], GallerySection] | None = None
