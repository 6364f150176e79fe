"""One try: within its time, through the guard, and with whatever comes of it as a result."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

import httpx

from backend.core.json import storable_json
from backend.core.logs import logger
from backend.deliveries.channel import Channel, Exchange, Fault, Message, Outcome, Result, Secrets, Target
from backend.deliveries.egress import EgressRefusedError
from models.core.base import as_storable
from models.deliveries.letters import ANSWER_MOST

log = logger(__name__)

SECONDS: Final = 10.0
"""For all of it: httpx limits each phase, and an answer that trickles in would last for ever."""
_REQUEST_MOST: Final = 20_000
_MASK: Final = "••••"
_LETS_IN: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


async def attempt(
    channel: Channel, client: httpx.AsyncClient, target: Target, message: Message, within: float = SECONDS
) -> tuple[Result, float]:
    """What a try came to, and the seconds it took. Only cancelling it raises."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(within):
            result = await channel.send(client, target, message)
    except TimeoutError:
        result = Result(Outcome.RETRY, f"no answer within {within:g} s")
    except EgressRefusedError as error:
        result = Result(Outcome.MISCONFIGURED, str(error), cause=Fault.EGRESS)
    except httpx.InvalidURL as error:
        result = Result(Outcome.MISCONFIGURED, f"the address is none: {error}", cause=Fault.ADDRESS)
    except (httpx.HTTPError, OSError) as error:
        result = Result(Outcome.RETRY, f"{type(error).__name__}: {error}"[:300])
    except Exception as error:  # a fault of ours must not stop the lane without a word
        log.exception("a channel failed", kind=channel.kind, message=message.id, exc_info=error)
        result = Result(Outcome.RETRY, f"the channel failed: {type(error).__name__}")
    return masked(result, target.secrets), time.monotonic() - begun


def masked(result: Result, secrets: Secrets) -> Result:
    """Without any secret, and with no more of an answer than is kept."""

    def mask(text: str) -> str:
        for secret in secrets.valid:
            text = text.replace(secret, _MASK)
        return text

    def headers(given: Any) -> dict[str, str]:
        return {name: _MASK if name.lower() in _LETS_IN else mask(str(value)) for name, value in given.items()}

    each = result.exchange
    exchange = Exchange(
        request_line=mask(each.request_line),
        request_headers=headers(each.request_headers),
        request_body=mask(each.request_body)[:_REQUEST_MOST],
        answer_headers=headers(each.answer_headers),
        answer_body=mask(each.answer_body).encode()[:ANSWER_MOST].decode(errors="ignore"),
    )
    return replace(result, words=as_storable(mask(result.words)), exchange=exchange)


def without_bodies(exchange: Exchange) -> Exchange:
    """Of what names a person neither request nor answer is kept."""
    return replace(exchange, request_body="", answer_body="")


def as_json(exchange: Exchange) -> dict[str, Any]:
    """An exchange as it is kept beside its letter."""
    found: dict[str, Any] = storable_json(
        {
            "requestLine": exchange.request_line,
            "requestHeaders": dict(exchange.request_headers),
            "requestBody": exchange.request_body,
            "answerHeaders": dict(exchange.answer_headers),
            "answerBody": exchange.answer_body,
        }
    )
    return found
