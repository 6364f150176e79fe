"""The shop that carries out verdicts: signed commands, one at a time.

Exactly once needs a shop that knows ids: it does a ``webhook-id`` once and answers 2xx each time. One that does not is
asked, before anything is repeated, at ``url/{id}``: 200 and ``{"state": "done"}``, ``"pending"`` or ``"unknown"``. Any
other answer says nothing, 404 included, which every server gives for addresses it does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from backend.deliveries import Message, MessageKind, Outcome, Result, Target
from backend.integrations.http_exchange import Exchanger, NoAnswer, base
from backend.integrations.webhook import ADVICE, body_of, headers_of
from models.deliveries.connections import ConnectionKind, ConnectionSettings, ShopSettings

if TYPE_CHECKING:
    import httpx

_UNSURE = (
    "Whether the shop has carried this out is not known, and it could not say ({why}). "
    "Look the order up in the shop, then mark the command as done or not done."
)


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
        """Ask for it, or first whether it was done already."""
        settings = target.settings
        assert isinstance(settings, ShopSettings)  # noqa: S101 - the sender picks the channel by them
        exchanger = Exchanger("The shop", client, target.secrets)
        try:
            if message.kind is MessageKind.COMMAND and message.attempt > 1 and not settings.knows_ids:
                known = await self._look_up(exchanger, settings, target, message)
                if known is not None:
                    return known
            body = body_of(message)
            headers = {**headers_of(target, message, body), "Idempotency-Key": message.id}
            return exchanger.by_status(await exchanger.ask("POST", settings.url, headers, body), ADVICE)
        except NoAnswer as none:
            return none.result

    async def _look_up(
        self, exchanger: Exchanger, settings: ShopSettings, target: Target, message: Message
    ) -> Result | None:
        """What became of it; ``None`` when the shop has not heard of it, so that it may be asked for."""
        url = f"{base(settings.url)}/{quote(message.id, safe='')}"
        answer = await exchanger.ask("GET", url, headers_of(target, message, b""))
        said = (answer.json() or {}).get("state") if answer.status == 200 else None
        match said:
            case "done":
                return exchanger.result(answer, Outcome.SENT, "The shop had done it already: only its answer was lost.")
            case "pending":
                words = "The shop is still at it. It is asked again what became of it; nothing is repeated."
                return exchanger.result(answer, Outcome.WAIT, words)
            case "unknown":
                return None
        judged = exchanger.by_status(answer, ADVICE)
        if judged.outcome in {Outcome.RETRY, Outcome.WAIT}:
            return judged
        why = f"HTTP {answer.status}" if answer.status != 200 else "it answered without a state"
        return exchanger.result(answer, Outcome.UNCERTAIN, _UNSURE.format(why=why))
