"""Every channel that speaks HTTP: what it takes for success, and what it makes of everything else."""

from __future__ import annotations

import gzip
import json
import logging
import ssl
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from openapi_core.exceptions import OpenAPIError

from backend.core import logs
from backend.deliveries import MessageKind, NoticePhase, Outcome, Result, Secrets, Target
from backend.integrations.channels import channels
from backend.integrations.http_exchange import retry_after
from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.descriptions import FILES, check, described
from tests.backend.integrations.fixtures import (
    HTTP,
    SECRETS,
    TAKEN,
    certificate,
    channel,
    message,
    no_addresses,
    notice,
    settings,
    tell,
)
from tests.backend.integrations.stand_ins import Fault, Play, http, stand_in

KINDS = pytest.mark.parametrize("kind", HTTP)
JSON_MEANS = {ConnectionKind.SLACK, ConnectionKind.PAGERDUTY, ConnectionKind.DISCORD}
"""They answer with what has to be read."""


def is_sentence(words: str) -> bool:
    """Whether an operator can read it."""
    return words[:1].isupper() and words.endswith((".", ")")) and "Error" not in words and "{" not in words


def test_every_kind_has_its_channel() -> None:
    made = channels(no_addresses)
    assert set(made) == set(ConnectionKind)
    for kind, its in made.items():
        assert its.kind is kind
        assert its.width >= 1
        assert its.rate is None or its.rate > 0


@KINDS
@pytest.mark.parametrize("phase", list(NoticePhase))
async def test_a_notice_arrives(kind: ConnectionKind, phase: NoticePhase) -> None:
    async with stand_in(kind, TAKEN[kind]) as vendor:
        told = await tell(vendor, kind, notice(phase))
    assert told.result.outcome is Outcome.SENT
    assert told.result.status == TAKEN[kind].status
    assert is_sentence(told.result.words)
    assert len(vendor.heard) == 1


@KINDS
@pytest.mark.parametrize("sent", [MessageKind.ENTRY, MessageKind.COMMAND, MessageKind.CANARY, MessageKind.TEST])
async def test_everything_else_arrives_too(kind: ConnectionKind, sent: MessageKind) -> None:
    proven = Play(200, {"ok": True, "channel": {"is_member": True}, "id": "1"})
    canary = sent is MessageKind.CANARY and kind in {ConnectionKind.SLACK, ConnectionKind.DISCORD}
    async with stand_in(kind, proven if canary else TAKEN[kind]) as vendor:
        told = await tell(vendor, kind, message(sent))
        assert told.result.outcome is Outcome.SENT
        again = await tell(vendor, kind, message(sent), told.remembered)
        assert again.result.outcome is Outcome.SENT


@described
@pytest.mark.parametrize("kind", list(FILES))
async def test_a_request_that_its_vendor_does_not_describe_is_noticed(kind: ConnectionKind) -> None:
    async with stand_in(kind, TAKEN[kind]) as vendor:
        await tell(vendor, kind, notice())
    [right] = vendor.heard
    if kind is ConnectionKind.SLACK:
        more, fewer = right.body + b"&chanel=1", right.body.replace(b"channel=", b"chanel=")
    else:
        more = json.dumps({**right.json, "txt": "1"}).encode()
        fewer = b"{}" if kind is not ConnectionKind.DISCORD else b""
    check(kind, right.method, right.path, right.headers, right.body)
    for path, body in [(right.path, more), (right.path, fewer), (f"{right.path}/nothing", right.body)]:
        with pytest.raises(OpenAPIError):
            check(kind, right.method, path.replace("?wait=true/", "/"), right.headers, body)


STATUSES = [
    (302, Outcome.RETRY),
    (400, Outcome.MISCONFIGURED),
    (401, Outcome.MISCONFIGURED),
    (403, Outcome.MISCONFIGURED),
    (404, Outcome.MISCONFIGURED),
    (405, Outcome.MISCONFIGURED),
    (410, Outcome.GONE),
    (413, Outcome.REFUSED),
    (422, Outcome.REFUSED),
    (429, Outcome.WAIT),
    (500, Outcome.RETRY),
    (502, Outcome.RETRY),
    (503, Outcome.RETRY),
]


@KINDS
@pytest.mark.parametrize(("status", "outcome"), STATUSES)
async def test_a_status_is_judged_and_said(kind: ConnectionKind, status: int, outcome: Outcome) -> None:
    play = Play(status, {"message": "no"}, {"Location": "http://169.254.169.254/"} if status == 302 else {})
    async with stand_in(kind, play) as vendor:
        result = (await tell(vendor, kind, notice())).result
    assert (result.outcome, result.status) == (outcome, status)
    assert str(status) in result.words
    assert is_sentence(result.words)
    assert result.exchange.answer_body == '{"message": "no"}'
    assert len(vendor.heard) == 1


@KINDS
@pytest.mark.parametrize("status", [429, 503])
async def test_a_pause_that_is_asked_for_is_kept(kind: ConnectionKind, status: int) -> None:
    async with stand_in(kind, Play(status, {}, {"Retry-After": "37"})) as vendor:
        result = (await tell(vendor, kind, notice())).result
    assert (result.outcome, result.retry_after) == (Outcome.WAIT, 37.0)
    assert "37 s" in result.words


def test_the_pause_may_be_a_date_or_nonsense() -> None:
    now = datetime(2026, 11, 24, 14, tzinfo=UTC)
    for given, seconds in {
        "120": 120.0,
        "0.5": 0.5,
        "-3": 0.0,
        format_datetime(now.replace(minute=10), usegmt=True): 600.0,
        format_datetime(now.replace(hour=3), usegmt=True): 0.0,
        "": None,
        "soon": None,
        "nan": None,
        "inf": None,
        "9" * 400: None,
        "Tue, 99 Nov 2026": None,
    }.items():
        assert retry_after(httpx.Headers({"Retry-After": given}), now) == seconds, given


@KINDS
@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.CLOSED, Fault.HALF_HEAD, Fault.NO_HTTP])
async def test_no_answer_is_tried_again(kind: ConnectionKind, fault: Fault) -> None:
    async with stand_in(kind, Play(fault=fault)) as vendor:
        result = (await tell(vendor, kind, notice(), seconds=0.5 if fault is Fault.SILENT else 10.0)).result
    assert (result.outcome, result.status, result.reached) == (Outcome.RETRY, None, True)
    assert is_sentence(result.words)
    assert result.exchange.request_line.startswith("POST http://127.0.0.1:")


NONSENSE = {
    "nothing": b"",
    "a page": b"<html>",
    "a list": b"[]",
    "other types": b'{"ok": "yes", "status": 1, "id": 7}',
    "no text": b"\xff\xfe",
    "too deep": b"[" * 60_000,
}


@KINDS
@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_an_answer_that_makes_no_sense_is_no_success_where_it_must_be_read(
    kind: ConnectionKind, body: bytes
) -> None:
    async with stand_in(kind, Play(TAKEN[kind].status, body)) as vendor:
        result = (await tell(vendor, kind, notice())).result
    assert result.outcome is (Outcome.RETRY if kind in JSON_MEANS else Outcome.SENT)
    assert is_sentence(result.words)


@KINDS
async def test_half_an_answer_counts_where_its_status_says_all(kind: ConnectionKind) -> None:
    play = Play(202 if kind in {ConnectionKind.PAGERDUTY, ConnectionKind.SENDGRID} else 200, b'{"ok": true}' * 9)
    async with stand_in(kind, Play(play.status, play.body, fault=Fault.HALF_BODY)) as vendor:
        result = (await tell(vendor, kind, notice())).result
    assert result.outcome is (Outcome.RETRY if kind in JSON_MEANS else Outcome.SENT)


async def test_a_body_that_never_comes_does_not_hold_up_what_the_status_says() -> None:
    play = Play(200, b"x" * 100, fault=Fault.STALLED)
    async with stand_in(ConnectionKind.WEBHOOK, play) as vendor:
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice(), seconds=0.5)).result
    assert result.outcome is Outcome.SENT


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async with stand_in(ConnectionKind.WEBHOOK, Play(500, b"x" * 3_000_000)) as vendor:
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice())).result
    assert result.outcome is Outcome.RETRY
    assert len(result.exchange.answer_body) == 2048


@KINDS
async def test_nobody_there_cannot_have_heard_it(kind: ConnectionKind) -> None:
    async with stand_in(kind) as vendor:
        pass
    result = (await tell(vendor, kind, notice())).result
    assert (result.outcome, result.reached) == (Outcome.RETRY, False)
    assert "nobody listens at 127.0.0.1" in result.words


@pytest.mark.parametrize("url", ["http://0177.0.0.1:99999999", "http://[::1", "http://", "http://a b/", "http://\x01/"])
async def test_an_address_that_is_none_is_said_to_be(url: str) -> None:
    async with stand_in(ConnectionKind.WEBHOOK) as vendor:
        to = settings(ConnectionKind.WEBHOOK, vendor.url).model_copy(update={"url": url})
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice(), to=to)).result
    assert result.reached is False
    assert result.outcome in {Outcome.MISCONFIGURED, Outcome.RETRY}
    assert is_sentence(result.words)


@pytest.mark.parametrize("secret", ["SG.with a line break\n", "SG.größe", "SG.\0"])
async def test_a_secret_that_no_header_can_carry_is_said_to_be_one(secret: str) -> None:
    async with stand_in(ConnectionKind.SENDGRID) as vendor, http() as client:
        target = Target("c-1", settings(ConnectionKind.SENDGRID, vendor.url), Secrets(secret))
        result = await channel(ConnectionKind.SENDGRID).send(client, target, notice())
    assert (result.outcome, result.reached) == (Outcome.MISCONFIGURED, False)
    assert "Set it again" in result.words
    assert vendor.heard == []


async def test_a_certificate_that_is_not_right_is_said(tmp_path: Path) -> None:
    public, private = certificate()
    (tmp_path / "server.pem").write_bytes(public + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    async with stand_in(ConnectionKind.WEBHOOK, tls=context) as vendor:
        to = settings(ConnectionKind.WEBHOOK, vendor.url.replace("http:", "https:"))
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice(), to=to)).result
    assert (result.outcome, result.reached) == (Outcome.RETRY, False)
    assert "no valid certificate" in result.words


async def test_an_answer_is_never_unpacked() -> None:
    bomb = gzip.compress(b"x" * 10_000_000)
    async with stand_in(ConnectionKind.WEBHOOK, Play(500, bomb, {"Content-Encoding": "gzip"})) as vendor:
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice())).result
    assert result.outcome is Outcome.RETRY
    assert vendor.heard[0].headers["accept-encoding"] == "identity"
    assert "xxx" not in result.exchange.answer_body


async def test_a_name_nobody_has_is_said_to_be() -> None:
    async with stand_in(ConnectionKind.WEBHOOK) as vendor:
        to = settings(ConnectionKind.WEBHOOK, "http://nobody.invalid")
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice(), to=to)).result
    assert (result.outcome, result.reached) == (Outcome.RETRY, False)
    assert "nobody.invalid" in result.words


def traces(secret: str) -> set[str]:
    """A secret as it is and as it stands in addresses."""
    parts = {secret, secret.removeprefix("whsec_")}
    return parts | {quote(part, safe="") for part in parts}


def everything(result: Result) -> str:
    return f"{result!r}"


@KINDS
async def test_no_secret_is_kept_or_said_or_logged_whatever_happens(
    kind: ConnectionKind, caplog: pytest.LogCaptureFixture
) -> None:
    secret, previous = SECRETS[kind], f"previous-{SECRETS[kind]}"
    echo = " ".join(sorted(traces(secret) | traces(previous)))
    plays = [
        *(
            Play(status, {"error": echo, "ok": False}, {"X-Echo": quote(echo), "Set-Cookie": echo})
            for status, _ in STATUSES
        ),
        Play(200, {"ok": False, "error": secret}),
        Play(200, echo.encode() * 200),
        TAKEN[kind],
        *(Play(200, echo.encode(), fault=fault) for fault in Fault),
    ]
    handlers = logging.getLogger().handlers[:]
    logs.configure("json")
    logging.getLogger().handlers[:] = handlers
    caplog.set_level(logging.INFO)
    for play in plays:
        async with stand_in(kind, play) as vendor:
            told = await tell(vendor, kind, notice(text=f"about {secret}"), previous=previous, seconds=0.5)
        assert vendor.heard
        for trace in traces(secret) | traces(previous):
            assert trace not in everything(told.result), (play, trace)
            assert trace not in caplog.text, (play, trace)


async def test_a_secret_in_the_query_of_an_address_is_not_kept() -> None:
    async with stand_in(ConnectionKind.WEBHOOK, Play(500)) as vendor:
        to = settings(ConnectionKind.WEBHOOK, vendor.url).model_copy(update={"url": f"{vendor.url}/h?key=abcdef"})
        result = (await tell(vendor, ConnectionKind.WEBHOOK, notice(), to=to)).result
    assert vendor.heard[0].path == "/h?key=abcdef"
    assert "abcdef" not in everything(result)


async def test_what_the_guard_raises_goes_through() -> None:
    class Refused(Exception):  # noqa: N818 - as the guard's own
        pass

    class Guarded(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            raise Refused

    async with stand_in(ConnectionKind.WEBHOOK) as vendor, http() as client:
        client._transport = Guarded()
        target = Target("c-1", settings(ConnectionKind.WEBHOOK, vendor.url), Secrets("x" * 12))
        with pytest.raises(Refused):
            await channel(ConnectionKind.WEBHOOK).send(client, target, notice())
