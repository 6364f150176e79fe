"""Everything a window needs, without a window: one console on one server.

Nothing heavy is imported before ``start``; the first figures come from the snapshot by the standard library alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app.capabilities import CAPABILITIES
from app.core.actions import ActionRegistry
from app.core.clock import Clock, SystemClock
from app.core.connection_target import ConnectionTarget
from app.core.errors import OperationsError, SignedOut, Unreachable
from app.core.freshness import Quality
from app.core.kept_samples import Keep, KeptSamples
from app.core.last_user import LastUser
from app.core.link import Link, LinkState
from app.core.messages import Messages
from app.core.mutation import Mutations
from app.core.mutation_notifier import MutationNotifier
from app.core.outbox import Outbox, outbox_path
from app.core.query import LEAST_SECONDS, POLL_SECONDS, Queries, Query, Sample
from app.core.session import Keyring, Session
from app.core.settings import Settings, SettingsFile
from app.core.signals import Signal, SignalInstance
from app.core.snapshot import Snapshot, snapshot_path
from app.core.step_up import StepUp
from app.core.stream import Stream, StreamState
from app.core.tasks import Tasks
from app.core.timeframe import PAST_PREFIX, TimeFrame
from app.core.write_blocker import write_blocker
from app.dashboard import Dashboard
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.badge_count import BadgeCount
    from app.core.capability import Engine
    from app.core.figure_set import FigureSet
    from app.core.http_client import OperationsClient
    from app.core.local_server import LocalServer
    from models.core.paging import Page
    from models.core.permissions import Permission
    from models.dashboard import OperationsDashboard

D = TypeVar("D")
T = TypeVar("T")

LIST_SECONDS, ME_SECONDS = 10.0, 15.0
RETRY_SECONDS = 2.5
"""Between two attempts to find out who is signed in."""
REJOIN_SECONDS = 1.0

log = logging.getLogger(__name__)


class Console:
    """One console. ``await start()`` once a loop runs, ``await close()`` at the end."""

    progress = Signal(str, float)
    """What the server on this computer is doing while it starts, and how far it is between 0 and 1."""
    ready = Signal()
    """Connected for the first time (or again after a sign-in)."""

    def __init__(
        self,
        profile: Path,
        target: ConnectionTarget | None = None,
        *,
        clock: Clock | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        """Reads settings and the last picture; opens no connection."""
        self.profile = profile
        self.clock = clock or SystemClock()
        self.settings_file = SettingsFile(profile)
        self.settings: Settings = self.settings_file.load()
        self.target = target or ConnectionTarget()
        self.messages = Messages(self.clock)
        self.link = Link(self.clock)
        self.time = TimeFrame(self.settings.range_days)
        self.session = Session(self.target.name, self.clock, self.messages, keyring)
        self.actions = ActionRegistry(self.session.may)
        self.queries = Queries()
        self.tasks = Tasks()
        self.step_up = StepUp()
        self.stream = Stream(lambda: self.client)
        self.mutations = Mutations(
            Outbox(outbox_path(profile, self.target.name), self._snapshot_says),
            client=lambda: self.client,
            user=lambda: self.session.me.user_id if self.session.me else None,
            connected=lambda: self.link.state is LinkState.UP and self._client is not None,
            step_up=self.step_up.ask,
            report_error=self._report_error,
            invalidate=self.queries.invalidate,
            tasks=self.tasks,
        )
        self.environment = ""
        self._gate = asyncio.Event()
        self._client: OperationsClient | None = None
        self._local: LocalServer | None = None
        self._in_role = False
        """Signed in as the account that was asked for when the console was started, by the server on this computer."""
        self._joined = False
        """The server on this computer was joined or started, and somebody signed in to it or asked to."""
        self._reading: asyncio.Task[None] | None = None
        """Of what was kept, begun at the first start."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self.snapshot = Snapshot(snapshot_path(profile, self.target.name), self._snapshot_says)
        self.kept = KeptSamples(
            self.snapshot,
            self.clock,
            self.tasks,
            keyring=self.session.keyring,
            target=self.target.name,
            say=lambda words: self.messages.post_once(words, words, "info"),
        )
        self.last_user = LastUser(self.session, self.link, self.kept, self.clock, self.target.role)
        self._domains: dict[Callable[[Engine], Any], Any] = {}
        self.last_user.left.connect(self._forget_answers)
        self._dashboard = self.of(Dashboard)
        if self.settings_file.problem:
            self.messages.post(self.settings_file.problem, "warning")
        self.link.changed.connect(self._link_changed)
        self.session.changed.connect(self._session_changed)
        self.time.changed.connect(lambda: self.queries.forget_unwatched(PAST_PREFIX))
        self.stream.changed.connect(self._stream_changed)
        self.stream.received.connect(self._invalidate_topic)
        self._notifier = MutationNotifier(self.mutations, self.messages, self.tasks)
        self.mutations.changed.connect(lambda: self.queries.reapply(self.mutations.topics))

    # --- what domains are given ----------------------------------------------------------------------------------

    @property
    def client(self) -> OperationsClient:
        """The client of the connected server. Raises Unreachable before there is one."""
        if self._client is None:
            raise Unreachable("The server is not connected yet.")
        return self._client

    def of(self, kind: Callable[[Engine], D]) -> D:
        """The one domain of a class in this console, made at first use: ``console.of(Alerts).list()``."""
        if kind not in self._domains:
            self._domains[kind] = kind(self)
        found: D = self._domains[kind]
        return found

    def query(
        self,
        key: str,
        fetch: Callable[[], Awaitable[Sample[T]]],
        *,
        topics: frozenset[Topic],
        keep: Callable[[], type[T]] | Keep | None = None,
        once: bool = False,
        poll: float = POLL_SECONDS,
        least: float = LEAST_SECONDS,
    ) -> Query[T]:
        """The query of a key, made when it is new; its errors are reported.

        ``keep`` gives the type of its value: with it the last answer, without personal data, is shown in the next run
        until there is another.
        """

        async def fetch_and_report() -> Sample[T]:
            try:
                return await fetch()
            except OperationsError as error:
                self._report_error(error)
                raise

        def make() -> Query[T]:
            made = Query(
                key,
                fetch_and_report,
                clock=self.clock,
                tasks=self.tasks,
                gate=self._gate,
                poll=poll,
                least=least,
                topics=topics,
                once=once,
                overlaid=self.mutations.overlaid,
            )
            if keep is not None:
                self.kept.add(made, keep)
            return made

        return self.queries.get(key, make)

    def record(
        self,
        key: str,
        topics: frozenset[Topic],
        ask: Callable[[OperationsClient], Awaitable[T]],
        *,
        keep: Callable[[], type[T]] | None = None,
    ) -> Query[T]:
        """A query of one record, for panels; one that does not tell its instant is as old as the answer."""

        async def fetch() -> Sample[T]:
            found = await ask(self.client)
            return self.sample(found, getattr(found, "as_of", None) or self.clock.now())

        return self.query(key, fetch, topics=topics, keep=keep, poll=LIST_SECONDS)

    def listing(
        self,
        key: str,
        topics: frozenset[Topic],
        ask: Callable[[OperationsClient], Awaitable[Page[Any]]],
        *,
        keep: Callable[[], type[tuple[Any, ...]]] | None = None,
    ) -> Query[tuple[Any, ...]]:
        """A query of the first page of a list, for panels."""

        async def fetch() -> Sample[tuple[Any, ...]]:
            page = await ask(self.client)
            return self.sample(tuple(page.items), page.as_of)

        return self.query(key, fetch, topics=topics, keep=keep, poll=LIST_SECONDS)

    def sample(self, value: T, as_of: datetime, *, degraded: bool = False) -> Sample[T]:
        """An answer that was received now."""
        return Sample(value, as_of, self.clock.now(), self.clock.monotonic(), degraded)

    # --- what the window asks ------------------------------------------------------------------------------------

    @property
    def data_dir(self) -> Path | None:
        """Folder of the server on this computer, if that is where we work."""
        return self.target.data_dir

    @property
    def shown_at(self) -> datetime:
        """The instant of what is on the screen: the past one that is looked at, or now."""
        return self.time.as_of or self.clock.now()

    def dashboard(self) -> Query[OperationsDashboard]:
        """The query of the range and instant the time bar shows."""
        return self._dashboard.query()

    @property
    def first(self) -> FigureSet | None:
        """The tiles of an earlier run."""
        return self._dashboard.first

    @property
    def figures(self) -> FigureSet | None:
        """The tiles of the newest answer."""
        return self._dashboard.figures

    @property
    def figures_changed(self) -> SignalInstance:
        """``figures`` is another FigureSet."""
        return self._dashboard.changed

    def badge(self, capability_name: str) -> BadgeCount:
        """How much of a capability waits for the signed-in, asked for from now on until it is closed."""
        from app.core.badge_count import BadgeCount, counts_query

        topics = frozenset[Topic]().union(*(b.topics for c in CAPABILITIES for b in c.badges))
        badges = next(c.badges for c in CAPABILITIES if c.name == capability_name)
        return BadgeCount(self, counts_query(self, topics), badges)

    def quality(self) -> Quality:
        """Of the figures that are shown."""
        return self._dashboard.quality

    def figures_elapsed(self) -> float | None:
        """Seconds since the shown figures were received; ``None`` before there is an answer."""
        return self._dashboard.elapsed

    def write_blocker(self, permission: Permission, *, irreversible: bool = False) -> str | None:
        """Why nothing that needs ``permission`` can be changed now; ``None`` when it can.

        Without the link, what can be taken back is kept until it is there again.
        """
        return write_blocker(self, permission, irreversible=irreversible)

    # --- what operators change ---------------------------------------------------------------------------------

    def change_settings(self, **choices: Any) -> None:
        """Keep the operator's choices; a disk that refuses is told, and the choices hold for this session."""
        self.settings = replace(self.settings, **choices).checked()
        try:
            self.settings_file.save(self.settings)
        except OSError as error:
            self.messages.post(f"The settings hold for this session only: {error.strerror or error}.", "warning")

    # --- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect: join or start the server of this computer, or take up the session with a server.

        Without a target nothing happens. A server that cannot be reached is tried again; a local server that cannot be
        started at all raises LocalServerError. After whatever was raised it may be called again.
        """
        self._loop = asyncio.get_running_loop()
        for capability in CAPABILITIES:
            for spec in capability.mutations(self):
                self.mutations.declare(spec)
        if self._reading is None:
            # Beside the rest: a keyring may take its time, and a server need not wait for it.
            self._reading = self.tasks.start(self._read_kept(), name="read what was kept")
            self.tasks.start(self._watch_over_me(), name="watch over what I may do")
        await self.mutations.start()
        if self.target.data_dir is not None:
            await self._join()
            self.tasks.start(self._rejoin(), name="rejoin")
        elif self.target.url:
            self._use(self.target.url)
            if await self.session.recall():
                await self._after_sign_in()
            else:  # nobody asks the server anything until somebody has signed in
                self.link.mark_signed_out()
                self.ready.emit()
        await asyncio.wait({self._reading})

    async def _read_kept(self) -> None:
        await self.kept.start()
        await self.last_user.read()

    async def sign_in(self, account: str, password: str) -> None:
        """Sign in with a built-in account. Raises OperationsError."""
        await self.session.sign_in(account, password)
        self._in_role = False
        self.change_settings(accounts={**self.settings.accounts, self.target.name: account})
        await self._after_sign_in()

    async def sign_in_with_browser(self, open_browser: Callable[[str], Any]) -> None:
        """Sign in through the system's browser. Raises OperationsError."""
        await self.session.sign_in_with_browser(open_browser)
        self._in_role = False
        await self._after_sign_in()

    async def sign_out(self, open_browser: Callable[[str], Any] | None = None) -> None:
        """End the session; ``open_browser`` lets an OIDC issuer end its own."""
        self._in_role = False
        await self.session.sign_out(open_browser)
        self.last_user.forget()
        self._dashboard.forget_user()
        self.link.mark_signed_out("Signed out.")
        if not self.messages.history:  # else something went wrong, and that is what is to be read
            self.messages.post("Signed out.")

    async def close(self) -> None:
        """End everything that runs; keeps the last picture."""
        self._dashboard.keep(force=True)
        self.kept.close()
        self.queries.close()
        await self.mutations.close()
        await self.tasks.close()
        await self.session.close()
        if self._client is not None:
            await self._client.aclose()
        if self._local is not None:
            await self._local.release()
        self.snapshot.close()

    def _use(self, url: str) -> None:
        from app.core.http_client import OperationsClient

        old = self._client
        self._client = OperationsClient(url, self.session, on_answer=self._note_answer, on_silence=self._report_error)
        self.session.attach(self._client)
        if old is not None:
            self.tasks.start(old.aclose(), name="close old client")

    async def _join(self) -> None:
        """Join or start the server of this computer; who was signed in goes on, whatever account was asked for."""
        from app.core.local_server import join_or_start

        assert self.target.data_dir is not None  # noqa: S101 - asked for by start
        first, earlier = not self._joined, self._local
        self._local = await join_or_start(
            self.target.data_dir,
            role=self.target.role,
            sample_shop=self.target.sample_shop,
            progress=self.progress.emit,
        )
        if earlier is not None:  # it has ended, or an attempt to start failed after it was joined
            await earlier.release()
        self._use(self._local.url)
        if self._local.tokens is not None and (first or self._in_role):
            await self.session.take(self._local.tokens.as_answered(self.clock.now()), remember=False)
            self._in_role = True
        if first or self.session.signed_in:
            await self._after_sign_in()
        else:
            self.link.mark_signed_out()
            self.ready.emit()
        self._joined = True

    async def _rejoin(self) -> None:
        """When the server on this computer dies, start or join another."""
        while True:
            assert self._local is not None  # noqa: S101 - joined before this task began
            await self._local.closed.wait()
            self.link.mark_down("The server on this computer ended.")
            while True:
                try:
                    await self._join()
                    break
                except Exception as error:  # whatever it is, the next attempt may do
                    if not isinstance(error, OperationsError):
                        log.exception("the server on this computer is not joined")
                    self.messages.post_once("rejoin", str(error), "error")
                    await asyncio.sleep(REJOIN_SECONDS)
            self.messages.forget("rejoin")

    async def _after_sign_in(self) -> None:
        """Find out who we are, then let the panels ask. Goes on without, and tries again, while the link is down."""
        try:
            self.environment = (await self.session.load_me()).environment
        except OperationsError as error:
            self._report_error(error)
            if not isinstance(error, SignedOut):
                self.tasks.start(self._find_out_later(), name="who am I")
        self._gate.set()
        self.queries.invalidate_all()
        self.queries.resume()
        self.stream.start(self.tasks.start)
        self.mutations.wake()
        self.ready.emit()

    async def _find_out_later(self) -> None:
        while not self.session.confirmed:
            await asyncio.sleep(RETRY_SECONDS)
            with contextlib.suppress(OperationsError):
                self.environment = (await self.session.load_me()).environment

    # --- what the server says ------------------------------------------------------------------------------------

    def _note_answer(self, server_time: datetime | None) -> None:
        self.link.mark_up(server_time)
        if words := self.link.skew_words:
            self.messages.post_once("skew", words)

    def _report_error(self, error: OperationsError) -> None:
        match error:
            case Unreachable():
                self.link.mark_down(str(error))
            case SignedOut():
                self.link.mark_signed_out(str(error))
            case _:
                self.messages.post_once(f"answer {error}", str(error), "error")

    def _forget_answers(self) -> None:
        """Somebody has left: what they were shown and told is nobody else's business."""
        self.queries.forget_answers()
        self.messages.clear()

    def _session_changed(self) -> None:
        if not self.session.signed_in:
            self.stream.stop()
        self.mutations.wake()

    def _stream_changed(self) -> None:
        self.queries.set_live(live=self.stream.state is StreamState.LIVE)

    def _invalidate_topic(self, topic: Topic) -> None:
        """Something changed on the server."""
        if topic in {Topic.ME, Topic.RESYNC}:
            self.tasks.start(self._load_me(), name="what may I do")
        if topic is Topic.RESYNC:
            self.queries.invalidate_all()
            return
        for outdated in {topic}.union(*(capability.also.get(topic, ()) for capability in CAPABILITIES)):
            self.queries.invalidate(outdated)

    async def _load_me(self) -> None:
        with contextlib.suppress(OperationsError):
            await self.session.load_me()

    async def _watch_over_me(self) -> None:
        """While changes are not told, ask now and then what the signed-in may do."""
        while True:
            await asyncio.sleep(ME_SECONDS)
            if self.stream.state is not StreamState.LIVE and self.link.state is LinkState.UP:
                await self._load_me()

    def _link_changed(self) -> None:
        if self.link.state is LinkState.UP:
            self.mutations.wake()
            for key in [f"answer {m.text}" for m in self.messages.history]:
                self.messages.forget(key)

    def _snapshot_says(self, words: str) -> None:
        # Called from the writer's thread.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.messages.post, words, "warning")
