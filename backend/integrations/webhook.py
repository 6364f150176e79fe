"""A webhook signed by Standard Webhooks, for systems that want to hear of audit entries or notices."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backend.deliveries import Message, Result, Target, signed_headers
from backend.integrations.http_exchange import Exchanger, NoAnswer
from models.deliveries.connections import ConnectionKind, ConnectionSettings, WebhookSettings

if TYPE_CHECKING:
    import httpx

_OTHER_KEY = "It checks the signature by another secret: set the same one on both sides, then test."
ADVICE = {
    400: "It expects another form of request: compare the request below with what it wants.",
    401: _OTHER_KEY,
    403: _OTHER_KEY,
    404: "The address has changed or was mistyped: enter the right one, then test.",
    405: "The address does not take POST: enter the one meant for webhooks, then test.",
}


class WebhookChannel:
    """Channel of kind ``webhook``. Any status from 200 to 299 means that it arrived."""

    kind = ConnectionKind.WEBHOOK
    width = 10
    rate: float | None = None
    one_by_one = False

    def ordered(self, settings: ConnectionSettings) -> bool:
        """As the connection says."""
        return isinstance(settings, WebhookSettings) and settings.ordered

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """POST it once."""
        settings = target.settings
        assert isinstance(settings, WebhookSettings)  # noqa: S101 - the sender picks the channel by them
        exchanger = Exchanger("The webhook", client, target.secrets)
        body = body_of(message)
        try:
            answer = await exchanger.ask("POST", settings.url, headers_of(target, message, body), body)
        except NoAnswer as none:
            return none.result
        return exchanger.by_status(answer, ADVICE)


def headers_of(target: Target, message: Message, body: bytes) -> dict[str, str]:
    """Signed at this instant: a message may be days old, and what is signed for longer than minutes is refused."""
    return {
        "Content-Type": "application/json",
        **signed_headers(target.secrets, message.id, datetime.now(UTC), body),
    }


def body_of(message: Message) -> bytes:
    """``type``, ``timestamp`` and ``data``; of a notice, its words are in ``data``."""
    data: dict[str, Any] = dict(message.data)
    if (notice := message.notice) is not None:
        data |= {
            "subject": notice.subject,
            "text": notice.text,
            "severity": notice.severity,
            "team": notice.team,
            "thread": notice.thread,
            "phase": notice.phase,
        }
    content = {"type": message.type, "timestamp": message.at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).encode()
