"""Templates of launches: versions that are never changed, only followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from models.core.base import Count, Instant, Record, Request, Text, plain_integer
from models.launch import RollCallRole, Title
from models.launch.checklist import ChecklistFormat, ItemDraft, Numbered
from models.launch.clock import HoldPoint
from models.launch.criteria import BoundCriterion

ITEMS_MOST = 1_000


class TemplateContent(Request):
    """All that a launch begins with."""

    title: Title
    description: Text = ""
    roll: Annotated[tuple[RollCallRole, ...], Field(min_length=1, max_length=50)]
    points: Annotated[tuple[HoldPoint, ...], Field(max_length=20)] = ()
    criteria: Annotated[tuple[BoundCriterion, ...], Field(max_length=60)] = ()
    items: Annotated[tuple[ItemDraft, ...], Field(max_length=ITEMS_MOST)] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> TemplateContent:
        roles = [each.role for each in self.roll]
        keys = [item.key for item in self.items]
        criteria = [each.key for each in self.criteria]
        for what, names in (("role", roles), ("item", keys), ("criterion", criteria)):
            if double := twice(names):
                raise ValueError(f"the {what} {double} stands twice")
        if double := twice(each.key for each in self.points) or twice(str(each.reading) for each in self.points):
            raise ValueError(f"two planned holds have {double}")
        if sum(each.director for each in self.roll) != 1 or not self.roll[-1].director:
            raise ValueError("exactly one role is the director, and it stands last: it votes last")
        check_items(self.items, criteria)
        for each in self.criteria:
            if missing := set(each.binds) - set(roles):
                raise ValueError(f"{each.key} binds {min(missing)}, which is not on the roll")
        return self


def twice(names: Iterable[str]) -> str | None:
    """The first name that stands twice."""
    return next((name for name, count in Counter(names).items() if count > 1), None)


def check_items(items: Iterable[ItemDraft], criteria: Iterable[str]) -> None:
    """Whether items name only what is there, and do not wait for each other. Raises ValueError."""
    by_key = {item.key: item for item in items}
    known = set(criteria)
    for item in by_key.values():
        if missing := set(item.criteria) - known:
            raise ValueError(f"{item.key} names the criterion {min(missing)}, which is not there")
        if missing := set(item.depends_on) - by_key.keys():
            raise ValueError(f"{item.key} depends on {min(missing)}, which is not there")
    try:
        TopologicalSorter({key: item.depends_on for key, item in by_key.items()}).prepare()
    except CycleError as error:
        circle = error.args[1]
        raise ValueError(f"{circle[0]} and {circle[1]} wait for each other") from None


class LaunchTemplate(Record):
    """One version of a template."""

    key: str
    version: Count
    """From 1; a version is never changed, only followed."""
    content: TemplateContent
    summary: str
    """What this version changed."""
    created_at: Instant
    created_by: str
    created_by_name: str


class TemplateSummary(Record):
    """A template in the list, by its newest version."""

    key: str
    version: Count
    title: str
    description: str
    items: Count
    roles: Count
    created_at: Instant
    created_by: str
    created_by_name: str


class TemplateDraft(Request):
    """A new template, or the next version of one: ``based_on`` is the version it follows, 0 for a new key."""

    content: TemplateContent
    summary: Text = ""
    based_on: Annotated[int, BeforeValidator(plain_integer), Field(ge=0, le=1_000_000_000)]


class ImportTemplate(Request):
    """A file as the next version of a template. CSV has the items only: the rest stays as it was."""

    format: ChecklistFormat
    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    summary: Text = ""
    based_on: Annotated[int, BeforeValidator(plain_integer), Field(ge=0, le=1_000_000_000)]


class TakeLessons(Request):
    """Put what a launch taught into the next version of its template."""

    launch_id: str
    based_on: Numbered
