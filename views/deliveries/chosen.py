"""What the panels of the workspace have in common: the connection that is chosen, and the tests under way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.errors import OperationsError
from app.deliveries.domain import Deliveries, resume
from models.core.wording import counted
from models.deliveries.connections import Connection, ConnectionState, ProofState
from views.deliveries.wording import listed, seconds_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.deliveries.connections import Proof
    from views.kit.capability import Window

AT_ONCE = 4
"""Tests that wait for an answer at the same time: each holds a connection to the server for up to ten seconds."""


class ChosenConnection(QObject):
    """One cursor for list, detail and letters."""

    changed = Signal()
    """Another connection is chosen."""
    tested = Signal()
    """A test has begun or ended."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self._console = window.console
        self._query = window.console.of(Deliveries).connections()
        self._testing: set[str] = set()
        self.id = ""
        """Of the chosen connection; empty before anything was heard."""
        self._query.changed.connect(self._heard)
        self._heard()

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All of them, as they were last heard."""
        return self._query.sample.value if self._query.sample is not None else ()

    @property
    def connection(self) -> Connection | None:
        """The chosen one, as it was last heard."""
        return next((each for each in self.connections if each.id == self.id), None)

    def choose(self, connection_id: str) -> None:
        """Put the cursor on another one."""
        if connection_id != self.id:
            self.id = connection_id
            self.changed.emit()

    def _heard(self) -> None:
        """The first of the list is chosen until somebody chooses another, and after the chosen one is gone."""
        if self.connection is None and (rows := listed(self.connections)):
            self.choose(next(row.id for row in rows if isinstance(row, Connection)))

    def resume(self, connection: Connection) -> None:
        """Let a paused connection go on."""
        self._console.tasks.start(self._resume(connection), name="resume a connection")

    async def _resume(self, connection: Connection) -> None:
        try:
            await resume(self._console.mutations, connection)
        except OperationsError as error:
            self._console.messages.post(f"{connection.name} was not resumed: {error}", "error")

    # --- tests -------------------------------------------------------------------------------------------------

    def is_testing(self, connection_id: str) -> bool:
        """Whether a test of it is under way."""
        return connection_id in self._testing

    @property
    def busy(self) -> bool:
        """Whether any test is under way."""
        return bool(self._testing)

    def test(self, connections: Sequence[Connection]) -> None:
        """Send a canary through each that is set up, and say what became of them."""
        wanted = [
            each for each in connections if each.state is not ConnectionState.OFF and each.id not in self._testing
        ]
        if wanted:
            self._testing |= {each.id for each in wanted}
            self.tested.emit()
            self._console.tasks.start(self._test(wanted), name="test connections")

    async def _test(self, connections: Sequence[Connection]) -> None:
        limit = asyncio.Semaphore(AT_ONCE)
        found = await asyncio.gather(*(self._test_one(each, limit) for each in connections))
        if len(found) == 1:
            words, well = found[0]
            self._console.messages.post(words, "info" if well else "warning")
            return
        failed = [words for words, well in found if not well]
        told = f"Tested {counted(len(found), 'connection', 'connections')}: "
        told += "all answered." if not failed else f"{len(failed)} failed. {' '.join(failed)}"
        self._console.messages.post(told, "warning" if failed else "info")

    async def _test_one(self, connection: Connection, limit: asyncio.Semaphore) -> tuple[str, bool]:
        try:
            async with limit:
                proof = await self._console.of(Deliveries).test(connection.id)
        except OperationsError as error:
            return f"{connection.name} was not tested: {error}", False
        else:
            return _proof_words(connection, proof), proof.proof is ProofState.PROVEN
        finally:
            self._testing.discard(connection.id)
            self.tested.emit()


def _proof_words(connection: Connection, proof: Proof) -> str:
    if proof.proof is ProofState.PROVEN:
        return f"Test of {connection.name} answered in {seconds_words(proof.seconds)}: {proof.words.rstrip('.')}."
    return f"Test of {connection.name} failed: {proof.words.rstrip('.')}."
