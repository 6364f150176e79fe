"""What an operator sees of runbooks, and does with them.

The whole library is kept on this computer: runbooks are for the hour in which nothing else answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.runbooks.library import Library
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Query, Sample
    from models.runbooks import Runbook, RunbookChange, RunbookDraft, RunbookRun, RunbookSummary, RunbookVersion

BASE = "/api/operations/runbooks"
VIEW, WRITE, WORK = Permission.VIEW_DASHBOARD, Permission.MANAGE_ALERTS, Permission.MANAGE_INCIDENTS
TOPICS = frozenset({Topic.RUNBOOKS})
RUN_TOPICS = TOPICS | {Topic.INCIDENTS}
"""What is done for an incident is told as a change of the incident."""
POLL_SECONDS = 60.0
"""Changes are told; this is for the hour in which they are not."""


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (
        MutationSpec("runbook.create", TOPICS),
        MutationSpec("runbook.change", TOPICS),
        MutationSpec("runbook.start", RUN_TOPICS, irreversible=True),
        MutationSpec("runbook.step", RUN_TOPICS, overlay=_ticked, in_place=True),
        MutationSpec("runbook.end", RUN_TOPICS),
    )


class Runbooks:
    """Queries of one console about runbooks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.library = Library(engine, self.list())

    def list(self) -> Query[tuple[RunbookSummary, ...]]:
        """All runbooks by title, without their texts."""
        return self._engine.query("runbooks", self._fetch, topics=TOPICS, keep=_list_type, poll=POLL_SECONDS)

    def runbook(self, runbook_id: str) -> Query[Runbook]:
        """One with its text; what is kept of it is shown until there is an answer."""
        from app.runbooks import requests

        return self._engine.record(
            f"runbook:{runbook_id}", TOPICS, lambda client: requests.runbook(client, runbook_id), keep=runbook_type
        )

    def runs(self, runbook_id: str) -> Query[tuple[RunbookRun, ...]]:
        """Its newest runs."""
        from app.runbooks import requests

        return self._engine.listing(
            f"runbook_runs:{runbook_id}", RUN_TOPICS, lambda client: requests.runs(client, runbook_id), keep=_runs_type
        )

    async def versions(self, runbook_id: str) -> tuple[RunbookVersion, ...]:
        """Who changed it, newest first, asked for now. Raises OperationsError."""
        from app.runbooks import requests

        return (await requests.versions(self._engine.client, runbook_id)).items

    async def version(self, runbook_id: str, number: int) -> Runbook:
        """As one of its versions was, asked for now. Raises OperationsError."""
        from app.runbooks import requests

        return await requests.version(self._engine.client, runbook_id, number)

    async def _fetch(self) -> Sample[tuple[RunbookSummary, ...]]:
        from app.runbooks import requests

        page = await requests.runbooks(self._engine.client)
        found, as_of = list(page.items), page.as_of
        while page.next_cursor is not None:
            page = await requests.runbooks(self._engine.client, page.next_cursor)
            found += page.items
        return self._engine.sample(tuple(found), as_of)


def _list_type() -> type[tuple[RunbookSummary, ...]]:
    from models.runbooks import RunbookSummary

    return tuple[RunbookSummary, ...]


def runbook_type() -> type[Runbook]:
    """What is kept of one runbook."""
    from models.runbooks import Runbook

    return Runbook


def _runs_type() -> type[tuple[RunbookRun, ...]]:
    from models.runbooks import RunbookRun

    return tuple[RunbookRun, ...]


async def create(mutations: Mutations, draft: RunbookDraft) -> Outcome:
    """Store a new runbook. Raises OperationsError, like all of these."""
    return await mutations.submit(
        MutationRequest("runbook.create", f"Wrote the runbook “{draft.title}”", "POST", BASE, draft)
    )


async def change(mutations: Mutations, runbook: Runbook, request: RunbookChange) -> Outcome:
    """Change a runbook, based on what the operator saw."""
    path = f"{BASE}/{runbook.id}"
    return await mutations.submit(
        MutationRequest(
            "runbook.change",
            f"Changed the runbook “{request.title or runbook.title}”",
            "PATCH",
            path,
            request,
            version=runbook.version,
            resource=f"runbook:{runbook.id}",
            record=path,
            base=runbook,
        )
    )


async def start(mutations: Mutations, runbook: RunbookSummary, incident_id: str | None) -> Outcome:
    """Begin to work through a runbook, for an incident or without."""
    from models.runbooks import StartRun

    words = f"Working through “{runbook.title}”"
    path = f"{BASE}/{runbook.id}/runs"
    return await mutations.submit(
        MutationRequest("runbook.start", words, "POST", path, StartRun(incident_id=incident_id))
    )


async def tick(mutations: Mutations, run: RunbookRun, step: int, *, done: bool, note: str = "") -> Outcome:
    """Tick a step off, or take that back. Without the link it is kept, and stands in the timeline later."""
    from models.runbooks import MarkStep

    words = f"Step {step} of “{run.title}” {'done' if done else 'taken back'}"
    path = f"{_path(run)}/steps/{step}"
    return await mutations.submit(
        MutationRequest("runbook.step", words, "POST", path, MarkStep(done=done, note=note), resource=_resource(run))
    )


async def end(mutations: Mutations, run: RunbookRun, note: str) -> Outcome:
    """Say that a run is over."""
    from models.runbooks import EndRun

    words = f"Done with “{run.title}”"
    path = f"{_path(run)}/end"
    return await mutations.submit(
        MutationRequest("runbook.end", words, "POST", path, EndRun(note=note), resource=_resource(run))
    )


def _path(run: RunbookRun) -> str:
    return f"{BASE}/{run.runbook_id}/runs/{run.id}"


def _resource(run: RunbookRun) -> str:
    return f"runbook_run:{run.id}"


def _ticked(value: Any, fields: dict[str, Any], mutation: PendingMutation) -> Any:
    """Runs as they will be; lists and texts, which have the topic too, stay as they are."""
    from models.runbooks import RunbookRun

    run_id, step = mutation.resource.partition(":")[2], int(mutation.path.rpartition("/")[2])
    if not isinstance(value, tuple) or not any(isinstance(run, RunbookRun) and run.id == run_id for run in value):
        return value
    return tuple(_marked(run, step, fields, mutation) if run.id == run_id else run for run in value)


def _marked(run: RunbookRun, step: int, fields: dict[str, Any], mutation: PendingMutation) -> RunbookRun:
    from datetime import UTC, datetime

    from models.runbooks import StepMark

    others = tuple(mark for mark in run.marks if mark.step != step)
    if not fields.get("done", True):
        return run.model_copy(update={"marks": others})
    if len(others) < len(run.marks):
        return run
    mark = StepMark(
        step=step,
        done_at=datetime.fromtimestamp(mutation.created_at, UTC),
        done_by=mutation.user_id,
        done_by_name="",
        note=fields.get("note", ""),
    )
    return run.model_copy(update={"marks": tuple(sorted((*others, mark), key=lambda each: each.step))})
