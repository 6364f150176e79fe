"""The port to one kind of outside system: what is to be sent, and what a try came to.

The sender knows lanes, retries, breakers and secrets; a channel knows how its system is spoken to and what success is.
Channels stand in ``backend/integrations``, one module for each kind; the runtime hands them in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from models.deliveries.connections import ConnectionKind, ConnectionSettings

if TYPE_CHECKING:
    import httpx


class MessageKind(StrEnum):
    """What a message is, so that a channel can give it its own form."""

    ENTRY = "entry"
    """An entry of the audit log, for a subscriber: thin."""
    COMMAND = "command"
    """Something the shop is asked to do: whole."""
    NOTICE = "notice"
    """Words for people."""
    CANARY = "canary"
    """Proves the route and asks for nothing: nobody sees it."""
    TEST = "test"
    """A canary a person asked for, who wants to see it arrive: a mail goes out, a chat shows a line."""


class NoticePhase(StrEnum):
    """Where a thing that is told of stands: pagers open, acknowledge and close by it, chats edit in place."""

    RAISED = "raised"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    NOTED = "noted"
    """Something is told about it that everybody is to read; where it stands is as before."""


class NoticeAction(StrEnum):
    """What people may do about a notice from where they read it."""

    ACKNOWLEDGE = "acknowledge"
    CLAIM = "claim"
    OPEN = "open"
    """Look at it in the console; nothing changes."""
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Notice:
    """Words for people, filled in and not yet escaped for any system."""

    subject: str
    text: str
    severity: str
    """P1 to P4."""
    team: str
    thread: str
    """Notices of one thread belong together, such as all of one alert."""
    phase: NoticePhase
    recipients: tuple[str, ...] = ()
    """Verified mail addresses of single people; empty: whoever stands in the connection."""
    actions: tuple[NoticeAction, ...] = ()
    """Offered as buttons where a system has them, and what is pressed comes back by the hook."""
    link: str = ""
    """Where more is to be read, an address of the web."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``id`` is the same over retries, replays and restores."""

    id: str
    kind: MessageKind
    type: str
    """The action of the audit log, the name of the command, or the template."""
    at: datetime
    data: Mapping[str, Any]
    """The payload: at most 20 KB as JSON."""
    notice: Notice | None = None
    attempt: int = 1
    waited: timedelta = timedelta()
    """How long ago what it tells of was written, when it goes."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """In the clear, for as long as a try takes."""

    current: str = ""
    previous: tuple[str, ...] = ()
    """Those before it that are valid still, the newest first: empty, but during a rotation."""

    @property
    def valid(self) -> tuple[str, ...]:
        """All of them, the current one first."""
        return tuple(each for each in (self.current, *self.previous) if each)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to."""

    connection_id: str
    settings: ConnectionSettings
    secrets: Secrets
    remembered: Mapping[str, str] = field(default_factory=dict)
    """What a channel asked to be remembered of this thread, such as the timestamp of a Slack message."""


class Outcome(StrEnum):
    """What a try came to."""

    SENT = "sent"
    RETRY = "retry"
    """Counts against the connection: no answer, a server's fault, a redirect, an answer that makes no sense."""
    WAIT = "wait"
    """It asks for patience (429, 503 with Retry-After): counts against nobody."""
    REFUSED = "refused"
    """This one message will never be taken (413, 422): it is dead, the lane goes on."""
    UNCERTAIN = "uncertain"
    """Of a command: its answer was lost and the other side does not say whether it is done. A person decides."""
    MISCONFIGURED = "misconfigured"
    """400, 401, 403, 404 and their like: sending stops, everything is kept."""
    GONE = "gone"
    """410: it wants nothing more."""


class Fault(StrEnum):
    """What is to be done something about: the advice follows from it, not from words or a status."""

    SILENT = "silent"
    """It cannot be reached, or does not answer."""
    BROKEN = "broken"
    """It answers with a fault of its own, or what makes no sense."""
    REDIRECT = "redirect"
    SECRET = "secret"  # noqa: S105 - a word
    """It refused the secret, or there is none to send with."""
    ADDRESS = "address"
    """Nothing of the kind is at this address."""
    EGRESS = "egress"
    """We do not connect to where the address leads."""
    REQUEST = "request"
    """It refuses what we ask for, whatever the message."""
    MESSAGE = "message"
    """It will not take this one message."""
    GONE = "gone"
    UNREADABLE = "unreadable"
    """What stands in our own row cannot be read."""


_FAULTS = {
    Outcome.RETRY: Fault.BROKEN,
    Outcome.REFUSED: Fault.MESSAGE,
    Outcome.MISCONFIGURED: Fault.REQUEST,
    Outcome.GONE: Fault.GONE,
}
"""Where a channel says nothing more exact."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The request and its answer as they are kept: secrets masked, bodies cut."""

    request_line: str = ""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_body: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a try came to, in words an operator can act on."""

    outcome: Outcome
    words: str
    status: int | None = None
    retry_after: float | None = None
    """Seconds, capped at a day by the sender."""
    exchange: Exchange = field(default_factory=Exchange)
    remember: Mapping[str, str] = field(default_factory=dict)
    """To be kept with the thread, whatever the outcome, over what was remembered under these names."""
    reached: bool = True
    """``False`` when nothing can have arrived: there was no connection at all, and no answer was lost."""
    cause: Fault | None = None
    """What kind of fault it is, where the channel knows better than ``outcome`` says."""

    @property
    def fault(self) -> Fault | None:
        """What is to be done something about; ``None`` when nothing is."""
        if self.cause is not None or self.outcome not in _FAULTS:
            return self.cause
        return Fault.SILENT if self.outcome is Outcome.RETRY and self.status is None else _FAULTS[self.outcome]


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The egress guard for what is not HTTP: the addresses of a name at a port, all of which may be connected to.

Raises OSError for a name that leads nowhere. What it raises for one that may not be connected to goes through a
channel, as that of the guard in ``client`` does."""


class Channel(Protocol):
    """How one kind of system is spoken to. Never raises for what the other side does: that is a result."""

    @property
    def kind(self) -> ConnectionKind:
        """Which kind."""

    @property
    def width(self) -> int:
        """Requests at once in a lane that is not ordered."""

    @property
    def rate(self) -> float | None:
        """Messages a second, counted from the last answer; ``None``: as fast as it answers."""

    @property
    def one_by_one(self) -> bool:
        """Whether repeats hurt people, so that each result is written down by itself."""

    def ordered(self, settings: ConnectionSettings) -> bool:
        """Whether first arrivals keep the order of the audit log."""

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """One try, within the time the sender allows. ``client`` goes through the egress guard, without redirects."""


@runtime_checkable
class CommandChannel(Channel, Protocol):
    """A channel that carries commands."""

    async def look_up(self, client: httpx.AsyncClient, target: Target, message: Message) -> bool | None:
        """Whether a command whose answer was lost has been done; ``None`` when the other side does not say."""


@dataclass(frozen=True, slots=True)
class HookMessage:
    """What an outside system sent, read and found genuine."""

    id: str
    """Of the other side: the same for every repeat."""
    type: str
    data: Mapping[str, Any]
    """What is kept and worked on later; nothing personal."""
    acknowledges: str = ""
    """The thread of notices it acknowledges; empty: none."""
    by: str = ""
    """Who did, as the other side calls them."""
    answer: Mapping[str, Any] | None = None
    """What is answered at once instead of 202, such as the challenge of a new address; then nothing is kept."""


class HookError(Exception):
    """It is not genuine, or too old; the words say which. Nothing of it is kept."""


class HookContentError(Exception):
    """It is genuine, and cannot be read; the words say why. Nothing of it is kept."""


class HookReader(Protocol):
    """How what one kind of system sends is verified and read."""

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> HookMessage:
        """The message. ``headers`` have names in lower case. Raises HookError and HookContentError, nothing else."""
