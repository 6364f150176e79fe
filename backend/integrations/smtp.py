"""Mail by a server of one's own; the connection's secret is the password, where there is a user name.

Step by step, so that what is said names the step: connection, protection, sign-in, sender, recipients, text.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING

from backend.deliveries import Exchange, Fault, Message, MessageKind, Outcome, Resolve, Result, Target
from backend.integrations.http_exchange import REQUEST_MOST, Masked, kept
from backend.integrations.mail import subject_and_text, thread_headers
from models.deliveries.connections import ConnectionKind, ConnectionSettings, SmtpSecurity, SmtpSettings
from models.deliveries.letters import ANSWER_MOST

if TYPE_CHECKING:
    import aiosmtplib
    import httpx

SECONDS = 10.0
"""For connecting, and for each answer."""
LEAVE_SECONDS = 1.0
TAKEN = "smtp.taken"
"""Remembered while some recipients of a message have it and others do not: its id and those that have it."""
SIZE_EXCEEDED = 552
_AGAIN = "It is tried again by itself."


class _Step(StrEnum):
    """Of a mail on its way; the words say what it was when the server refused for good, and what to do."""

    GREETING = "does not talk to this machine. Ask those who run it to let this machine send mail."
    PROTECTION = "does not offer STARTTLS. Choose another protection or port for this connection, then test."
    SIGN_IN = "refused user name or password. Set the right ones, then test."
    SENDER = "does not let this connection's sender write. Enter a sender it knows, then test."
    RECIPIENTS = "does not take mail for these recipients. Correct them, then test."
    TEXT = "will not take this mail. Look at its answer below; other messages go on."


class _Failed(Exception):  # noqa: N818 - it carries what it came to, which may be anything
    """A step ended the attempt."""

    def __init__(self, outcome: Outcome, words: str, status: int | None = None, cause: Fault | None = None) -> None:
        super().__init__(words)
        self.outcome, self.words, self.status, self.cause = outcome, words, status, cause


class SmtpChannel:
    """Channel of kind ``smtp``. A canary goes as far as the recipients, and takes it all back before the text."""

    kind = ConnectionKind.SMTP
    width = 2
    rate: float | None = None
    one_by_one = True

    def __init__(self, resolve: Resolve, context: ssl.SSLContext | None = None, *, seconds: float = SECONDS) -> None:
        """``resolve`` is the egress guard; ``context`` trusts other certificates than the system's."""
        self._resolve = resolve
        self._context = context
        self._seconds = seconds

    def ordered(self, _settings: ConnectionSettings) -> bool:
        """Mail keeps no order of its own."""
        return False

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """Hand it to the server."""
        del client
        settings = target.settings
        assert isinstance(settings, SmtpSettings)  # noqa: S101 - the sender picks the channel by them
        attempt = _Attempt(self._seconds, settings, target, message)
        try:
            addresses = await self._addresses(settings)
            attempt.check(addresses)
            return await attempt.send(addresses, self._context)
        except _Failed as failed:
            return attempt.result(failed.outcome, failed.words, failed.status, cause=failed.cause)

    async def _addresses(self, settings: SmtpSettings) -> Sequence[str]:
        try:
            return await self._resolve(settings.host, settings.port)
        except OSError:
            words = f"The mail server cannot be connected to: nothing is called {settings.host}. Check the spelling."
            raise _Failed(Outcome.RETRY, words) from None


class _Attempt:
    """One conversation with a server."""

    def __init__(self, seconds: float, settings: SmtpSettings, target: Target, message: Message) -> None:
        self._seconds = seconds
        self._settings = settings
        self._secret = target.secrets.current
        # As it is sent when signing in.
        signing_in = base64.b64encode(f"\0{settings.user}\0{self._secret}".encode()).decode()
        self._masked = Masked(target.secrets, signing_in if self._secret else "")
        self._message = message
        given = message.notice.recipients if message.notice is not None else ()
        self._personal = bool(given)
        self._recipients = tuple(dict.fromkeys(given or settings.recipients))
        message_id, *taken = target.remembered.get(TAKEN, "").split(" ")
        self._taken = taken if message_id == message.id else []
        self._mail = _mail(settings, message)
        self._answers: list[str] = []
        self._connected = False

    def check(self, addresses: Sequence[str]) -> None:
        """What would be wrong to try. Raises _Failed."""
        settings = self._settings
        if not all(address.isascii() for address in (settings.sender, *self._recipients)):
            words = "An address has other letters than ASCII: write its domain in the xn-- form."
            raise _Failed(Outcome.MISCONFIGURED, words)
        if settings.security is SmtpSecurity.NONE and not all(ip_address(each).is_loopback for each in addresses):
            words = f"{settings.host} is another machine: choose STARTTLS or TLS, so that nobody reads along."
            raise _Failed(Outcome.MISCONFIGURED, words)

    async def send(self, addresses: Sequence[str], context: ssl.SSLContext | None) -> Result:
        """All steps. Raises _Failed."""
        import aiosmtplib

        settings = self._settings
        sock = await self._dial(addresses)
        server = aiosmtplib.SMTP(
            hostname=settings.host,
            sock=sock,
            local_hostname=settings.sender.rpartition("@")[2],
            use_tls=settings.security is SmtpSecurity.TLS,
            start_tls=False,
            tls_context=context,
            timeout=self._seconds,
        )
        try:
            with self._step(_Step.GREETING):
                await server.connect()
            self._connected = True
            if settings.security is SmtpSecurity.STARTTLS:
                with self._step(_Step.PROTECTION):
                    await server.starttls()
            if settings.user:
                with self._step(_Step.SIGN_IN):
                    await server.login(settings.user, self._secret)
            return await self._hand_over(server)
        finally:
            server.close()
            if not self._connected:
                sock.close()

    async def _dial(self, addresses: Sequence[str]) -> socket.socket:
        """A connection to the first address that answers."""
        loop = asyncio.get_running_loop()
        for address in addresses:
            family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                async with asyncio.timeout(self._seconds):
                    await loop.sock_connect(sock, (address, self._settings.port))
            except (OSError, TimeoutError):
                sock.close()
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        where = f"{self._settings.host}:{self._settings.port}"
        words = f"The mail server cannot be connected to: nobody listens at {where}. Check host, port and firewalls."
        raise _Failed(Outcome.RETRY, words)

    async def _hand_over(self, server: aiosmtplib.SMTP) -> Result:
        with self._step(_Step.SENDER):
            await server.mail(self._settings.sender)
        waiting = [each for each in self._recipients if each not in self._taken]
        refused = await self._name(server, waiting)
        accepted = [each for each in waiting if each not in refused]
        if refused and not accepted:
            if self._taken and min(refused.values()) >= 500:
                return self._handed_over(250, self._taken, refused)
            raise self._refusal(_Step.RECIPIENTS, min(refused.values()))
        if self._message.kind is MessageKind.CANARY:
            with self._step(_Step.RECIPIENTS):
                await server.rset()
            if refused:
                raise self._refusal(_Step.RECIPIENTS, max(refused.values()))
            return self.result(
                Outcome.SENT, "The mail server would take mail for all recipients (no mail went out).", 250
            )
        with self._step(_Step.TEXT):
            answer = await server.data(self._mail.as_bytes())
        self._answers.append(f"{answer.code} {answer.message}")
        await self._take_leave(server)
        return self._handed_over(answer.code, [*self._taken, *accepted], refused)

    async def _take_leave(self, server: aiosmtplib.SMTP) -> None:
        """The mail is the server's by now, whatever it says to this."""
        import aiosmtplib

        with suppress(aiosmtplib.SMTPException, OSError):
            await server.quit(timeout=LEAVE_SECONDS)

    async def _name(self, server: aiosmtplib.SMTP, recipients: Sequence[str]) -> dict[str, int]:
        """Those that were refused, each with the code."""
        import aiosmtplib

        refused: dict[str, int] = {}
        for recipient in recipients:
            with self._step(_Step.RECIPIENTS):
                try:
                    await server.rcpt(recipient)
                except aiosmtplib.SMTPRecipientRefused as refusal:
                    self._answers.append(f"{refusal.code} {refusal.message}")
                    refused[recipient] = refusal.code
        return refused

    def _handed_over(self, code: int, taken: Sequence[str], refused: dict[str, int]) -> Result:
        if not refused:
            return self.result(Outcome.SENT, f"The mail server took it (SMTP {code}).", code)
        some = f"The mail server took it for {len(taken)} of {len(self._recipients)} recipients"
        if min(refused.values()) < 500:
            words = f"{some} and put the others off (SMTP {min(refused.values())}). Only those are tried again."
            return self.result(
                Outcome.RETRY, words, min(refused.values()), remember=" ".join([self._message.id, *taken])
            )
        words = f"{some} and refused the others for good (SMTP {max(refused.values())}). Correct their addresses."
        return self.result(Outcome.SENT, words, max(refused.values()))

    @contextmanager
    def _step(self, step: _Step) -> Iterator[None]:
        """Raises _Failed for whatever the server does."""
        import aiosmtplib

        try:
            yield
        except aiosmtplib.SMTPResponseException as error:
            self._answers.append(f"{error.code} {error.message}")
            raise self._refusal(step, error.code) from None
        except (aiosmtplib.SMTPTimeoutError, TimeoutError):
            raise _Failed(Outcome.RETRY, f"The mail server did not answer in time. {_AGAIN}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, ssl.SSLError):
                words = f"{self._settings.host} shows no valid certificate of its own. Renew it, or correct the host."
                raise _Failed(Outcome.RETRY, f"The mail server cannot be trusted: {words}") from None
            if step in {_Step.PROTECTION, _Step.SIGN_IN} and not isinstance(error, ConnectionError):
                # It does not offer what this step needs.
                raise _Failed(Outcome.MISCONFIGURED, f"The mail server {_NOT_OFFERED[step]}") from None
            raise _Failed(Outcome.RETRY, f"The mail server broke off. {_AGAIN}") from None

    def _refusal(self, step: _Step, code: int) -> _Failed:
        """What an answer of 400 or more comes to, which depends on what was asked."""
        if code < 500:
            words = f"The mail server put it off (SMTP {code}). {_AGAIN}"
            return _Failed(Outcome.RETRY, words, code)
        ours = step is _Step.TEXT or code == SIZE_EXCEEDED or (step is _Step.RECIPIENTS and self._personal)
        words = f"The mail server (SMTP {code}) {step.value}"
        cause = Fault.SECRET if step is _Step.SIGN_IN else None
        return _Failed(Outcome.REFUSED if ours else Outcome.MISCONFIGURED, words, code, cause)

    def result(
        self,
        outcome: Outcome,
        words: str,
        status: int | None = None,
        *,
        remember: str = "",
        cause: Fault | None = None,
    ) -> Result:
        """What it came to so far."""
        settings = self._settings
        exchange = Exchange(
            request_line=self._masked(f"MAIL FROM:<{settings.sender}> at {settings.host}:{settings.port}"),
            # As people read it: encoded for its way, a secret could stand there in two lines.
            request_body=kept(self._masked(_shown(self._mail)), REQUEST_MOST),
            answer_body=kept(self._masked("\n".join(self._answers)), ANSWER_MOST),
        )
        return Result(
            outcome,
            self._masked(words),
            status=status,
            exchange=exchange,
            remember={TAKEN: remember} if remember else {},
            reached=self._connected,
            cause=cause,
        )


_NOT_OFFERED = {
    _Step.PROTECTION: _Step.PROTECTION.value,
    _Step.SIGN_IN: "offers no way to sign in here. Leave the user name out, or choose TLS or STARTTLS, then test.",
}


def _shown(mail: EmailMessage) -> str:
    return "\n".join((*(f"{name}: {value}" for name, value in mail.items()), "", mail.get_content()))


def _mail(settings: SmtpSettings, message: Message) -> EmailMessage:
    subject, text = subject_and_text(message)
    domain = settings.sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP_LINES)
    mail["From"] = f"Operations console <{settings.sender}>"
    # Nobody sees who else is told.
    mail["To"] = "undisclosed-recipients:;"
    mail["Subject"] = subject
    mail["Date"] = format_datetime(message.at)
    # The same over retries, by which the recipient's mail program knows a repeat.
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    for name, value in thread_headers(message, domain).items():
        mail[name] = value
    mail.set_content(text, cte="quoted-printable")
    return mail
