"""One request to an outside system and what came of it, for every channel that speaks HTTP.

Whatever the other side does ends as a ``Result`` in words; secrets are masked before anything is kept or said.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from backend.deliveries import Exchange, Fault, Outcome, Result, Secrets
from models.deliveries.letters import ANSWER_MOST

if TYPE_CHECKING:
    import httpx

REQUEST_MOST = 20 * 1024
READ_MOST = 64 * 1024
"""Bytes of an answer that are read; nobody who answers us has more to say."""
BODY_SECONDS = 5.0
"""For the body of an answer whose status is known."""
HEADERS_MOST = 40
HEADER_MOST = 300
MASK = "••••"
PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "webhook-signature"})
"""Headers whose values are secrets, or made by one, whatever they are."""
SHORTEST = 4
"""What is shorter stands everywhere."""

Advice = Mapping[int, str]
"""What to do about a status, in the words of one system."""


class Masked:
    """Takes secrets out of what is kept and said, in each form in which they may stand there."""

    def __init__(self, secrets: Secrets, *more: str) -> None:
        """``more``: what is made of a secret so that it could be had back from it."""
        forms = {*filter(None, more), *(form for each in secrets.valid for form in _forms(each))}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text


def _forms(secret: str) -> Iterable[str]:
    for part in {secret, secret.removeprefix("whsec_")} if len(secret) >= SHORTEST else ():
        yield part
        yield quote(part, safe="")
        yield quote(part)
        yield json.dumps(part)[1:-1]
        yield base64.b64encode(part.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. ``body`` is as much as was read, ``whole`` whether that is all."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    exchange: Exchange

    def json(self) -> dict[str, Any] | None:
        """The body as an object; ``None`` when it is something else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


class NoAnswer(Exception):  # noqa: N818 - it carries a result, which may be anything
    """There was none; the result says why."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.words)
        self.result = result


class Exchanger:
    """Speaks to one system for one try. ``who`` names it at the head of a sentence, such as ``The shop``."""

    def __init__(self, who: str, client: httpx.AsyncClient, secrets: Secrets, *, seconds: float = BODY_SECONDS) -> None:
        self._who = who
        self._client = client
        self._seconds = seconds
        self.masked = Masked(secrets)

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
    ) -> Answer:
        """One request. Raises NoAnswer, and whatever the egress guard raises."""
        import httpx  # a fifth of a second that only those pay who send

        host, shown = self._address(url)
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            words = "has a secret that no header can carry. Set it again, without line breaks or special letters."
            raise self._misconfigured(words, Fault.SECRET)
        sent = {"User-Agent": "opsconsole", "Accept-Encoding": "identity", **headers}
        exchange = Exchange(
            request_line=self.masked(f"{method} {shown}"),
            request_headers=self._headers(sent.items()),
            request_body=self._cut(body, REQUEST_MOST),
        )
        try:
            request = self._client.build_request(method, url, content=body, headers=sent)
            response = await self._client.send(request, stream=True, follow_redirects=False)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise self._misconfigured(_NO_ADDRESS, Fault.ADDRESS) from None
        except httpx.HTTPError as error:
            words, reached = _no_answer(host, error)
            words = self.masked(f"{self._who} {words}")
            raise NoAnswer(Result(Outcome.RETRY, words, exchange=exchange, reached=reached)) from None
        try:
            content, whole = await self._read(response)
        finally:
            await response.aclose()
        exchange = replace(
            exchange,
            answer_headers=self._headers(response.headers.multi_items()),
            answer_body=self._cut(content, ANSWER_MOST),
        )
        return Answer(response.status_code, response.headers, content, whole, exchange)

    def _address(self, url: str) -> tuple[str, str]:
        """The host of an address, and the address as it may be shown: in their queries some keep secrets."""
        try:
            parts = urlsplit(url)
        except ValueError:
            raise self._misconfigured(_NO_ADDRESS, Fault.ADDRESS) from None
        return parts.hostname or "", f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?…" if parts.query else "")

    def _misconfigured(self, words: str, cause: Fault) -> NoAnswer:
        """Before anything was sent."""
        return NoAnswer(Result(Outcome.MISCONFIGURED, f"{self._who} {words}", reached=False, cause=cause))

    async def _read(self, response: httpx.Response) -> tuple[bytes, bool]:
        """The body as far as it comes: what the status says is true without it."""
        import httpx

        content = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                async for part in response.aiter_raw():
                    content += part
                    if len(content) >= READ_MOST:
                        return bytes(content[:READ_MOST]), False
        except (httpx.HTTPError, TimeoutError):
            return bytes(content), False
        return bytes(content), True

    def result(
        self,
        answer: Answer,
        outcome: Outcome,
        words: str,
        *,
        retry_after: float | None = None,
        remember: Mapping[str, str] | None = None,
        cause: Fault | None = None,
    ) -> Result:
        """What an answer comes to."""
        return Result(
            outcome,
            self.masked(words),
            status=answer.status,
            retry_after=retry_after,
            exchange=answer.exchange,
            remember=remember or {},
            cause=cause,
        )

    def by_status(self, answer: Answer, advice: Advice, accepted: Callable[[int], bool] | None = None) -> Result:
        """What an answer comes to by its status alone. ``accepted`` by default: any of the 200s."""
        status, who = answer.status, self._who
        taken = accepted(status) if accepted is not None else 200 <= status < 300
        if taken:
            return self.result(answer, Outcome.SENT, f"{who} took it (HTTP {status}).")
        pause = retry_after(answer.headers)
        if status == 429 or (status == 503 and pause is not None):
            until = "" if pause is None else f" of {_duration(pause)}"
            words = f"{who} asks for a pause{until} (HTTP {status}). It is sent after that; nothing is to be done."
            return self.result(answer, Outcome.WAIT, words, retry_after=pause)
        outcome, words, cause = _refusal(status)
        words = f"{who} {words} (HTTP {status}). {advice.get(status, _ADVICE[outcome])}"
        return self.result(answer, outcome, words, retry_after=pause, cause=cause)

    def _headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {
            name: MASK if name.lower() in PRIVATE else self.masked(value)[:HEADER_MOST]
            for name, value in list(headers)[:HEADERS_MOST]
        }

    def _cut(self, content: bytes, most: int) -> str:
        return kept(self.masked(content.decode(errors="replace")), most)


_NO_ADDRESS = "has an address that cannot be used. Enter it anew, from https:// on."
_ADVICE = {
    Outcome.RETRY: "It is tried again by itself; if it goes on, ask those who run that system.",
    Outcome.MISCONFIGURED: "Check address and secret of this connection, then test it; everything is kept until then.",
    Outcome.REFUSED: "Look at the request and the answer below; other messages go on.",
    Outcome.GONE: "Ask those who run that system for a new address, or remove this connection's secret.",
}


def _refusal(status: int) -> tuple[Outcome, str, Fault]:
    match status:
        case 410:
            return Outcome.GONE, "says that this address has been given up for good", Fault.GONE
        case 401 | 403:
            return Outcome.MISCONFIGURED, "refused the secret or what it may do", Fault.SECRET
        case 404:
            return Outcome.MISCONFIGURED, "does not know this address", Fault.ADDRESS
        case 400:
            return Outcome.MISCONFIGURED, "could not read the request", Fault.REQUEST
        case 409 | 413 | 422:
            return Outcome.REFUSED, "will not take this message", Fault.MESSAGE
        case 408 | 425:
            return Outcome.RETRY, "was not ready for the request", Fault.BROKEN
        case _ if 300 <= status < 400:
            return Outcome.RETRY, "answered with a redirect, which is never followed", Fault.REDIRECT
        case _ if 400 <= status < 500:
            return Outcome.MISCONFIGURED, "refused the request", Fault.REQUEST
        case _ if status >= 500:
            return Outcome.RETRY, "has a fault of its own", Fault.BROKEN
        case _:
            return Outcome.RETRY, "gave an answer that makes no sense here", Fault.BROKEN


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait by the header, which may be a number or a date; ``None`` when it says neither."""
    given = headers.get("retry-after", "").strip()
    try:
        seconds = float(given)
    except ValueError:
        try:
            until = parsedate_to_datetime(given)
        except (ValueError, OverflowError):
            return None
        until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
        seconds = (until - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def base(url: str) -> str:
    """An address to which a path is added."""
    return url.rstrip("/")


def kept(masked: str, most: int) -> str:
    """What can be stored of a text, at most so many bytes. Masked before: a secret cut in two would not be found."""
    return masked.replace("\0", "�").encode(errors="replace")[:most].decode(errors="ignore")


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, whose end says when it is not all."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


def _no_answer(host: str, error: Exception) -> tuple[str, bool]:
    """Why there was none, and whether the request may have arrived nevertheless."""
    import httpx

    match error:
        case httpx.PoolTimeout():
            return "has too many requests under way already. It is tried again by itself.", False
        case httpx.ConnectTimeout():
            return (
                f"cannot be connected to: {host} does not react. Check that it runs and no firewall is between.",
                False,
            )
        case httpx.ConnectError():
            return f"cannot be connected to: {_connecting(host, error)}", False
        case httpx.TimeoutException():
            return "took the request and did not answer in time. It is tried again by itself.", True
        case _:
            return "broke off before its answer was whole. It is tried again by itself.", True


def _connecting(host: str, error: BaseException) -> str:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    said = " ".join(map(str, causes)).lower()
    if any(isinstance(each, ssl.SSLError) for each in causes) or "certificate" in said or "ssl" in said:
        return f"{host} shows no valid certificate of its own, or does not speak TLS. Renew it, or correct the address."
    if "leads nowhere" in said or ("name" in said and ("known" in said or "resolution" in said)):
        return f"nothing is called {host}. Check the spelling of the address."
    return f"nobody listens at {host}. Check the address and that the system runs."
