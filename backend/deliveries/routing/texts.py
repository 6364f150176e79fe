"""What notices say, as the program has it: the first version of each template, until somebody changes it.

``{name}`` stands for a value. Nothing else is special, and what is filled in is never looked at again: a value with
braces in it stays as it is. Channels make the whole text harmless for their system.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models.deliveries.connections import ConnectionKind

VERSION = 1
"""Of every text here. One that was changed by somebody begins with the next."""

ERASED = "What this said was erased."

_VALUE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BRACE = re.compile(r"[{}]")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True, slots=True)
class ProgramText:
    """One template."""

    subject: str
    text: str
    examples: Mapping[str, str]
    """The values it may name, each with a made-up one for previews."""


_LINK = {"link": "https://ops.example/alerts/7"}
_ALERT = {
    "title": "Downloads fail: 41 %, limit 5 %",
    "severity": "P1",
    "since": "24 Nov 14:02 UTC",
    "guidance": "Look at the download servers in the War room.\nCall whoever is on duty for them.",
    "actor": "Ada Lovelace",
    "comment": "I am looking",
    **_LINK,
}
_APPROVAL = {
    "title": "Role Finance for Grace Hopper",
    "requester": "Ada Lovelace",
    "reason": "Month end",
    "expires": "25 Nov 14:02 UTC",
    **_LINK,
}
_ESCALATION = {
    "team": "finance",
    "order": "CS-48001",
    "amount": "249.60 EUR",
    "score": "87",
    "rules": "Velocity of the card, Country of the card",
    "actor": "Ada Lovelace",
    "notes": "Please look at the invoice address",
    **_LINK,
}
_INCIDENT = {
    "reference": "INC-0142",
    "title": "EU downloads failing",
    "severity": "SEV2",
    "status": "acknowledged",
    "description": "Signed links from fra2 end too early; downloads of EU customers fail.",
    "since": "24 Nov 11:20 UTC",
    "services": "downloads",
    "commander": "Mei Kato",
    "actor": "Ada Lovelace",
    "comment": "Traffic moves to ams1",
    **_LINK,
}
_INCIDENT_UPDATE = {**_INCIDENT, "text": "All EU downloads go through Amsterdam now.", "next": "24 Nov 14:36 UTC"}
_REPORT = {"title": "Risk report October 2026", "period": "October 2026", **_LINK}
_TAX = {
    "title": "EU-OSS 2026-07-01 to 2026-09-30",
    "period": "2026-07-01 to 2026-09-30",
    "due": "2026-10-31",
    "blockers": "2",
    "actor": "Ada Lovelace",
    "reason": "The number of the registration was wrong",
    **_LINK,
}
_REVIEW = {"title": "Database down", "due": "24 Nov 2026", "owner": "Operations lead"}
_LAUNCH = {
    "launch": "Winter release",
    "role": "Support lead",
    "actor": "Ada Lovelace",
    "waiting": "Your GO of round 2 is void, vote again. Changed since: Checkout errors\nItem 7 is late: Chat cover",
}
_CODE = {"code": "482913", "minutes": "15", "person": "Ada Lovelace"}
_PAGE = {
    "title": "INC-0142: downloads fail",
    "severity": "P1",
    "policy": "Operations, P1 and P2",
    "since": "24 Nov 14:02 UTC",
    "why": "Mei Tanaka and Rui Costa are paged: nobody has answered for 5 minutes.",
    "actor": "Ada Lovelace",
    "reason": "I am looking",
    **_LINK,
}
_PRIVACY = {"title": "Erasure PR-0012", "due": "27 Nov 2026 23:00 UTC", "owner": "Jana Lindqvist"}
_DIGEST = {"count": "4", "day": "24 Nov 2026", "lines": "P3 · Access differs\nP4 · Report is ready"}

TEXTS: Mapping[tuple[str, ConnectionKind | None], ProgramText] = {
    ("alert.raised", None): ProgramText("{title}", "Since {since}.\n\n{guidance}", _ALERT),
    ("alert.updated", None): ProgramText("{title}", "Since {since}, and still so.\n\n{guidance}", _ALERT),
    ("alert.acknowledged", None): ProgramText("{title}", "{actor} has acknowledged it. {comment}", _ALERT),
    ("alert.resolved", None): ProgramText("{title}", "It has passed. It began {since}.", _ALERT),
    ("approval.waiting", None): ProgramText(
        "Waits for approval: {title}", "{requester} asks for it until {expires}: {reason}", _APPROVAL
    ),
    ("approval.ended", None): ProgramText("No longer waits: {title}", "{requester} had asked for it.", _APPROVAL),
    ("risk.escalated", None): ProgramText(
        "Order {order} for {team}",
        "{actor} asks {team} to look at order {order} of {amount}, score {score} ({rules}).\n\n{notes}",
        _ESCALATION,
    ),
    ("incident.opened", None): ProgramText(
        "{severity} {reference}: {title}",
        "{description}\n\nSince {since}. Command: {commander}.\n\n{link}",
        _INCIDENT,
    ),
    ("incident.changed", None): ProgramText(
        "{severity} {reference}: {title}", "{status}, by {actor}. {comment}\n\nCommand: {commander}.", _INCIDENT
    ),
    ("incident.worse", None): ProgramText(
        "{reference} is {severity} now: {title}", "By {actor}. {comment}\n\nCommand: {commander}.", _INCIDENT
    ),
    ("incident.resolved", None): ProgramText(
        "{reference} is resolved: {title}", "By {actor}. {comment}\n\nIt began {since}.", _INCIDENT
    ),
    ("incident.role", None): ProgramText(
        "{reference}: {title}", "{comment}\n\n{severity}, {status}, since {since}. Asked by {actor}.", _INCIDENT
    ),
    ("incident.overdue", None): ProgramText(
        "{reference}: an update is overdue", "{comment} {title}, {severity}, command: {commander}.", _INCIDENT
    ),
    ("incident.update", None): ProgramText(
        "{reference}: {title}", "{text}\n\n{severity}, {status}. Next update: {next}.", _INCIDENT_UPDATE
    ),
    ("incident.investigating", None): ProgramText(
        "Investigating", "We are looking into {title}. It began {since}. What we find is told here.", _INCIDENT
    ),
    ("incident.identified", None): ProgramText(
        "Identified", "The cause of {title} is known, and we are putting it right.", _INCIDENT
    ),
    ("incident.monitoring", None): ProgramText(
        "Monitoring", "{title}: it works again, and we are watching it.", _INCIDENT
    ),
    ("incident.over", None): ProgramText("Resolved", "{title} is over. It began {since}.", _INCIDENT),
    ("report.ready", None): ProgramText("{title} is ready", "It covers {period}.", _REPORT),
    ("report.tax_ready", None): ProgramText(
        "Tax report {title} waits for approval",
        "Documents and report agree to the cent. Somebody who did not prepare it approves it; it is due on {due}.",
        _TAX,
    ),
    ("report.tax_blocked", None): ProgramText(
        "Tax report {title} cannot be approved yet",
        "{blockers} things keep it from being approved: see what blocks it, and generate it again. It is due on {due}.",
        _TAX,
    ),
    ("report.tax_approved", None): ProgramText(
        "Tax report {title} is approved", "{actor} approved it. It is due on {due}.", _TAX
    ),
    ("report.tax_rejected", None): ProgramText(
        "Tax report {title} was rejected", "{actor} rejected it: {reason}\n\nIts period is open again.", _TAX
    ),
    ("report.tax_delivered", None): ProgramText(
        "Tax report {title} was delivered", "An acknowledgement is awaited. It is due on {due}.", _TAX
    ),
    ("runbook.review", None): ProgramText(
        "Runbook to review: {title}",
        "Its review was due on {due}, and it is kept by {owner}. Read it in the operations console, correct what has "
        "changed, and set the next day of review.",
        _REVIEW,
    ),
    ("launch.asked_again", None): ProgramText(
        "{launch} waits for {role}", "{actor} asks {role} again.\n\n{waiting}", _LAUNCH
    ),
    ("contact.code", None): ProgramText(
        "Your code: {code}",
        "Enter {code} in the operations console within {minutes} minutes, so that it may write to this address. "
        "Nobody has entered it yet; if it was not you who asked, do nothing.",
        _CODE,
    ),
    ("digest.daily", None): ProgramText("{count} notices of {day}", "{lines}", _DIGEST),
    ("oncall.page", None): ProgramText(
        "Page {severity}: {title}",
        "{why}\n\nSince {since}, by “{policy}”. Acknowledge it in the console.\n\n{link}",
        _PAGE,
    ),
    ("oncall.page.acknowledged", None): ProgramText("{title}", "{actor} has acknowledged the page. {reason}", _PAGE),
    ("oncall.page.resolved", None): ProgramText("{title}", "The page is over. {reason}", _PAGE),
    ("oncall.page.test", None): ProgramText(
        "Test of your page", "{actor} tests whether pages reach you. Acknowledge it in the console.", _PAGE
    ),
    ("privacy.late", None): ProgramText(
        "{title} is past our own date",
        "By law it is due on {due}. It is looked after by {owner}. Open it in the Privacy workspace.",
        _PRIVACY,
    ),
    # Pagers read the subject out; what woke somebody says how bad it is first.
    ("alert.raised", ConnectionKind.PAGERDUTY): ProgramText(
        "{severity}: {title}", "Since {since}.\n\n{guidance}\n\n{link}", _ALERT
    ),
}
"""By name and kind of connection; ``None``: on every kind that has no text of its own."""


def program_text(name: str, kind: ConnectionKind | None) -> ProgramText:
    """That of a kind, or else of all. Raises KeyError for a name there is not."""
    return TEXTS.get((name, kind)) or TEXTS[name, None]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its values; one that is missing leaves nothing behind."""
    filled = _VALUE.sub(lambda found: values.get(found[1], ""), text)
    return _EMPTY_LINES.sub("\n\n", filled).strip()


def text_blocker(text: str, names: frozenset[str]) -> str | None:
    """Why a text cannot be a template with these values; ``None`` when it can."""
    unknown = sorted({name for name in _VALUE.findall(text) if name not in names})
    if unknown:
        return f"There is no value {{{unknown[0]}}} here. It may name: {', '.join(sorted(names))}."
    if _BRACE.search(_VALUE.sub("", text)):
        return "A brace stands alone. Braces only go around the name of a value, such as {title}."
    return None
