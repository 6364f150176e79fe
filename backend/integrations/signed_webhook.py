"""An outside system that is told things by signed requests; the shop, and people who hear of escalations, are two.

Each request is a POST of JSON with the headers ``Idempotency-Key``, ``Opsconsole-Timestamp`` (seconds since 1970) and
``Opsconsole-Signature``: ``v1=`` and the HMAC-SHA256, in hex, of timestamp, a full stop and the body. Any status from
200 to 299 means done. Everything else, silence included, is asked again with the same key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from backend.core.settings import Settings
from backend.risk import Escalation, PortError, ShopOrder
from models.risk.queue import EscalateTo

SECONDS = 10.0
"""For each of connecting, sending and waiting for the answer."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header says: v1= and the HMAC of timestamp and body."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """Where to send, and the secret both sides know."""

    url: str
    secret: SecretStr
    seconds: float = SECONDS

    async def send(self, event: str, key: str, values: Mapping[str, Any]) -> None:
        """Send one event, once. Raises PortError."""
        import httpx  # a fifth of a second that only those pay who send

        body = json.dumps({"event": event, "id": key, **values}, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Opsconsole-Timestamp": timestamp,
            "Opsconsole-Signature": signature(self.secret.get_secret_value(), timestamp, body),
        }
        try:
            async with httpx.AsyncClient(timeout=self.seconds, follow_redirects=False) as client:
                answer = await client.post(self.url, content=body, headers=headers)
        except httpx.TimeoutException:
            raise PortError(f"no answer within {self.seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PortError(f"{type(error).__name__}: {error}"[:300]) from None
        if not answer.is_success:
            raise PortError(f"answered {answer.status_code}")


class WebhookShop:
    """The port ``ShopPort`` on a webhook."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    async def release(self, order: ShopOrder) -> None:
        """Let it go on its way."""
        await self._send("order.release", order)

    async def refund(self, order: ShopOrder) -> None:
        """Give its money back."""
        await self._send("order.refund", order)

    async def cancel(self, order: ShopOrder) -> None:
        """End it."""
        await self._send("order.cancel", order)

    async def _send(self, event: str, order: ShopOrder) -> None:
        values = {"orderId": order.order_id, "amount": order.minor, "currency": order.currency}
        await self._hook.send(event, order.intent_id, values)


class WebhookNotifier:
    """The port ``NotifyPort`` on a webhook for each of those who may be told."""

    def __init__(self, hooks: Mapping[EscalateTo, SignedWebhook]) -> None:
        self._hooks = hooks

    async def escalate(self, to: EscalateTo, what: Escalation) -> None:
        """Tell them."""
        await self._hooks[to].send(
            "risk.escalated",
            what.message_id,
            {
                "to": to,
                "entryId": what.entry_id,
                "orderId": what.order_id,
                "score": what.score,
                "rules": what.rules,
                "amount": what.minor,
                "currency": what.currency,
                "by": what.by_name,
                "notes": what.notes,
            },
        )


def shop_of(settings: Settings) -> WebhookShop | None:
    """The shop these settings name; ``None``: off."""
    if settings.shop_webhook is None or settings.shop_webhook_secret is None:
        return None
    return WebhookShop(SignedWebhook(settings.shop_webhook, settings.shop_webhook_secret))


def notifier_of(settings: Settings, to: EscalateTo) -> WebhookNotifier | None:
    """Who hears of escalations to finance or support by these settings; ``None``: off."""
    url, secret = {
        EscalateTo.FINANCE: (settings.finance_webhook, settings.finance_webhook_secret),
        EscalateTo.SUPPORT: (settings.support_webhook, settings.support_webhook_secret),
    }[to]
    if url is None or secret is None:
        return None
    return WebhookNotifier({to: SignedWebhook(url, secret)})
