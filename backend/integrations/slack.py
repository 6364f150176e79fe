"""Slack: one message for each alert or incident, edited in place, and what happened to it in the thread below.

Slack answers 200 to almost everything: what it means is its ``ok`` and ``error``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from backend.deliveries import Fault, Message, MessageKind, NoticeAction, NoticePhase, Outcome, Result, Target
from backend.integrations.http_exchange import Answer, Exchanger, NoAnswer, base, cut, retry_after
from backend.integrations.wording import chat_line, slack, words_of
from models.deliveries.connections import ConnectionKind, ConnectionSettings, SlackSettings

if TYPE_CHECKING:
    import httpx

HEADER_MOST = 150
SECTION_MOST = 3000
LINK_MOST = 3000
TEXT_MOST = 3000
"""Before escaping, which may make five characters of one; Slack cuts at 40,000."""
ROOT = "slack.ts"
"""Under this name the timestamp of the message is remembered, which is its id in the channel."""

_BUTTONS = {NoticeAction.ACKNOWLEDGE: "Acknowledge", NoticeAction.CLAIM: "Claim", NoticeAction.OPEN: "Open"}
_TOKEN = "Slack refused the bot's token. Set a valid one from the app's page OAuth & Permissions, then test."  # noqa: S105 - words
_NONSENSE = "Slack gave an answer that makes no sense (HTTP 200). It is tried again by itself."
_SCOPE = "The bot may not write there: grant the app chat:write, install it again, then test."
_TOKEN_REFUSED = (
    "account_inactive",
    "invalid_auth",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "token_expired",
    "token_revoked",
)
_MISCONFIGURED = {
    "channel_not_found": "Slack knows no such channel, or the bot is not in it: enter its id anew and invite the bot.",
    "not_in_channel": "The bot is not in the channel: invite it there, then test.",
    "is_archived": "The channel was archived: enter the id of another one, or restore it, then test.",
    "no_permission": _SCOPE,
    "missing_scope": _SCOPE,
    "restricted_action": "The workspace does not let the bot write in this channel: ask who runs the workspace.",
    "team_access_not_granted": "The app is not installed in the channel's workspace: install it there, then test.",
    "ekm_access_denied": "The workspace's administrators have stopped all access: ask them.",
    "is_inactive": "The workspace is no longer in use: connect another one.",
    **dict.fromkeys(
        (
            "invalid_arg_name",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_json",
            "invalid_post_type",
            "json_not_object",
            "missing_post_type",
            "upgrade_required",
        ),
        "Slack no longer reads requests of this form: the console's server must be updated.",
    ),
    **dict.fromkeys(_TOKEN_REFUSED, _TOKEN),
}
_CAUSES = {
    **dict.fromkeys(("channel_not_found", "is_archived", "is_inactive"), Fault.ADDRESS),
    **dict.fromkeys(_TOKEN_REFUSED, Fault.SECRET),
}
_REFUSED = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
_LIMITED = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})
_LOST = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
"""The message of the thread can no longer be edited: a new one takes its place."""
_TS = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_CODE = re.compile(r"[a-z_]{1,60}")
ADVICE = {
    401: _TOKEN,
    403: _TOKEN,
    404: "Slack's address is another: leave https://slack.com/api, then test.",
}


class SlackChannel:
    """Channel of kind ``slack``."""

    kind = ConnectionKind.SLACK
    width = 1
    rate: float | None = 1.0
    one_by_one = True

    def ordered(self, _settings: ConnectionSettings) -> bool:
        """People read from top to bottom."""
        return True

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """Post it, or edit what stands there."""
        settings = target.settings
        assert isinstance(settings, SlackSettings)  # noqa: S101 - the sender picks the channel by them
        api = _Api(client, target, settings)
        root = target.remembered.get(ROOT, "") if message.notice is not None else ""
        try:
            if message.kind is MessageKind.CANARY:
                return await api.prove()
            if root:
                return await _go_on(api, message, root)
            return await api.call("chat.postMessage", _content(message), remember=message.notice is not None)
        except NoAnswer as none:
            return none.result


async def _go_on(api: _Api, message: Message, root: str) -> Result:
    """Edit the message of the thread, which may be repeated without harm; then add what people should notice."""
    edited = await api.call("chat.update", {**_content(message), "ts": root}, lost=True)
    if edited.outcome is Outcome.REFUSED and edited.words == LOST_WORDS:
        return await api.call("chat.postMessage", _content(message), remember=True)
    notice = message.notice
    if edited.outcome is not Outcome.SENT or notice is None or notice.phase is NoticePhase.UPDATED:
        return edited
    heading, text = words_of(message)
    reply = {
        "text": slack(cut(f"{heading}\n{text}", TEXT_MOST)),
        "mrkdwn": "false",
        "thread_ts": root,
        # Raised anew: whoever has left the thread must hear of it too.
        "reply_broadcast": str(notice.phase is NoticePhase.RAISED).lower(),
    }
    return await api.call("chat.postMessage", reply)


LOST_WORDS = "The message that was to be edited is no longer there."


class _Api:
    """Slack's methods, as a form: every argument a text."""

    def __init__(self, client: httpx.AsyncClient, target: Target, settings: SlackSettings) -> None:
        self._exchanger = Exchanger("Slack", client, target.secrets)
        self._settings = settings
        self._authorization = {"Authorization": f"Bearer {target.secrets.current}"}

    async def call(
        self, method: str, arguments: dict[str, str], *, remember: bool = False, lost: bool = False
    ) -> Result:
        """One method. Raises NoAnswer."""
        headers = {**self._authorization, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        form = urlencode({"channel": self._settings.channel, **arguments}).encode()
        answer = await self._exchanger.ask("POST", f"{base(self._settings.url)}/{method}", headers, form)
        if answer.status != 200:
            return self._exchanger.by_status(answer, ADVICE, lambda _status: False)
        return self._meaning(answer, remember=remember, lost=lost)

    async def prove(self) -> Result:
        """Whether the bot may write in the channel, by what Slack says of both: nobody sees it. Raises NoAnswer."""
        url = f"{base(self._settings.url)}/conversations.info?{urlencode({'channel': self._settings.channel})}"
        answer = await self._exchanger.ask("GET", url, self._authorization)
        if answer.status != 200:
            return self._exchanger.by_status(answer, ADVICE, lambda _status: False)
        said = answer.json() or {}
        if said.get("error") == "missing_scope":
            words = (
                "The bot may not look at the channel: grant the app channels:read, or groups:read for a private one."
            )
            return self._exchanger.result(answer, Outcome.MISCONFIGURED, words)
        channel = said.get("channel")
        if said.get("ok") is not True:
            return self._meaning(answer, remember=False, lost=False)
        if not isinstance(channel, dict):
            return self._exchanger.result(answer, Outcome.RETRY, _NONSENSE)
        scopes = set(answer.headers.get("x-oauth-scopes", "chat:write").replace(" ", "").split(","))
        anywhere = "chat:write.public" in scopes and channel.get("is_private") is not True
        words = ""
        if channel.get("is_archived") is True:
            words = f"{_MISCONFIGURED['is_archived']} (is_archived)"
        elif not any(scope.startswith("chat:write") for scope in scopes):
            words = f"{_SCOPE} (missing_scope)"
        elif channel.get("is_member") is False and not anywhere:
            words = f"{_MISCONFIGURED['not_in_channel']} (not_in_channel)"
        if words:
            return self._exchanger.result(answer, Outcome.MISCONFIGURED, words)
        return self._exchanger.result(
            answer, Outcome.SENT, "Slack lets the bot write in the channel (nothing was written)."
        )

    def _meaning(self, answer: Answer, *, remember: bool, lost: bool) -> Result:
        said = answer.json()
        result = self._exchanger.result
        if said is None or not isinstance(said.get("ok"), bool):
            return result(answer, Outcome.RETRY, _NONSENSE)
        if said["ok"]:
            ts = said.get("ts")
            return result(
                answer,
                Outcome.SENT,
                "Slack shows it in the channel.",
                remember={ROOT: ts} if remember and isinstance(ts, str) and _TS.fullmatch(ts) else None,
            )
        error = str(said.get("error", ""))
        code = error if _CODE.fullmatch(error) else "no reason"
        if lost and code in _LOST:
            return result(answer, Outcome.REFUSED, LOST_WORDS)
        if code in _LIMITED:
            words = "Slack asks for a pause: too much was written. It is sent after that; nothing is to be done."
            return result(answer, Outcome.WAIT, words, retry_after=retry_after(answer.headers))
        if code in _MISCONFIGURED:
            words = f"{_MISCONFIGURED[code]} ({code})"
            return result(answer, Outcome.MISCONFIGURED, words, cause=_CAUSES.get(code))
        if code in _REFUSED:
            words = f"Slack will not take this message ({code}). Shorten its template; other messages go on."
            return result(answer, Outcome.REFUSED, words)
        return result(answer, Outcome.RETRY, f"Slack did not take it ({code}). It is tried again by itself.")


def _content(message: Message) -> dict[str, str]:
    heading, text = chat_line(message)
    # Text of this type is shown as it stands: nothing in it links, pings or draws.
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(heading, HEADER_MOST), "emoji": False}}
    ]
    if text:
        section = {"type": "plain_text", "text": cut(text, SECTION_MOST), "emoji": False}
        blocks.append({"type": "section", "text": section})
    if buttons := _buttons(message):
        blocks.append({"type": "actions", "elements": buttons})
    return {
        "text": slack(cut(f"{heading}\n{text}".strip(), TEXT_MOST)),
        "blocks": json.dumps(blocks, ensure_ascii=False),
        "link_names": "false",
        "parse": "none",
    }


def _buttons(message: Message) -> list[dict[str, Any]]:
    """What may still be done. Open only where there is an address to open."""
    notice = message.notice
    if notice is None or notice.phase is NoticePhase.RESOLVED:
        return []
    elements: list[dict[str, Any]] = []
    for action in notice.actions:
        if action not in _BUTTONS or (action is NoticeAction.ACKNOWLEDGE and notice.phase is NoticePhase.ACKNOWLEDGED):
            continue
        element = {
            "type": "button",
            "action_id": action.value,
            "text": {"type": "plain_text", "text": _BUTTONS[action]},
            "value": notice.thread,
        }
        if action is NoticeAction.OPEN:
            if not notice.link.startswith(("https://", "http://")) or len(notice.link) > LINK_MOST:
                continue
            element["url"] = notice.link
        elements.append(element)
    return elements
