"""What this capability is in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.audit_words import AuditWords
from app.core.capability import Capability, Engine

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.runbooks.domain import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"runbook": "Runbook", "runbook_run": "Run of", "incident": "Incident"},
        verbs={
            "runbooks.run.ended": "runbook closed",
            "runbooks.run.started": "runbook begun",
            "runbooks.runbook.changed": "changed",
            "runbooks.runbook.created": "written",
            "runbooks.runbook.reinstated": "reinstated",
            "runbooks.runbook.retired": "retired",
            "runbooks.step.done": "step of the runbook done",
            "runbooks.step.reopened": "step of the runbook taken back",
        },
        quoted=frozenset({"runbook", "runbook_run"}),
    )


CAPABILITY = Capability(name="runbooks", mutations=_mutations, audit=_audit)
