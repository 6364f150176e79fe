"""One console on screen: window, pages, dialogs, palette and wall display, and what they ask of the engine."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QObject, Signal
from PySide6.QtWidgets import QApplication

from views.kit.browser import browse
from views.kit.theme import Theme
from views.shell.window.layouts import NAME_LENGTH, LayoutError, LayoutStore
from views.shell.window.main_window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from app.console import Console
    from app.core.outbox import PendingMutation
    from views.shell.pages.sign_in import SignInPage
    from views.shell.pages.starting import StartingPage
    from views.shell.wall import WallView

FIRST_PAINT = 1.0
"""Seconds to wait for the first picture."""
ASKING = "ask how to sign in"
RETRY = 3.0
"""Seconds between attempts to learn how to sign in, while the server is away."""
SLOW_START = 4.0
"""Seconds after which a server that has not answered is said not to, over what was kept."""
START_FIRST_PAUSE, START_LONGEST_PAUSE = 2.0, 60.0
"""Seconds between attempts to start."""

log = logging.getLogger(__name__)


class ConsoleApplication(QObject):
    """Owns the window and every task that an operator's choice starts."""

    closed = Signal()
    entered = Signal(object)
    """Where the operator wants to connect: an address, or ``None`` for the sample shop."""

    def __init__(self, application: QApplication, console: Console) -> None:
        super().__init__()
        self.console = console
        self.theme = Theme(application)
        self.theme.apply(console.settings.theme, console.settings.font_scale)
        self.window = MainWindow(console, LayoutStore(console.profile / "layouts.json"))
        self._starting: StartingPage | None = None
        console.progress.connect(self._progress)
        console.ready.connect(self._ready)
        console.session.changed.connect(self._greet)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._walls: list[WallView] = []
        self._pages: dict[str, Callable[[], Any]] = {
            "palette": self._palette,
            "keys": self._keys,
            "about": self._about,
            "settings": self._settings,
            "past": self._past,
            "wall-pages": self._wall_pages,
            "save-workspace": self._save_workspace,
            "rename-workspace": self._rename_workspace,
            "sign-in": self._sign_in,
            "sign-out": lambda: self._spawn(self.console.sign_out(browse), "sign out"),
        }
        self.window.page_asked.connect(lambda name: self._pages[name]())
        self.window.wall_asked.connect(self.open_wall)
        self.was_closed = False
        self.window.closed.connect(self._note_close)
        self._progress_messages: set[str] = set()
        """What was said in the message bar of a server that starts."""
        self._retry = asyncio.Event()
        """The operator does not want to wait for the next attempt to start."""
        self.window.banner.pressed.connect(self._try_again)

    def show(self, width: int = 0, height: int = 0) -> None:
        """Show the window; with a size as given, else as large as the screen."""
        if width:
            self.window.resize(width, height)
            self.window.show()
        else:
            self.window.showMaximized()

    def paint_first(self, application: QApplication) -> None:
        """Bring the first picture onto the screen; after ``show``, before the event loop runs."""
        until = monotonic() + FIRST_PAINT  # a window that opens minimised or covered is painted by nobody
        while self.window.first is not None and not self.window.first.painted and monotonic() < until:
            application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    async def furnish(self) -> None:
        """Build the docks in place of the first picture; after ``show``."""
        self.window.furnish()
        self.console.mutations.conflicted.connect(self._conflict)
        self.theme.changed.connect(self.window.docks.style)
        await asyncio.sleep(0)  # the docking system loses sizes that are restored before a turn of the loop
        self.window.restore()

    def apply_theme(self, name: str) -> None:
        """Change the theme for all windows."""
        self.theme.apply(name, self.console.settings.font_scale)

    def open_wall(self) -> WallView:
        """Open the wall display over every screen that pages were chosen for, else over that of the window.

        Esc leaves all of them. When they are open, they are brought to the front.
        """
        from views.shell.wall import WallView
        from views.shell.wall.screens import wall_plans

        if not self._walls:
            screens = {screen.name(): screen for screen in QApplication.screens()}
            for name, pages in wall_plans(self.console.settings.wall_pages, screens):
                wall = WallView(self.console, pages)
                wall.setScreen(screens[name] if name else self.window.screen())
                wall.move(wall.screen().geometry().topLeft())
                wall.left.connect(self._leave_walls)
                wall.destroyed.connect(lambda _=None, gone=wall: self._forget_wall(gone))
                self._walls.append(wall)
        for wall in self._walls:
            wall.showFullScreen()
        return self._walls[0]

    def _leave_walls(self) -> None:
        for wall in tuple(self._walls):
            wall.close()

    def _forget_wall(self, wall: WallView) -> None:
        if wall in self._walls:
            self._walls.remove(wall)

    def _note_close(self) -> None:
        self.was_closed = True
        self.closed.emit()

    def close(self) -> None:
        """End the tasks and close what is open."""
        for task in self._tasks:
            task.cancel()
        self._leave_walls()
        self.window.close()

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.console.messages.post(f"Could not {task.get_name()}: {error}", "error")

    # ---- while the server on this computer starts ------------------------------------------------------------------

    def _conflict(self, mutation: PendingMutation) -> None:
        from views.kit.dialogs.conflict import ConflictDialog

        spec = self.console.mutations.spec(mutation.kind)
        if spec is None or not spec.in_place:
            # Nobody asked for it by key: it belongs over the dialog that waits, where there is one.
            ConflictDialog(self.console, mutation, QApplication.activeModalWidget() or self.window).open()

    def _progress(self, message: str, fraction: float) -> None:
        """Show progress in the whole window when there is nothing else to show yet, else as a message."""
        from views.shell.pages.starting import StartingPage

        if self.console.figures is not None:
            self._progress_messages.add(message)
            self.console.messages.post_once(f"start {message}", f"{message}…", "info")
            return
        if self._starting is None:
            self._starting = StartingPage("Starting the sample shop" if self.console.target.sample_shop else "Starting")
            self._starting.retry_chosen.connect(self._try_again)
            self.window.show_page(self._starting)
        self._starting.progress(message, fraction)

    def _ready(self) -> None:
        if self._starting is not None:
            self._starting = None
            self.window.show_page(None)
        if self.console.link.state == "signed_out":
            self._sign_in()
        self._greet()

    def _greet(self) -> None:
        """Say who is connected to what: once, and again when something else was said of the connection meanwhile."""
        me, messages = self.console.session.me, self.console.messages
        if me is None or not self.console.session.confirmed:
            return
        if self._progress_messages:
            for message in self._progress_messages:
                messages.forget(f"start {message}")
            self._progress_messages.clear()
            messages.forget(f"hello {me.user_id}")
        messages.post_once(f"hello {me.user_id}", f"Connected to {me.environment} as {me.name}.", "info")

    def start(self) -> None:
        """Connect, in a task of its own; without a place to connect to, ask for one."""
        if not self.console.target.url and self.console.target.data_dir is None:
            self.welcome()
        else:
            self._spawn(self._start(), "start the console")
            self._spawn(self._say_slow(), "say that the start is slow")

    async def _say_slow(self) -> None:
        """While nothing is heard, say so across the last picture: whoever looks at it would take it for the present."""
        await asyncio.sleep(SLOW_START)
        if self.console.figures is not None and self.console.link.state == "connecting":
            self.console.link.mark_down("The server does not answer yet; it is still being tried.")

    async def _start(self) -> None:
        from app.core.backoff import pause
        from app.core.errors import OperationsError
        from app.core.tasks import wait_for

        failures = 0
        while True:
            try:
                await self.console.start()
            except OperationsError as error:
                self._say_failed(str(error))
            except Exception as error:  # whatever it is, an operator who reads why is better off than one who waits
                log.exception("the console does not start")
                self._say_failed(f"The console could not be started: {error or type(error).__name__}.")
            else:
                return
            failures += 1
            self._retry.clear()
            await wait_for(self._retry, pause(failures, START_FIRST_PAUSE, START_LONGEST_PAUSE))

    def _say_failed(self, words: str) -> None:
        from views.shell.pages.starting import StartingPage

        self.console.link.mark_down(words)
        if self._starting is None and self.console.figures is not None:
            # What was kept tells more than a page that hides it.
            self.console.messages.post_once(f"start {words}", words, "error")
            return
        if self._starting is None:
            here = self.console.target.data_dir is not None
            what = "server on this computer" if here else "console"
            self._starting = StartingPage(f"The {what} could not be started")
            self._starting.retry_chosen.connect(self._try_again)
            self.window.show_page(self._starting)
        self._starting.failed(words)

    def _try_again(self) -> None:
        self._retry.set()

    # ---- pages and dialogs ----------------------------------------------------------------------------------------

    def _palette(self) -> None:
        from views.shell.palette.palette import Palette
        from views.shell.palette.sources import find

        Palette(self.window, lambda text: find(self.window, text))

    def _keys(self) -> None:
        from views.shell.dialogs.keys import KeysDialog

        KeysDialog(self.console.actions.all(), self.window, self.window.groups_here()).open()

    def _about(self) -> None:
        from views.shell.dialogs.about import AboutDialog

        AboutDialog(self.console.data_dir, self.console.target.url, self.window).open()

    def _settings(self) -> None:
        from views.shell.dialogs.settings import SettingsDialog

        settings = self.console.settings
        dialog = SettingsDialog(
            settings.theme, settings.font_scale, settings.local_time, self._server_words, self.window
        )
        dialog.theme_chosen.connect(lambda name: self._choose(theme=name))
        dialog.scale_chosen.connect(lambda scale: self._choose(font_scale=scale))
        dialog.local_time_chosen.connect(lambda on: self._choose(local_time=on))
        dialog.forget_chosen.connect(self._forget)
        dialog.open()

    @property
    def _server_words(self) -> str:
        """Where the console works, whether it was chosen in it or given when it was started; empty: nowhere yet."""
        target = self.console.target
        if target.url or target.data_dir is None:
            return target.url or self.console.settings.server_url
        return "The sample shop on this computer" if target.sample_shop else f"This computer, {target.data_dir}"

    def _choose(self, **choices: Any) -> None:
        self.console.change_settings(**choices)
        self.theme.apply(self.console.settings.theme, self.console.settings.font_scale)

    def _forget(self) -> None:
        self._spawn(self.console.sign_out(browse), "sign out")
        self._choose(server_url="", sample_shop=False)
        self.window.say("The server was forgotten. The next start asks where to connect.")

    def _wall_pages(self) -> None:
        from views.shell.dialogs.wall import WallDialog

        screens = {s.name(): f"{s.size().width()} × {s.size().height()}" for s in QApplication.screens()}
        dialog = WallDialog(self.console.settings.wall_pages, screens, self.window)
        dialog.chosen.connect(lambda pages: self.console.change_settings(wall_pages=pages))
        dialog.open()

    def _past(self) -> None:
        from views.shell.dialogs.past import PastDialog

        dialog = PastDialog(self.console.clock.now(), self.window, at=self.console.time.as_of)
        dialog.chosen.connect(self.console.time.set_past)
        dialog.open()

    def _save_workspace(self) -> None:
        self._ask_name("Save layout as a workspace", "", self.window.save_workspace_as)

    def _rename_workspace(self) -> None:
        self._ask_name("Rename this workspace", self.window.workspaces.current.name, self.window.rename_workspace)

    def _ask_name(self, title: str, name: str, use: Callable[[str], None]) -> None:
        from views.kit.dialogs.name import NameDialog

        def attempt(chosen: str) -> str | None:
            try:
                use(chosen)
            except LayoutError as error:
                return str(error)
            return None

        NameDialog(title, "Name of the workspace", name, attempt, self.window, longest=NAME_LENGTH).open()

    def _sign_in(self) -> None:
        if not any(task.get_name() == ASKING for task in self._tasks):  # it may go on for as long as the server is away
            self._spawn(self._ask_how(), ASKING)

    async def _ask_how(self) -> None:
        from app.core.errors import OperationsError, Unreachable
        from views.shell.pages.sign_in import SignInPage, waiting_words

        link, problem = self.console.link, ""
        built_in, browser, sample, environment = True, False, None, self.console.environment
        while True:
            try:
                options = await self.console.session.options()
                built_in, browser, environment = options.built_in, options.oidc is not None, options.environment
                sample = options.sample
                self.console.environment = environment
            except Unreachable as error:
                if self.console.figures is not None:
                    # The last picture tells more than a form that nobody would answer.
                    link.mark_connecting()
                    link.mark_down(str(error))
                    await asyncio.sleep(RETRY)
                    continue
                problem = str(error)
            except OperationsError as error:
                problem = str(error)
            break
        link.mark_signed_out(link.detail)
        page = SignInPage(
            environment,
            self.console.target.url,
            built_in=built_in,
            browser=browser,
            sample=sample,
            account=self.console.settings.accounts.get(self.console.target.name, ""),
            waiting=waiting_words(self.console.mutations.pending),
        )
        page.fail(problem)
        page.submitted.connect(lambda pair: self._spawn(self._enter(page, self.console.sign_in(*pair)), "sign in"))
        page.browser_chosen.connect(
            lambda: self._spawn(self._enter(page, self.console.sign_in_with_browser(browse)), "sign in")
        )
        page.other_server_chosen.connect(self.welcome)
        self.window.show_page(page)

    async def _enter(self, page: SignInPage, attempt: Coroutine[Any, Any, Any]) -> None:
        from app.core.errors import OperationsError

        page.busy(True)
        try:
            await attempt
        except OperationsError as error:
            page.refused(str(error))
            return
        self.window.show_page(None)

    def welcome(self) -> None:
        """Ask where to connect; ``entered`` follows with a server address, or None for the sample shop."""
        from views.shell.pages.welcome import WelcomePage

        page = WelcomePage(self.console.settings.server_url)
        page.connect_chosen.connect(self.entered)
        page.sample_chosen.connect(lambda: self.entered.emit(None))
        self.window.show_page(page)
