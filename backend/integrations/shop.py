"""The shop that carries out verdicts: signed commands, one at a time.

Exactly once needs a shop that knows ids: it does a ``webhook-id`` once and answers 2xx each time. One that does not is
asked, before anything is repeated, at ``url/{id}``: 200 and ``{"state": "done"}``, ``"pending"`` or ``"unknown"``. Any
other answer says nothing, 404 included, which every server gives for addresses it does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from backend.deliveries import Message, Outcome, Result, Target
from backend.integrations.http_exchange import Exchanger, NoAnswer, base
from backend.integrations.webhook import ADVICE, body_of, headers_of
from models.deliveries.connections import ConnectionKind, ConnectionSettings, ShopSettings

if TYPE_CHECKING:
    import httpx


class NotSaidError(OSError):
    """The shop cannot say now what became of a command; it is asked again later."""


class ShopChannel:
    """Channel of kind ``shop``."""

    kind = ConnectionKind.SHOP
    width = 1
    rate: float | None = None
    one_by_one = True

    def ordered(self, _settings: ConnectionSettings) -> bool:
        """What is said about an order later must not overtake what was said before."""
        return True

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """Ask for it."""
        settings = _settings(target)
        exchanger = Exchanger("The shop", client, target.secrets)
        body = body_of(message)
        headers = {**headers_of(target, message, body), "Idempotency-Key": message.id}
        try:
            return exchanger.by_status(await exchanger.ask("POST", settings.url, headers, body), ADVICE)
        except NoAnswer as none:
            return none.result

    async def look_up(self, client: httpx.AsyncClient, target: Target, message: Message) -> bool | None:
        """Whether it is done; ``None`` when the shop does not say. Raises NotSaidError while it cannot."""
        exchanger = Exchanger("The shop", client, target.secrets)
        url = f"{base(_settings(target).url)}/{quote(message.id, safe='')}"
        try:
            answer = await exchanger.ask("GET", url, headers_of(target, message, b""))
        except NoAnswer as none:
            raise NotSaidError(none.result.words) from None
        if answer.status != 200:
            judged = exchanger.by_status(answer, ADVICE)
            if judged.outcome in {Outcome.RETRY, Outcome.WAIT}:
                raise NotSaidError(judged.words)
            return None
        match (answer.json() or {}).get("state"):
            case "done":
                return True
            case "unknown":
                return False
            case "pending":
                raise NotSaidError("The shop is still at it. It is asked again what became of it; nothing is repeated.")
            case _:
                return None


def _settings(target: Target) -> ShopSettings:
    assert isinstance(target.settings, ShopSettings)  # noqa: S101 - the sender picks the channel by them
    return target.settings
