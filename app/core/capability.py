"""What a capability says of itself to the console, and what the console offers its domain in return.

Manifests are read before the first paint: what is heavy is imported inside the callables.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from app.core.audit_words import AuditWords

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from app.core.clock import Clock
    from app.core.connection_target import ConnectionTarget
    from app.core.http_client import OperationsClient
    from app.core.kept_samples import Keep, KeptSamples
    from app.core.link import Link
    from app.core.messages import Messages
    from app.core.mutation import Mutations
    from app.core.mutation_types import MutationSpec
    from app.core.query import Queries, Query, Sample
    from app.core.session import Session
    from app.core.settings import Settings, SettingsFile
    from app.core.snapshot import Snapshot
    from app.core.tasks import Tasks
    from app.core.timeframe import TimeFrame
    from models.core.paging import Page
    from models.core.permissions import Permission
    from models.core.topics import Topic

D = TypeVar("D")
T = TypeVar("T")


class Engine(Protocol):
    """The console as a domain sees it."""

    settings: Settings
    environment: str
    """What the server calls itself; empty while that is not known."""

    @property
    def profile(self) -> Path:
        """Folder of the operator's own files."""

    @property
    def target(self) -> ConnectionTarget:
        """Where the console works."""

    @property
    def settings_file(self) -> SettingsFile:
        """Where the operator's choices are kept."""

    @property
    def clock(self) -> Clock:
        """Wall and monotonic time."""

    @property
    def client(self) -> OperationsClient:
        """The client of the connected server. Raises Unreachable before there is one."""

    @property
    def link(self) -> Link:
        """Whether the server is heard."""

    @property
    def session(self) -> Session:
        """Who is signed in."""

    @property
    def messages(self) -> Messages:
        """What the operator is told."""

    @property
    def time(self) -> TimeFrame:
        """The range and the instant that are looked at."""

    @property
    def queries(self) -> Queries:
        """All queries by key."""

    @property
    def mutations(self) -> Mutations:
        """All that the operator does."""

    @property
    def tasks(self) -> Tasks:
        """Owner of what runs."""

    @property
    def snapshot(self) -> Snapshot:
        """What the next run shows first."""

    @property
    def kept(self) -> KeptSamples:
        """What can be read without the server."""

    def of(self, kind: Callable[[Engine], D]) -> D:
        """The one domain of a class in this console, made at first use."""

    def query(
        self,
        key: str,
        fetch: Callable[[], Awaitable[Sample[T]]],
        *,
        topics: frozenset[Topic],
        keep: Callable[[], type[T]] | Keep | None = None,
        once: bool = False,
        poll: float = ...,
        least: float = ...,
    ) -> Query[T]:
        """The query of a key, made when it is new.

        ``keep`` gives the type of its value: with it the last answer, without personal data, is shown in the next run
        until there is another.
        """

    def record(
        self,
        key: str,
        topics: frozenset[Topic],
        ask: Callable[[OperationsClient], Awaitable[T]],
        *,
        keep: Callable[[], type[T]] | None = None,
    ) -> Query[T]:
        """A query of one record."""

    def listing(
        self,
        key: str,
        topics: frozenset[Topic],
        ask: Callable[[OperationsClient], Awaitable[Page[Any]]],
        *,
        keep: Callable[[], type[tuple[Any, ...]]] | None = None,
    ) -> Query[tuple[Any, ...]]:
        """A query of the first page of a list."""

    def sample(self, value: T, as_of: datetime, *, degraded: bool = False) -> Sample[T]:
        """An answer that was received now."""

    def write_blocker(self, permission: Permission, *, irreversible: bool = False) -> str | None:
        """Why nothing that needs ``permission`` can be changed now; ``None`` when it can."""


@dataclass(frozen=True, slots=True)
class BadgeSpec:
    """Something that waits for whoever holds a permission, counted by the server."""

    key: str
    """In ``Counts.counts``, such as ``risk.queue``."""
    permission: Permission
    one: str
    """``approval waits for you``."""
    more: str
    """``approvals wait for you``."""
    topics: frozenset[Topic]
    """What changes the count."""


def _no_mutations(_engine: Engine) -> Sequence[MutationSpec]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One capability of the console, without its widgets."""

    name: str
    """Its folder, the same in every layer."""
    mutations: Callable[[Engine], Sequence[MutationSpec]] = _no_mutations
    """Made known before the outbox is taken up: what an earlier run left may be of any kind."""
    badges: tuple[BadgeSpec, ...] = ()
    also: Mapping[Topic, frozenset[Topic]] = field(default_factory=dict)
    """What else is out of date when a topic is told."""
    audit: Callable[[], AuditWords] = AuditWords
    """How histories speak of its records."""
