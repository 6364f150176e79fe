"""Mail against a real server: sign-in, protection, refusals for a time and for good, and nothing sent twice."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from backend.deliveries import Message, MessageKind, NoticePhase, Outcome, Result, Secrets, Target
from backend.integrations.smtp import TAKEN, SmtpChannel
from models.deliveries.connections import ConnectionKind, SmtpSecurity, SmtpSettings
from tests.backend.integrations.fixtures import HOST, SECRETS, certificate, message, notice
from tests.backend.integrations.stand_ins import http

USER, PASSWORD = "ops", SECRETS[ConnectionKind.SMTP]
TEAM, LEAD = "team@shop.example", "lead@shop.example"


@dataclass
class Handler:
    """What a mail server does, and what it was told."""

    recipients: dict[str, str] = field(default_factory=dict)
    """Its answers by recipient, where they are no."""
    sender: str = ""
    data: str = "250 OK: queued"
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - a name of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.sender:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - a name of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - a name of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.data.startswith("2"):
            content = cast("bytes", envelope.content)
            self.mails.append(
                (list(envelope.rcpt_tos), cast("EmailMessage", message_from_bytes(content, policy=default)))
            )
        return self.data


@dataclass
class Server:
    """One that runs."""

    port: int
    handler: Handler
    trusted: ssl.SSLContext


@asynccontextmanager
async def mail_server(
    folder: Path, security: SmtpSecurity = SmtpSecurity.NONE, **options: Any
) -> AsyncIterator[Server]:
    """One of aiosmtpd, on loopback."""
    public, private = certificate()
    (folder / "server.pem").write_bytes(public + private)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(folder / "server.pem")
    handler = Handler()
    if security is SmtpSecurity.STARTTLS:
        options = {"tls_context": theirs, "require_starttls": True, **options}
    running: list[asyncio.Transport] = []

    def protocol() -> SMTP:
        made = SMTP(handler, hostname=HOST, **options)
        connected = made.connection_made

        def connection_made(transport: asyncio.BaseTransport) -> None:
            running.append(cast("asyncio.Transport", transport))
            connected(transport)

        made.connection_made = connection_made
        return made

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=theirs if security is SmtpSecurity.TLS else None
    )
    try:
        yield Server(
            server.sockets[0].getsockname()[1], handler, ssl.create_default_context(cadata=public.decode("ascii"))
        )
    finally:
        server.close()
        for transport in running:
            transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


async def loopback(host: str, _port: int) -> Sequence[str]:
    """As the guard would, whatever the name."""
    del host
    return ["127.0.0.1"]


async def send(
    server: Server,
    what: Message,
    *,
    security: SmtpSecurity = SmtpSecurity.NONE,
    remembered: dict[str, str] | None = None,
    secret: str = PASSWORD,
    context: ssl.SSLContext | None = None,
    host: str = HOST,
    seconds: float = 10.0,
    **changed: Any,
) -> Result:
    settings = SmtpSettings(
        host=host, port=server.port, security=security, sender="ops@shop.example", recipients=(TEAM, LEAD), **changed
    )
    channel = SmtpChannel(loopback, context or server.trusted, seconds=seconds)
    async with http() as client:
        return await channel.send(client, Target("c-1", settings, Secrets(secret), remembered or {}), what)


async def test_a_mail_arrives_and_says_what_it_is(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        result = await send(server, notice(subject="Zahlungen schlagen fehl – über 5 %\r\nBcc: x@evil.example"))
        await send(server, notice(NoticePhase.RESOLVED, recipients=("ada@shop.example",)))
    assert (result.outcome, result.status) == (Outcome.SENT, 250)
    (to, first), (alone, second) = server.handler.mails
    assert (to, alone) == ([TEAM, LEAD], ["ada@shop.example"])
    assert first["Subject"] == "[P1] Zahlungen schlagen fehl – über 5 % Bcc: x@evil.example"
    assert second["Subject"] == "[P1] Resolved: Downloads fail"
    assert first["Bcc"] is None
    assert TEAM not in first.as_string()
    assert first["Message-ID"] == "<0198c0de-0000-7000-8000-000000000007@shop.example>"
    assert first["References"] == second["References"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content_type() == "text/plain"
    text = first.get_content()
    assert "41 % of downloads failed" in text
    assert "https://ops.shop.example/alerts/7" in text


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
async def test_mail_goes_protected_after_signing_in(tmp_path: Path, security: SmtpSecurity) -> None:
    options = {"authenticator": sign_in, "auth_required": True}
    if security is SmtpSecurity.TLS:
        options["auth_require_tls"] = False  # it is inside TLS, which aiosmtpd cannot see
    async with mail_server(tmp_path, security, **options) as server:
        sent = await send(server, notice(), security=security, user=USER)
        wrong = await send(server, notice(), security=security, user=USER, secret="wrong password")
        nobody = await send(server, notice(), security=security)
    assert sent.outcome is Outcome.SENT
    assert (wrong.outcome, wrong.status) == (Outcome.MISCONFIGURED, 535)
    assert "user name or password" in wrong.words
    assert (nobody.outcome, nobody.status) == (Outcome.MISCONFIGURED, 530)
    assert len(server.handler.mails) == 1
    for result in (sent, wrong, nobody):
        assert PASSWORD not in repr(result)
        assert "wrong password" not in repr(result)


@pytest.mark.expects_errors("handshake")
@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
async def test_a_certificate_of_another_is_not_trusted(tmp_path: Path, security: SmtpSecurity) -> None:
    async with mail_server(tmp_path, security) as server:
        unknown = await send(server, notice(), security=security, context=ssl.create_default_context())
        other = await send(server, notice(), security=security, host="other.shop.example")
    for result in (unknown, other):
        assert result.outcome is Outcome.RETRY
        assert "no valid certificate" in result.words
    assert server.handler.mails == []


async def test_protection_that_is_not_offered_is_not_done_without(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        result = await send(server, notice(), security=SmtpSecurity.STARTTLS, user=USER)
        no_sign_in = await send(server, notice(), user=USER)
    assert result.outcome is no_sign_in.outcome is Outcome.MISCONFIGURED
    assert "does not offer STARTTLS" in result.words
    assert "no way to sign in" in no_sign_in.words
    assert server.handler.mails == []


async def test_without_protection_mail_stays_on_this_machine() -> None:
    async def elsewhere(_host: str, _port: int) -> Sequence[str]:
        return ["192.0.2.1"]

    settings = SmtpSettings(host=HOST, security=SmtpSecurity.NONE, sender="ops@shop.example", recipients=(TEAM,))
    async with http() as client:
        result = await SmtpChannel(elsewhere).send(client, Target("c-1", settings, Secrets()), notice())
    assert (result.outcome, result.reached) == (Outcome.MISCONFIGURED, False)
    assert "another machine" in result.words


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("451 4.3.0 try again later", Outcome.RETRY),
        ("450 4.2.0 greylisted", Outcome.RETRY),
        ("550 5.7.1 no such user", Outcome.MISCONFIGURED),
        ("552 5.3.4 too large", Outcome.REFUSED),
    ],
)
async def test_recipients_may_be_refused_for_now_or_for_good(tmp_path: Path, answer: str, outcome: Outcome) -> None:
    async with mail_server(tmp_path) as server:
        server.handler.recipients = dict.fromkeys((TEAM, LEAD, "ada@shop.example"), answer)
        result = await send(server, notice())
        personal = await send(server, notice(recipients=("ada@shop.example",)))
    assert (result.outcome, result.status) == (outcome, int(answer[:3]))
    assert answer[4:] in result.exchange.answer_body
    # Somebody's own address that is gone is no fault of the connection.
    assert personal.outcome is (Outcome.REFUSED if answer.startswith("5") else Outcome.RETRY)
    assert result.words.endswith(".")


@pytest.mark.parametrize(
    ("answer", "outcome"), [("451 later", Outcome.RETRY), ("554 spam", Outcome.REFUSED), ("552 large", Outcome.REFUSED)]
)
async def test_the_text_may_be_refused(tmp_path: Path, answer: str, outcome: Outcome) -> None:
    async with mail_server(tmp_path) as server:
        server.handler.data = answer
        result = await send(server, notice())
    assert (result.outcome, result.status) == (outcome, int(answer[:3]))


async def test_the_sender_may_be_refused(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        server.handler.sender = "550 5.7.1 not you"
        result = await send(server, notice())
    assert (result.outcome, result.status) == (Outcome.MISCONFIGURED, 550)
    assert "sender" in result.words


async def test_who_has_it_already_does_not_get_it_again(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        server.handler.recipients = {LEAD: "451 later"}
        first = await send(server, notice())
        assert (first.outcome, first.status) == (Outcome.RETRY, 451)
        assert "1 of 2" in first.words
        server.handler.recipients = {}
        second = await send(server, notice(), remembered=dict(first.remember))
        assert second.outcome is Outcome.SENT
        # Of another message nobody has anything yet.
        await send(server, message(MessageKind.TEST), remembered=dict(first.remember))
    assert [to for to, _ in server.handler.mails] == [[TEAM], [LEAD], [TEAM, LEAD]]
    assert first.remember[TAKEN].split()[1:] == [TEAM]


async def test_some_who_are_refused_for_good_are_said_and_hold_nobody_up(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        server.handler.recipients = {LEAD: "550 gone"}
        result = await send(server, notice())
        later = await send(server, notice(), remembered={TAKEN: f"{notice().id} {TEAM}"})
    assert result.outcome is later.outcome is Outcome.SENT
    assert "1 of 2" in result.words
    assert [to for to, _ in server.handler.mails] == [[TEAM]]


async def test_a_canary_proves_the_recipients_and_sends_nothing(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        proven = await send(server, message(MessageKind.CANARY))
        server.handler.recipients = {LEAD: "550 gone"}
        failed = await send(server, message(MessageKind.CANARY))
    assert proven.outcome is Outcome.SENT
    assert failed.outcome is Outcome.MISCONFIGURED
    assert server.handler.mails == []


@pytest.mark.parametrize(
    "said",
    [b"", b"220 mail", b"554 go away\r\n", b"421 busy\r\n", b"554 ung\xfcltig \0\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"],
)
async def test_a_server_that_breaks_off_or_is_none(said: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running = Server(server.sockets[0].getsockname()[1], Handler(), ssl.create_default_context())
    result = await send(running, notice())
    server.close()
    await server.wait_closed()
    assert result.outcome is (Outcome.MISCONFIGURED if said.startswith(b"554") else Outcome.RETRY)
    assert result.words.endswith(".")
    assert "\0" not in result.exchange.answer_body
    result.exchange.answer_body.encode()


async def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running = Server(server.sockets[0].getsockname()[1], Handler(), ssl.create_default_context())
    result = await send(running, notice(), seconds=0.3)
    await ended.wait()
    server.close()
    await server.wait_closed()
    assert result.outcome is Outcome.RETRY
    assert "in time" in result.words


async def test_nobody_there_cannot_have_heard_it(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        pass
    result = await send(server, notice())
    assert (result.outcome, result.reached) == (Outcome.RETRY, False)
    assert HOST in result.words


async def test_addresses_that_mail_cannot_carry_are_said_to_be(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as server:
        result = await send(server, notice(recipients=("zoë@shop.example",)))
    assert (result.outcome, result.reached) == (Outcome.MISCONFIGURED, False)


@pytest.mark.parametrize("step", ["sender", "data", "recipients"])
@pytest.mark.parametrize("code", ["451", "550"])
async def test_no_secret_is_kept_or_said_whatever_a_server_repeats(
    tmp_path: Path, step: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    plain = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    forms = (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), plain)
    echo = f"{code} 5.7.1 you said {' '.join(forms)}"
    caplog.set_level("DEBUG", logger="aiosmtplib")
    options = {"authenticator": sign_in, "auth_required": True}
    async with mail_server(tmp_path, SmtpSecurity.STARTTLS, **options) as server:
        if step == "recipients":
            server.handler.recipients = {TEAM: echo, LEAD: echo}
        else:
            setattr(server.handler, step, echo)
        about = notice(text=f"{'about ' * 11}{' '.join(forms)} – ö")
        result = await send(server, about, security=SmtpSecurity.STARTTLS, user=USER)
    assert result.status == int(code)
    assert "Subject: [P1] Downloads fail" in result.exchange.request_body
    for form in forms:
        assert form not in repr(result)
    aiosmtplib_lines = [record.getMessage() for record in caplog.records if record.name.startswith("aiosmtplib")]
    assert not any(form in line for form in forms for line in aiosmtplib_lines)
