"""What a capability is to the server: one value in its ``capability.py``, which everything that is shared iterates.

A manifest is light: each field is a callable that imports what it answers when it is asked. All types it carries are
here, so that shared code names no capability.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from backend.core.database import Connection, Database
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    import procrastinate
    from fastapi import APIRouter, FastAPI

    from backend.core.sample_shop import SampleShop
    from backend.core.security import Principal
    from backend.core.settings import Settings
    from models.access import Approval

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Tick:
    """Something the worker does every ``seconds``, counted from the end of the turn before."""

    name: str
    seconds: float
    turn: Callable[[Database, Settings], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """Something the worker runs for as long as it lives; what ends or fails is started again."""

    name: str
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a change on the live stream: holders of any of these permissions, and those it concerns."""

    topic: Topic
    permissions: frozenset[Permission]
    concerned: bool = False


AUDITORS = Audience(Topic.AUDIT, frozenset({Permission.VIEW_AUDIT}))
"""Every change is one of the audit log, at least."""


@dataclass(frozen=True, slots=True)
class Audiences:
    """Who hears of what, of all capabilities together."""

    by_resource: Mapping[str, Audience] = field(default_factory=dict)
    changes_access: frozenset[str] = frozenset()
    """After a change of these, who may hear what is looked up anew at once."""

    def of(self, resource_type: str) -> Audience:
        """Who hears of changes of a resource."""
        return self.by_resource.get(resource_type, AUDITORS)


@dataclass(frozen=True, slots=True)
class Gauges:
    """What ``/metrics`` asks the database for."""

    measure: Callable[[Connection], Awaitable[None]]
    unknown: Callable[[], None]
    """Says so while the database is away."""


@dataclass(frozen=True, slots=True)
class CountSpec:
    """How much waits for somebody: a badge of the console."""

    key: str
    """The console's capability and what is counted, such as ``risk.queue``."""
    permission: Permission
    """Who is told."""
    count: Callable[[Connection, Principal], Awaitable[int]]


Apply = Callable[[Connection, "Approval"], Awaitable[Mapping[str, Any]]]
"""Carries out what was approved, within the transaction of the last vote; answers what it did, for the audit log.

It checks everything anew and raises ProblemError 409 when the world has changed meanwhile: then nobody voted."""

Objection = Callable[[Connection, "Approval", str], Awaitable[str | None]]
"""Why somebody may not decide, besides having asked, gaining, or lacking the permission; ``None`` when they may."""


async def _no_objection(_tx: Connection, _approval: Approval, _voter: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """One kind of approval, such as ``rbac.grant``."""

    name: str
    apply: Apply
    objection: Objection = _no_objection


ApprovalKinds = Mapping[str, ApprovalKind]
"""By name."""


class Adapters:
    """What stands behind the ports of capabilities: one value for each type a capability declares them in."""

    def __init__(self, *made: object) -> None:
        """``made`` by the settings; what is not set is off, and its value says so."""
        self._made: dict[type, object] = {type(each): each for each in made}

    def plus(self, *made: object) -> Adapters:
        """These and others."""
        return Adapters(*self._made.values(), *made)

    def of(self, ports: type[P]) -> P:
        """The adapters of a capability. Raises KeyError when none were made."""
        made = self._made[ports]
        assert isinstance(made, ports)  # noqa: S101 - kept by its type
        return made


@dataclass(frozen=True, slots=True)
class Server:
    """What a process of the API has when its capabilities add theirs."""

    database: Database
    settings: Settings
    adapters: Adapters
    audiences: Audiences
    approval_kinds: ApprovalKinds


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a criterion found."""

    value: float | None
    """In the criterion's unit; ``None`` when it cannot be known, which is never good enough."""
    data_through: datetime | None
    """Up to when what it was made of is known."""
    late_at: datetime | None = None
    """When more of it should have come; it counts all the same."""
    detail: str = ""
    """What is behind the value, in words."""


Measure = Callable[[Connection, "Settings", datetime, Sequence[Mapping[str, str]]], Awaitable[Sequence[Measurement]]]
"""Measures at an instant once for each of the given parameters, all in one go; it only reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Something a launch can be bound to: evaluated live from the system itself, and never ticked by hand."""

    name: str
    """The capability and what is measured, such as ``alerts.open``."""
    title: str
    unit: str
    """As in ``models.launch.criteria.CriterionUnit``."""
    measure: Measure
    stale_after: float
    """Seconds after ``data_through`` from which a value counts no more, where a launch does not say."""
    low: float | None = None
    high: float | None = None
    """Limits where a launch names none."""
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each parameter may be; all of them are given."""


class Criteria(dict[str, Criterion]):
    """Those of all capabilities, by name; among the adapters, ``adapters.of(Criteria)``."""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event of the tracking plan that is made of entries of the audit log."""

    name: str
    """As the plan has it; its schema stands in ``resources/analytics/own-events.json``."""
    actions: frozenset[str]
    """Entries with these actions are such events."""
    properties: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """What is in it, from what the entry says of afterwards. Raises KeyError for what an entry lacks."""


class OwnEvents(dict[str, tuple[OwnEvent, ...]]):
    """Those of all capabilities, by action; among the adapters, ``adapters.of(OwnEvents)``."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, as the systems that hold something of them look for it."""

    person_id: UUID
    identifiers: Mapping[str, tuple[str, ...]]
    """By kind, such as ``customer_id``; each in the form of ``models.risk.metrics.normal``."""
    before: datetime
    """What came after this instant stays: whoever comes back as a customer is not erased again."""

    def all(self, kind: str) -> list[str]:
        """Their identifiers of a kind."""
        return list(self.identifiers.get(kind, ()))


@dataclass(frozen=True, slots=True)
class ErasedBatch:
    """What one step of an erasure did."""

    rows: int
    """Rows that were changed or removed; with none, the system holds nothing any more and is done."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """Rows of which something stays, by the reason that is told to the person."""


@dataclass(frozen=True, slots=True)
class ExportedBatch:
    """A part of what a system holds of a person."""

    rows: Sequence[Mapping[str, Any]]
    following: str | None = None
    """Where the next part begins; ``None``: this was the last."""


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """A column that holds an identifier in the clear, by which a replay finds who came back."""

    table: str
    column: str
    kind: str
    """As people are registered: ``customer_id``, ``email``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalSystem:
    """What one system holds of people, and how it is handed out and erased; see docs/developers/privacy.md."""

    name: str
    """The capability and what it is, such as ``shop.orders``."""
    title: str
    holds: str
    """What it holds of a person, in plain words; for the register of processing."""
    purpose: str
    """What for, and on what ground."""
    keeps: str
    """How long, and what stays after an erasure and why."""
    columns: Sequence[PersonalColumn] = ()
    export: Callable[[Connection, Subject, str | None], Awaitable[ExportedBatch]]
    erase: Callable[[Connection, Subject], Awaitable[ErasedBatch]] | None
    """A batch of an erasure, as ``ERASER_ROLE``; called until it finds nothing. ``None``: a person does it by hand."""


class PersonalSystems(dict[str, PersonalSystem]):
    """Those of all capabilities, by name; among the adapters, ``adapters.of(PersonalSystems)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a capability keeps something that may be personal, and why."""

    name: str
    """The capability and what it is, such as ``shop.quarantine``."""
    title: str
    days: int
    why: str
    count: Callable[[Connection, datetime], Awaitable[int]]
    """How many rows from before an instant there are."""
    forget: Callable[[Connection, datetime], Awaitable[int]]
    """Removes one batch of them, as ``ERASER_ROLE``, and says how many; called until it finds none."""


class Retentions(dict[str, Retention]):
    """Those of all capabilities, by name; among the adapters, ``adapters.of(Retentions)``."""


CreateSample = Callable[[Connection, "SampleShop"], Awaitable[None]]
"""Makes a capability's part of the sample shop, within the one transaction that creates it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What one capability adds to the server."""

    name: str
    """Its folder, the same in every layer."""
    routers: Callable[[], Sequence[APIRouter]] = tuple
    state: Callable[[Server], Mapping[str, object]] = lambda _server: {}
    """Attributes of ``app.state``: what one process of the API keeps."""
    running: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
    """What goes on for as long as the API runs, with its database open."""
    ending: Callable[[FastAPI], None] | None = None
    """Ends what would go on for ever, before open answers get their grace."""
    jobs: Callable[[], Sequence[procrastinate.Blueprint]] = tuple
    ticks: Callable[[Settings, Adapters], Sequence[Tick]] = lambda _settings, _adapters: ()
    services: Callable[[Settings, Adapters], Sequence[Service]] = lambda _settings, _adapters: ()
    housekeeping: Callable[[], Sequence[Callable[[Connection], Awaitable[None]]]] = tuple
    """Forgets what has had its time; every ten minutes, all in one transaction."""
    approval_kinds: Callable[[], Sequence[ApprovalKind]] = tuple
    criteria: Callable[[], Sequence[Criterion]] = tuple
    """What a launch can be bound to; see docs/developers/adding.md."""
    events: Callable[[], Sequence[OwnEvent]] = tuple
    """Events of the tracking plan that follow from what it tells the audit log."""
    personal: Callable[[], Sequence[PersonalSystem]] = tuple
    """What it holds of people; see docs/developers/privacy.md."""
    retention: Callable[[], Sequence[Retention]] = tuple
    """How long it keeps what may be personal."""
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    """Who hears of a change, by resource type of the audit log; of others, those who read that."""
    changes_access: frozenset[str] = frozenset()
    """Resource types after whose change somebody may do more or less."""
    gauges: Callable[[], Gauges] | None = None
    counts: Callable[[Server], Sequence[CountSpec]] = lambda _server: ()
    setting_problem: Callable[[Settings], str | None] = lambda _settings: None
    """What is wrong with settings of this capability, such as a key that is none; asked before anything starts."""
    sample: Callable[[], CreateSample] | None = None
    sample_after: frozenset[str] = frozenset()
    """Capabilities whose part of the sample shop must be there before this one's."""
