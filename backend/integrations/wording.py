"""Texts for people, made harmless for each system: what is data there must not ping, link or draw anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from backend.deliveries import Message, MessageKind, NoticePhase

LATE: Final = timedelta(minutes=1)
"""People are told within this time; what comes later says so, or they would take it for news."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"\s+")
_DISCORD = re.compile(r"([\\*_~`|<>\[\]()#@:+\-])|(?<=\d)(\.)(?=\s)")
_WEB = re.compile(r"https?://[\w./?=&%#:+,;~-]+")


def plain(text: str) -> str:
    """Without control characters and those that turn the direction of writing round."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """For subjects and headings."""
    return _SPACE.sub(" ", plain(text)).strip()


def slack(text: str) -> str:
    """For Slack's ``text``: these three are all that it reads as its own, ``<!channel>`` and links among it."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def discord(text: str) -> str:
    """For Discord's Markdown; addresses of the web stay as they are."""
    parts: list[str] = []
    end = 0
    text = plain(text)
    for found in _WEB.finditer(text):
        parts += [_DISCORD.sub(r"\\\1\2", text[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, _DISCORD.sub(r"\\\1\2", text[end:])])


def words_of(message: Message) -> tuple[str, str]:
    """Heading and text of a message for people, not yet escaped."""
    if message.notice is not None:
        text = plain(message.notice.text).strip()
        if message.waited >= LATE:
            minutes = message.waited // timedelta(minutes=1)
            waited = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"
            text = f"Sent {waited} late: it was written {message.at:%d %b %H:%M} UTC.\n{text}".strip()
        return one_line(message.notice.subject) or message.type, text
    at = f"{message.at:%Y-%m-%d %H:%M:%S} UTC"
    match message.kind:
        case MessageKind.CANARY:
            return "Operations console", f"This connection was proven at {at}."
        case MessageKind.TEST:
            return "Operations console: test", f"Somebody tested this connection at {at}. Nothing is to be done."
        case _:
            return one_line(message.type), "\n".join([*_lines(message.data), at])


def chat_line(message: Message) -> tuple[str, str]:
    """The same for a chat, where the heading says how bad it is and where it stands."""
    heading, text = words_of(message)
    notice = message.notice
    if notice is not None:
        heading = f"{notice.severity} · {heading}{_ENDINGS.get(notice.phase, '')}"
    return heading, text


_ENDINGS = {NoticePhase.ACKNOWLEDGED: " · acknowledged", NoticePhase.RESOLVED: " · resolved"}


def _lines(data: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {one_line(str(value))}" for name, value in data.items() if value not in (None, "")]
