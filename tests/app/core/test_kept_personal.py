"""No value of a field that is marked as personal is ever in the file, of whatever record of the contract."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date, time
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, NaiveDatetime, TypeAdapter

import models
from app.core.clock import SystemClock
from app.core.kept_samples import KeptSamples
from app.core.query import Sample
from app.core.snapshot import Snapshot, read
from app.core.tasks import Tasks
from models.analytics import PropertyDefinition
from models.core.base import Record
from models.core.paging import Page
from models.core.personal import NOT_KEPT_OFFLINE, personal_fields
from models.launch.checklist import ItemDraft
from models.launch.criteria import BoundCriterion
from models.oncall.policies import Step
from models.oncall.schedules import Layer
from models.risk.rules import AnyOf, Condition
from tests.app.answers import AS_OF
from tests.app.core.faulty_server import NoKeyring

CANARY, PLAIN = "canary-of-a-customer", "plain"
PATTERNS = {
    r"^[A-Z]{3}$": "EUR",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "plain",
    r"^20[0-9]{2}-(0[1-9]|1[0-2])$": "2026-10",
    r"^[a-z_]+\.[a-z0-9_]+$": "figures.plain",
    r"^[a-z]{2}(-[A-Z]{2})?$": "en",
}
"""Text that fits, by the pattern it has to fit."""


APART: dict[type[BaseModel], dict[str, Any]] = {
    ItemDraft: {"depends_on": []},
    PropertyDefinition: {"feeds": []},
    BoundCriterion: {"pinned": False},
    Layer: {"ends": None},
    Step: {"severities": []},
}
"""What a record refuses together with the rest: an item that depends on itself, a layer that ends as it starts."""


@cache
def records() -> tuple[type[Record], ...]:
    """Every record of the contract that can be kept as it is."""
    found = set[type[Record]]()
    for module in pkgutil.walk_packages(models.__path__, "models."):
        for each in vars(importlib.import_module(module.name)).values():
            if isinstance(each, type) and issubclass(each, Record) and each is not Record and each is not Page:
                found.add(each)
    return tuple(sorted(found, key=lambda each: (each.__module__, each.__qualname__)))


def made(kind: type[BaseModel]) -> dict[str, Any]:
    """Fields of a record that is full: a canary wherever it is marked, and everything there that may be missing."""
    if kind is Condition:
        return {"metric": "email", "operator": "eq", "value": CANARY}
    if kind is AnyOf:
        return {"any": [made(Condition), {"metric": "ip", "operator": "in", "value": [CANARY, CANARY]}]}
    marked = personal_fields(kind)
    values = {}
    for name, field in kind.model_fields.items():
        text = CANARY if name in marked else PLAIN
        # What a condition asks for says whether its values are a customer's.
        of_orders = name == "metric" and field.annotation is str
        values[name] = "email" if of_orders else value(field.annotation, [*field.metadata], text)
    return values | APART.get(kind, {})


def value(annotation: Any, rules: list[Any], text: str) -> Any:
    """A value of a type as JSON has it."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return value(inside[0], [*inside[1:], *rules], text)
    if origin in {Union, UnionType}:
        return value(next(each for each in inside if each is not NoneType), rules, text)
    if origin is Literal:
        return inside[0]
    if origin in {tuple, list}:
        return [value(inside[0], [], text)]
    if origin is dict:
        key = PLAIN if inside[0] is str else value(inside[0], [], text)
        return {key: value(inside[1], [], text)} | ({text: text} if inside == (str, Any) else {})
    if annotation is Any:
        return text
    if isinstance(annotation, type):
        if issubclass(annotation, BaseModel):
            return made(annotation)
        if issubclass(annotation, Enum):
            return next(iter(annotation)).value
        plain = {
            bool: True,
            int: _least(rules),
            float: _least(rules),
            AwareDatetime: AS_OF.isoformat(),
            NaiveDatetime: "2026-01-05T00:00",
            date: "2026-11-24",
            time: "09:00",
        }
        plain |= {UUID: "019ab6a0-0000-7000-8000-000000000000"}
        if annotation in plain:
            return plain[annotation]
        if annotation is str:
            if any(getattr(getattr(each, "func", None), "__name__", "") == "_web_address" for each in rules):
                return f"https://{text}.example"
            pattern = next((found for each in rules if (found := _pattern(each))), None)
            return text if pattern is None or text == CANARY else PATTERNS.get(pattern, text)
    raise AssertionError(f"no value of {annotation} is known here")


def _least(rules: list[Any]) -> int:
    """A number that fits: 1, or what is nearest to it."""
    flat = [part for each in rules for part in (each, *getattr(each, "metadata", ()))]
    if any(getattr(each, "lt", None) == 0 for each in flat):
        return -1
    return next((int(each.ge) for each in flat if getattr(each, "ge", None) is not None and each.ge > 0), 1)


def _pattern(rule: Any) -> str | None:
    found = getattr(rule, "pattern", None)
    if found is None:
        found = next((p for each in getattr(rule, "metadata", ()) if (p := _pattern(each))), None)
    return found


def full(kind: Any) -> Iterator[Any]:
    yield TypeAdapter(kind).validate_python(made(kind))


async def keep(path: Path, value_type: Any, kept: Any) -> None:
    tasks = Tasks()
    snapshot = Snapshot(path, print)
    clock = SystemClock()
    samples = KeptSamples(snapshot, clock, tasks, keyring=NoKeyring(), target="p", say=lambda _words: None)  # type: ignore[arg-type]
    await samples.start()
    samples.put("x", lambda: value_type, Sample(kept, AS_OF, AS_OF, clock.monotonic()))
    samples.close()
    snapshot.close()
    await tasks.close()


@pytest.mark.parametrize("kind", records(), ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
async def test_nothing_that_is_marked_is_in_the_file_and_the_rest_can_be_read(
    tmp_path: Path, kind: type[Record]
) -> None:
    (record,) = full(kind)
    path = tmp_path / "s.db"
    await keep(path, tuple[kind, ...], (record,))  # type: ignore[valid-type]
    assert CANARY.encode() not in path.read_bytes()
    found = read(path, "x")
    assert found is not None
    (again,) = TypeAdapter(tuple[kind, ...]).validate_json(found.text)  # type: ignore[valid-type]
    assert again.model_dump().keys() == record.model_dump().keys()
    assert (CANARY in record.model_dump_json()) == (NOT_KEPT_OFFLINE in found.text)


def test_the_canaries_are_in_what_is_kept() -> None:
    singing = [kind.__name__ for kind in records() if any(CANARY in each.model_dump_json() for each in full(kind))]
    assert {"RiskQueueEntry", "RiskCase", "RuleSet", "Snooze", "AuditPage", "OrderRow", "Backtest"} <= set(singing)
    assert not {"Alert", "RoleAssignment", "Approval", "OperationsDashboard", "Me"} & set(singing)
