"""HTTP/1.1 with limits before the parser: bytes that bring nothing, time to send and to read, and connections."""

from __future__ import annotations

import time
from http import HTTPStatus
from operator import itemgetter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from models.core.problems import REGISTRY, Code, Problem

HEADER_BYTES = 16 * 1024
"""Request line and headers; also what frames the parts of a body, and the headers after it."""
HEADER_SECONDS = 5.0
SILENCE_SECONDS = 5.0
"""How long a body may pause."""
BODY_SECONDS = 60.0
UNREAD_SECONDS = 10.0
"""An answer of which nothing was read for so long, 48 KB of a long one, is given up."""
CONNECTIONS = 800
"""Below what a process may open, so that the database can always be reached; one more takes an idle one's place."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """uvicorn's, which by itself takes headers without end and waits for ever; ``enforce_deadlines`` is called often.

    The parser is fed a little at a time, and what it keeps without telling of it is counted.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._unfinished = True
        """A request has not come whole; so is one that has not begun, on a new connection."""
        self._headers_done = False
        self._progress = False
        self._fruitless = 0
        """Bytes since the parser last gave something that is complete."""
        now = time.monotonic()
        self._begun, self._heard, self._read = now, now, now

    def connection_made(self, transport: Any) -> None:
        """One too many takes the place of the one that has waited longest for its client.

        Else whoever opens many and sends nothing would keep everybody out. Where all are at work it is refused, before
        anything is read.
        """
        super().connection_made(transport)
        if len(self.connections) <= CONNECTIONS:
            return
        others = (each for each in self.connections if isinstance(each, LimitedHttpProtocol) and each is not self)
        waiting = [(since, each) for each in others if (since := each.waiting_since()) is not None]
        if waiting:
            min(waiting, key=itemgetter(0))[1].give_up()
        else:
            self._refuse_too_many()

    def data_received(self, data: bytes) -> None:
        """Feed the parser piece by piece, until it keeps too much."""
        now = time.monotonic()
        if not self._unfinished:
            # The next request on this connection; on_message_begin comes only after blank lines before it.
            self._unfinished, self._headers_done, self._begun, self._fruitless = True, False, now, 0
        self._heard = now
        view = memoryview(data)
        while view and not self.transport.is_closing():
            size = HEADER_BYTES - self._fruitless
            piece, view = view[:size], view[size:]
            self._progress = False
            super().data_received(bytes(piece))
            self._fruitless = 0 if self._progress else self._fruitless + len(piece)
            if self._fruitless >= HEADER_BYTES and not self.transport.is_closing():
                self._refuse(Code.HEADERS_TOO_LARGE, f"The headers of a request may have {HEADER_BYTES:,} bytes.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._unfinished, self._headers_done, self._begun = True, False, time.monotonic()

    def on_headers_complete(self) -> None:
        """Address and headers are there."""
        self._headers_done = self._progress = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._unfinished, self._progress = False, True
        super().on_message_complete()

    def resume_writing(self) -> None:
        """The client has read what waited for it."""
        self._read = time.monotonic()
        super().resume_writing()

    def enforce_deadlines(self, now: float) -> None:
        """Close the connection when its client does not send what it began, or does not read what it asked for."""
        if not self.transport.get_write_buffer_size():
            self._read = now
        elif now - self._read > UNREAD_SECONDS:
            self.transport.abort()
            return
        if self.transport.is_closing() or not self._unfinished:
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if not self._headers_done:
            # What comes while another answer is under way has time until that is out; silent ones uvicorn closes.
            if answering:
                self._begun = now
            elif now - self._begun > HEADER_SECONDS:
                self._refuse(Code.REQUEST_TIMEOUT, f"The headers did not come within {HEADER_SECONDS:.0f} seconds.")
        elif self.flow.read_paused:
            self._heard = now  # it is we who do not listen
        elif now - self._heard > SILENCE_SECONDS or now - self._begun > BODY_SECONDS:
            if answering:
                self._refuse(Code.REQUEST_TIMEOUT, "The body did not come in time.")
            else:
                self.transport.close()  # refused before it was read, and told so

    def waiting_since(self) -> float | None:
        """Since when it is the client's turn; ``None`` while it is ours, or the connection is closing anyway."""
        if self.transport.is_closing():
            return None
        if self.transport.get_write_buffer_size():
            return self._read
        answering = self.cycle is not None and not self.cycle.response_complete
        if not self._unfinished:
            return None if answering else self._heard
        ours = self.flow.read_paused if self._headers_done else answering
        return None if ours else self._begun

    def give_up(self) -> None:
        """Make room for somebody else; told so where an answer can still be given."""
        if self.transport.get_write_buffer_size() or not self._unfinished:
            self.transport.abort()
        else:
            self._refuse_too_many()

    def _refuse_too_many(self) -> None:
        self._refuse(Code.UNAVAILABLE, "Too many connections are open; try again soon.", "Retry-After: 2\r\n")

    def _refuse(self, code: Code, detail: str, more: str = "") -> None:
        """Answer for the application, unless it has begun to, and close."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            meaning = REGISTRY[code]
            body = Problem(
                type=f"urn:opsconsole:problem:{code}",
                title=meaning.title,
                status=meaning.status,
                detail=detail,
                code=code,
            ).model_dump_json(by_alias=True)
            self.transport.write(
                f"HTTP/1.1 {meaning.status} {HTTPStatus(meaning.status).phrase}\r\n"
                f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\n{more}"
                f"connection: close\r\n\r\n{body}".encode()
            )
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()
