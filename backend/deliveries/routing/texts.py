"""What notices say before anybody has changed it, and how values are put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.deliveries.connections import ConnectionKind

_HOLE = re.compile(r"\{([a-z_]+)\}")
ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template of the program."""

    subject: str
    text: str
    values: tuple[str, ...]
    """What may be put in, each with an example for a preview."""
    kinds: Mapping[ConnectionKind, tuple[str, str]] | None = None
    """Subject and text of kinds that want their own."""


_ALERT = ("severity", "title", "condition", "guidance", "runbook")
_APPROVAL = ("title", "by", "reason", "until")

TEMPLATES: Mapping[str, TemplateText] = {
    "alert.raised": TemplateText("{severity} {title}", "{title}\n{condition}\n{guidance}\n{runbook}", _ALERT),
    "alert.acknowledged": TemplateText(
        "{severity} {title}: acknowledged", "{by} has it: {comment}", (*_ALERT, "by", "comment")
    ),
    "alert.cleared": TemplateText("{severity} {title}: over", "{title} is over.", _ALERT),
    "approval.asked": TemplateText(
        "Waits for a yes: {title}", "{title}\nAsked for by {by}: {reason}\nDecide until {until}.", _APPROVAL
    ),
    "approval.settled": TemplateText("{title}: {outcome}", "{title}: {outcome}.", ("title", "outcome")),
    "risk.escalated": TemplateText(
        "Order {order} needs you",
        "{by} hands order {order} on to {team}: {amount}, score {score} ({rules}).\n{notes}",
        ("order", "team", "by", "amount", "score", "rules", "notes"),
    ),
    "report.ready": TemplateText("{title} is ready", "{title} is ready: see Reports.", ("title",)),
    "contact.code": TemplateText(
        "Your code: {code}",
        "{code} proves that this address is yours. It is good for {minutes} minutes.\n"
        "If you did not ask for it, do nothing.",
        ("code", "minutes"),
    ),
    "digest.daily": TemplateText("{count} since yesterday", "{lines}", ("count", "lines")),
}


def text_of(template: str, kind: ConnectionKind) -> tuple[str, str]:
    """Subject and text of the program. Raises KeyError for a template there is not."""
    found = TEMPLATES[template]
    return (found.kinds or {}).get(kind, (found.subject, found.text))


def fill(text: str, values: Mapping[str, Any] | None) -> str:
    """The text with its values; lines that come out empty are left out. Without values they were erased."""
    if values is None:
        return _HOLE.sub(ERASED, text)
    filled = (_HOLE.sub(lambda hole: str(values.get(hole[1], "")), line).strip() for line in text.split("\n"))
    return "\n".join(line for line in filled if line)
