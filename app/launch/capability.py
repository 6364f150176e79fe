"""What this capability is in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.audit_words import AuditWords
from app.core.capability import BadgeSpec, Capability, Engine
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.launch.mutations import specs

    return specs()


def _audit() -> AuditWords:
    return AuditWords(
        nouns={
            "launch": "Launch",
            "launch_clock": "Clock of",
            "launch_item": "Launch item",
            "launch_lesson": "Launch item",
            "launch_poll": "Poll of",
            "launch_template": "Launch template",
            "launch_vote": "Launch vote",
        },
        verbs={
            "launch.clock.hold": "held",
            "launch.clock.recycle": "put back to an earlier point",
            "launch.clock.release": "let go on",
            "launch.clock.scrub": "stopped for good",
            "launch.clock.set": "set",
            "launch.evidence.changed": "held: its evidence changed",
            "launch.item.added": "added",
            "launch.item.changed": "changed",
            "launch.item.completed": "signed off",
            "launch.item.reopened": "reopened",
            "launch.item.waived": "waived",
            "launch.launch.begun": "begun",
            "launch.launch.changed": "changed",
            "launch.launch.delegated": "given to vote for",
            "launch.launch.delegation_ended": "taken back to vote for",
            "launch.launch.fault_injected": "rehearsed with another fault",
            "launch.launch.finished": "finished",
            "launch.launch.rehearsed": "copied for a rehearsal",
            "launch.launch.scrubbed": "scrubbed",
            "launch.lesson.kept": "kept for the next version of the template",
            "launch.owner.asked_again": "waiting: its owner was asked again",
            "launch.poll.closed": "closed",
            "launch.poll.opened": "opened",
            "launch.record.published": "published as a record",
            "launch.template.written": "written",
            "launch.vote.cast": "cast",
            "launch.vote.overridden": "gone against, by two people",
            "launch.vote.voided": "void: its evidence changed",
        },
        quoted=frozenset({"launch_item", "launch_lesson"}),
    )


CAPABILITY = Capability(
    name="launch",
    mutations=_mutations,
    badges=(
        BadgeSpec(
            key="launch.items",
            permission=Permission.COMPLETE_CHECKLIST,
            one="item waits for your signature",
            more="items wait for your signature",
            topics=frozenset({Topic.CHECKLIST, Topic.LAUNCHES}),
        ),
    ),
    audit=_audit,
)
