"""The plan as events are judged by it: compiled, and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from backend.analytics.plan import reads
from backend.analytics.plan.checking import nearest, same_name
from backend.analytics.plan.documents import document_of, known_names
from backend.analytics.schemas import SchemaError, Validator
from backend.core.database import Connection
from backend.core.logs import logger
from models.analytics import EventMode, EventSchemaDefinition, PersonalClass, SchemaState

log = logger(__name__)

UNPLANNED: Final = "*"
_NEVER = datetime.max.replace(tzinfo=UTC)
_JUDGED_BY = (SchemaState.ENFORCED, SchemaState.DEPRECATED, SchemaState.OBSERVED)


@dataclass(frozen=True, slots=True)
class CompiledVersion:
    """A version of an event, ready to judge by."""

    definition: EventSchemaDefinition
    validator: Validator
    names: frozenset[str]
    """All names of properties it knows, at any depth."""
    hidden: Mapping[str, PersonalClass]
    """Properties whose values say something about a person."""

    @staticmethod
    def of(definition: EventSchemaDefinition) -> CompiledVersion:
        """Raises SchemaError for what was stored and cannot be compiled."""
        document = document_of(definition)
        return CompiledVersion(
            definition,
            Validator(document),
            known_names(document),
            {each.name: each.personal for each in definition.properties if each.personal is not PersonalClass.NONE},
        )

    def is_live(self, now: datetime) -> bool:
        """Whether events may be of this version."""
        match self.definition.state:
            case SchemaState.DEPRECATED:
                until = self.definition.deprecated_until
                return until is None or until > now
            case state:
                return state in _JUDGED_BY


class CompiledEvent:
    """An event with its versions."""

    def __init__(self, name: str, versions: Mapping[int, CompiledVersion]) -> None:
        self.name = name
        self.versions = versions
        self._until = datetime.min.replace(tzinfo=UTC)
        self._choice: tuple[CompiledVersion | None, CompiledVersion | None] = None, None

    def choice(self, now: datetime) -> tuple[CompiledVersion | None, CompiledVersion | None]:
        """What events that say no version are judged by, and the newest that is only observed.

        The former is the enforced version, else a deprecated, else an observed one.
        """
        if now >= self._until:
            live = [each for each in self.versions.values() if each.is_live(now)]
            observed = [each for each in live if each.definition.state is SchemaState.OBSERVED]
            ends = (each.definition.deprecated_until for each in live)
            self._choice = min(live, key=_before, default=None), min(observed, key=_before, default=None)
            self._until = min((end for end in ends if end is not None), default=_NEVER)
        return self._choice


def _before(version: CompiledVersion) -> tuple[int, int]:
    return _JUDGED_BY.index(version.definition.state), -version.definition.version


@dataclass(frozen=True, slots=True)
class CompiledPlan:
    """Everything that events are judged by."""

    version: int
    stamp: int
    events: Mapping[str, CompiledEvent]
    modes: Mapping[tuple[str, str], EventMode]
    keys: Mapping[str, str] = field(default_factory=dict)
    """Names by what those that read the same have in common."""

    @staticmethod
    def of(
        version: int,
        stamp: int,
        definitions: Sequence[EventSchemaDefinition],
        modes: Mapping[tuple[str, str], EventMode],
    ) -> CompiledPlan:
        """Compile; a version that cannot be is left out, and named in the log."""
        events: dict[str, dict[int, CompiledVersion]] = {}
        for each in definitions:
            versions = events.setdefault(each.event_name, {})
            try:
                versions[each.version] = CompiledVersion.of(each)
            except SchemaError:
                log.exception(
                    "a version of an event cannot be compiled",
                    event_name=each.event_name,
                    version=each.version,
                )
        return CompiledPlan(
            version,
            stamp,
            {name: CompiledEvent(name, versions) for name, versions in events.items()},
            modes,
            {same_name(name): name for name in events},
        )

    def mode(self, event_name: str, environment: str) -> EventMode:
        """What happens to what does not fit."""
        return self.modes.get((event_name, environment), EventMode.OBSERVE)

    def nearest(self, event_name: str) -> str | None:
        """The name of the plan that is most like another one."""
        return self.keys.get(same_name(event_name)) or nearest(event_name, self.events)


class PlanCache:
    """The compiled plan of one process. Compiling takes a millisecond for each version, so it is kept."""

    def __init__(self) -> None:
        self._plan: CompiledPlan | None = None
        self._compiling = asyncio.Lock()

    @property
    def newest(self) -> CompiledPlan | None:
        """As it was when it was last looked at; ``None`` before that."""
        return self._plan

    async def current(self, connection: Connection) -> CompiledPlan:
        """As it is in the database now."""
        version, stamp = await reads.stamp(connection)
        if self._plan is None or self._plan.stamp != stamp:
            async with self._compiling:
                if self._plan is None or self._plan.stamp != stamp:
                    definitions, modes = await reads.published(connection), await reads.modes(connection)
                    by_event = {(each.event_name, each.environment): each.mode for each in modes}
                    # Not at once what was compiled, but what stands in memory: a version is never changed.
                    self._plan = CompiledPlan.of(version, stamp, definitions, by_event)
        return self._plan
