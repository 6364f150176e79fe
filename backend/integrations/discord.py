"""Discord by a webhook of one of its channels; the connection's secret is the webhook's token.

It stands in the address, which is therefore masked wherever it is kept.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backend.deliveries import Message, MessageKind, NoticePhase, Outcome, Result, Target
from backend.integrations.http_exchange import Answer, Exchanger, NoAnswer, base, cut
from backend.integrations.wording import chat_line, discord
from models.deliveries.connections import ConnectionKind, ConnectionSettings, DiscordSettings

if TYPE_CHECKING:
    import httpx

CONTENT_MOST = 2000
SUPPRESS_EMBEDS = 1 << 2
ROOT = "discord.message"
UNKNOWN_MESSAGE = 10008
_SNOWFLAKE = re.compile(r"[0-9]{1,24}")
_WEBHOOK = "The webhook was deleted or its token is another: make one in the channel's settings, enter both, then test."
_NONSENSE = "Discord gave an answer that makes no sense (HTTP 200). It is tried again by itself."
ADVICE = {
    400: "It could not read the message: look at the answer below.",
    401: _WEBHOOK,
    403: _WEBHOOK,
    404: _WEBHOOK,
}


class DiscordChannel:
    """Channel of kind ``discord``."""

    kind = ConnectionKind.DISCORD
    width = 1
    rate: float | None = 0.5  # 30 messages a minute and webhook are taken
    one_by_one = True

    def ordered(self, _settings: ConnectionSettings) -> bool:
        """People read from top to bottom."""
        return True

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """Post it; what only brings an earlier message up to date edits that one."""
        settings = target.settings
        assert isinstance(settings, DiscordSettings)  # noqa: S101 - the sender picks the channel by them
        exchanger = Exchanger("Discord", client, target.secrets)
        url = f"{base(settings.url)}/webhooks/{settings.webhook_id}/{quote(target.secrets.current, safe='')}"
        if message.kind is MessageKind.CANARY:
            return await self._prove(exchanger, url)
        earlier = target.remembered.get(ROOT, "") if _edits(message) else ""
        try:
            if earlier:
                edit = f"{url}/messages/{quote(earlier, safe='')}"
                answer = await self._ask(exchanger, "PATCH", edit, _content(message))
                if not (answer.status == 404 and (answer.json() or {}).get("code") == UNKNOWN_MESSAGE):
                    return self._meaning(exchanger, answer)
            posted = await self._ask(exchanger, "POST", f"{url}?wait=true", _content(message))
            return self._meaning(exchanger, posted)
        except NoAnswer as none:
            return none.result

    async def _prove(self, exchanger: Exchanger, url: str) -> Result:
        """Whether webhook and token are still there: a webhook goes with its channel. Nobody sees it."""
        try:
            answer = await exchanger.ask("GET", url, {})
        except NoAnswer as none:
            return none.result
        if answer.status == 200 and (answer.json() or {}).get("id") is None:
            return exchanger.result(answer, Outcome.RETRY, _NONSENSE)
        return exchanger.by_status(answer, ADVICE, lambda status: status == 200)

    async def _ask(self, exchanger: Exchanger, method: str, url: str, content: dict[str, Any]) -> Answer:
        body = json.dumps(content, ensure_ascii=False).encode()
        return await exchanger.ask(method, url, {"Content-Type": "application/json"}, body)

    def _meaning(self, exchanger: Exchanger, answer: Answer) -> Result:
        if answer.status == 204:
            return exchanger.by_status(answer, ADVICE)
        if answer.status != 200:
            return exchanger.by_status(answer, ADVICE, lambda _status: False)
        message_id = (answer.json() or {}).get("id")
        if not isinstance(message_id, str) or not _SNOWFLAKE.fullmatch(message_id):
            return exchanger.result(answer, Outcome.RETRY, _NONSENSE)
        return exchanger.result(answer, Outcome.SENT, "Discord shows it in the channel.", remember={ROOT: message_id})


def _edits(message: Message) -> bool:
    return message.notice is not None and message.notice.phase is NoticePhase.UPDATED


def _content(message: Message) -> dict[str, Any]:
    heading, text = chat_line(message)
    # Escaping doubles a text at most, and must not be cut in the middle of a pair.
    content = f"**{discord(cut(heading, CONTENT_MOST // 8))}**\n{discord(cut(text, CONTENT_MOST // 3))}".strip()
    return {"content": content, "allowed_mentions": {"parse": []}, "flags": SUPPRESS_EMBEDS}
