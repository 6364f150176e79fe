"""PagerDuty by Events API v2: incidents opened, acknowledged and closed by a key; all else as a change event."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from backend.deliveries import Message, NoticePhase, Outcome, Result, Target
from backend.integrations.http_exchange import Exchanger, NoAnswer, base, cut
from backend.integrations.wording import words_of
from models.alerts import Severity
from models.deliveries.connections import ConnectionKind, ConnectionSettings, PagerDutySettings

if TYPE_CHECKING:
    import httpx

SUMMARY_MOST = 1024
DEDUP_KEY_MOST = 255
_SEVERITIES = {Severity.P1: "critical", Severity.P2: "error", Severity.P3: "warning", Severity.P4: "info"}
_ACTIONS = {
    NoticePhase.RAISED: "trigger",
    NoticePhase.UPDATED: "trigger",
    NoticePhase.NOTED: "trigger",
    NoticePhase.ACKNOWLEDGED: "acknowledge",
    NoticePhase.RESOLVED: "resolve",
}
_KEY = "Take the integration key of an Events API v2 integration from the service's page, set it, then test."
ADVICE = {
    400: f"It knows no such integration key, or the event is malformed. {_KEY}",
    401: _KEY,
    403: _KEY,
    404: "Leave the address at https://events.pagerduty.com, then test.",
}


class PagerDutyChannel:
    """Channel of kind ``pagerduty``."""

    kind = ConnectionKind.PAGERDUTY
    width = 1
    rate: float | None = 2.0  # 120 events a minute and key are taken
    one_by_one = True

    def ordered(self, _settings: ConnectionSettings) -> bool:
        """An incident closed before it is opened would stay open."""
        return True

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """Enqueue the event. A canary is a change event: the same key proves itself, and nobody is woken."""
        settings = target.settings
        assert isinstance(settings, PagerDutySettings)  # noqa: S101 - the sender picks the channel by them
        exchanger = Exchanger("PagerDuty", client, target.secrets)
        path, event = _event(message)
        body = json.dumps({"routing_key": target.secrets.current, **event}, ensure_ascii=False, default=str).encode()
        headers = {"Content-Type": "application/json"}
        try:
            answer = await exchanger.ask("POST", f"{base(settings.url)}/v2{path}", headers, body)
        except NoAnswer as none:
            return none.result
        if answer.status == 202 and (answer.json() or {}).get("status") != "success":
            words = "PagerDuty gave an answer that makes no sense (HTTP 202). It is tried again by itself."
            return exchanger.result(answer, Outcome.RETRY, words)
        return exchanger.by_status(answer, ADVICE, lambda status: status == 202)


def dedup_key(thread: str) -> str:
    """The key of a thread: itself, while it is short enough."""
    if len(thread) <= DEDUP_KEY_MOST:
        return thread
    return hashlib.sha256(thread.encode()).hexdigest()


def _event(message: Message) -> tuple[str, dict[str, Any]]:
    heading, text = words_of(message)
    at = message.at.astimezone(UTC).isoformat()
    notice = message.notice
    if notice is None:
        details = {"text": text, "id": message.id}
        payload = {"summary": cut(heading, SUMMARY_MOST), "source": "opsconsole", "timestamp": at}
        return "/change/enqueue", {"payload": {**payload, "custom_details": details}}
    event: dict[str, Any] = {"event_action": _ACTIONS[notice.phase], "dedup_key": dedup_key(notice.thread)}
    if event["event_action"] == "trigger":
        event["payload"] = {
            "summary": cut(heading, SUMMARY_MOST),
            "source": "opsconsole",
            "severity": _SEVERITIES.get(Severity(notice.severity), "error"),
            "timestamp": at,
            "group": notice.team,
            "class": message.type,
            "custom_details": {"text": text, "severity": notice.severity, "id": message.id},
        }
        event["client"] = "Operations console"
        if notice.link.startswith(("https://", "http://")):
            event["links"] = [{"href": notice.link, "text": "Open"}]
    return "/enqueue", event
