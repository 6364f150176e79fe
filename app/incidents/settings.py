"""What those who lead change of incidents: the severity matrix, and the rules that open incidents by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.incidents.domain import SETTINGS

if TYPE_CHECKING:
    from app.core.mutation import Mutations
    from models.incidents.matrix import (
        IncidentRule,
        IncidentRuleChange,
        IncidentRuleDraft,
        SeverityMatrix,
        SeverityMatrixRequest,
    )

BASE = "/api/operations/incidents"
MATRIX, RULES = f"{BASE}/matrix", f"{BASE}/rules"


def specs() -> tuple[MutationSpec, ...]:
    """What is done here."""
    kinds = ("severity_matrix.change", "incident_rule.create", "incident_rule.change")
    return tuple(MutationSpec(kind, SETTINGS, irreversible=True) for kind in kinds)


async def change_matrix(mutations: Mutations, matrix: SeverityMatrix, request: SeverityMatrixRequest) -> Outcome:
    """Put another matrix in the place of this one; what asks for less waits for somebody else. Raises OperationsError.

    The answer is the matrix, or the approval it waits for.
    """
    return await mutations.submit(
        MutationRequest(
            "severity_matrix.change",
            "Changed the severity matrix",
            "PUT",
            MATRIX,
            request,
            version=matrix.version,
            resource="severity_matrix:matrix",
            record=MATRIX,
            base=matrix,
        )
    )


async def create_rule(mutations: Mutations, draft: IncidentRuleDraft) -> Outcome:
    """Store a new rule. Raises OperationsError, like the next one."""
    words = f"Added the rule “{draft.title}”"
    return await mutations.submit(MutationRequest("incident_rule.create", words, "POST", RULES, draft))


async def change_rule(mutations: Mutations, rule: IncidentRule, request: IncidentRuleChange) -> Outcome:
    """Put another rule in the place of this one."""
    path = f"{RULES}/{rule.rule_id}"
    return await mutations.submit(
        MutationRequest(
            "incident_rule.change",
            f"Changed the rule “{rule.title}”",
            "PUT",
            path,
            request,
            version=rule.version,
            resource=f"incident_rule:{rule.rule_id}",
            record=path,
            base=rule,
        )
    )
