"""Counting what past events would be by a draft. Pure, and exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from backend.analytics.schemas import Finding
from backend.analytics.validation.compiled import CompiledVersion
from backend.analytics.validation.judge import told
from backend.analytics.validation.masking import masked
from models.analytics.changes import Hit, RadiusCause, RadiusWitness
from models.analytics.events import Violation

WITNESSES_MOST: Final = 10


class PastEvent(NamedTuple):
    """A row of what came in."""

    received_at: datetime
    producer: str
    app_version: str
    destinations: Sequence[str]
    body: str


class _Body(msgspec.Struct):
    """What of an event is judged; the rest is passed over."""

    properties: Any = None
    traits: Any = None


_DECODER = msgspec.json.Decoder(_Body)


@dataclass(slots=True)
class Tally:
    """What was counted so far."""

    draft: CompiledVersion
    at: str
    """``/properties`` or ``/traits``: where they stand in events of this name."""
    events: int = 0
    failing: int = 0
    senders: Counter[tuple[str, str]] = field(default_factory=Counter)
    senders_failing: Counter[tuple[str, str]] = field(default_factory=Counter)
    destinations: Counter[str] = field(default_factory=Counter)
    destinations_failing: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    days_failing: Counter[str] = field(default_factory=Counter)
    causes: Counter[Violation] = field(default_factory=Counter)
    properties: Counter[frozenset[str]] = field(default_factory=Counter)
    """Failing events by the properties that fail."""
    witnesses: list[RadiusWitness] = field(default_factory=list)
    _shown: set[Violation] = field(default_factory=set)

    def add(self, rows: Sequence[PastEvent]) -> None:
        """Judge some more."""
        passes, traits = self.draft.validator.passes, self.at == "/traits"
        for row in rows:
            sender, day = (row.producer, row.app_version), row.received_at.date().isoformat()
            self.events += 1
            self.senders[sender] += 1
            self.days[day] += 1
            self.destinations.update(row.destinations)
            body = _DECODER.decode(row.body)
            value = body.traits if traits else body.properties
            value = {} if value is None else value
            if not passes(value):
                self.failing += 1
                self.senders_failing[sender] += 1
                self.days_failing[day] += 1
                self.destinations_failing.update(row.destinations)
                self._look_into(row, value)

    def _look_into(self, row: PastEvent, value: Any) -> None:
        findings = self.draft.validator.findings(value)
        violations = told(findings, self.draft, self.at)
        self.causes.update(violations)
        self.properties[frozenset(name for each in findings for name in _property(each))] += 1
        # Each kind of mistake is shown before any is shown twice.
        if len(self.witnesses) < WITNESSES_MOST and not self._shown.issuperset(violations):
            self._shown.update(violations)
            shown, hidden = masked(value, self.draft)
            self.witnesses.append(
                RadiusWitness(
                    received_at=row.received_at,
                    producer=row.producer,
                    app_version=row.app_version,
                    properties=shown,
                    masked=hidden,
                    violations=violations,
                )
            )

    def hits_by_sender(self) -> tuple[Hit, ...]:
        """Senders, those with most failing events first."""
        found = [
            Hit(name=name, detail=version, events=count, failing=self.senders_failing[name, version])
            for (name, version), count in self.senders.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.failing, -each.events, each.name, each.detail)))

    def hits_by_destination(self) -> tuple[Hit, ...]:
        """Destinations, by name."""
        return _hits(self.destinations, self.destinations_failing)

    def hits_by_day(self) -> tuple[Hit, ...]:
        """Days, UTC."""
        return _hits(self.days, self.days_failing)

    def counted_causes(self) -> tuple[RadiusCause, ...]:
        """What would be wrong, the commonest first; an event with two mistakes counts for both."""
        return tuple(
            RadiusCause(violation_class=each.violation_class, pointer=each.pointer, rule=each.rule, failing=count)
            for each, count in self.causes.most_common()
        )


def _hits(events: Counter[str], failing: Counter[str]) -> tuple[Hit, ...]:
    return tuple(Hit(name=name, events=count, failing=failing[name]) for name, count in sorted(events.items()))


def _property(finding: Finding) -> Sequence[str]:
    """The properties of the event that a finding is about."""
    if finding.path:
        return (str(finding.path[0]),)
    return finding.names
