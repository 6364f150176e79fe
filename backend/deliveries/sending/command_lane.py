"""The lane of commands to the shop: each one's attempt is in the database before the shop is asked."""

from __future__ import annotations

import asyncio

from backend.deliveries.commands import actions as commands
from backend.deliveries.sending.lane import LaneRun


class CommandRun(LaneRun):
    """From its claim to its release. Probes are the other lane's: they look after commands as well."""

    async def work(self) -> None:
        """Until no command is due."""
        async with self.context.database.read() as connection:
            await commands.recover(
                connection, me=self.context.me.id, lane_id=self.lane_id, connection_id=self.claimed.connection_id
            )
        async with asyncio.TaskGroup() as group:
            for _ in range(self.claimed.width):
                group.create_task(self._ask())

    async def _ask(self) -> None:
        while not self.halted:
            async with self.context.database.read() as connection:
                command = await self.next_command(connection)
            if command is None:
                return
            await self.send_command(command, counts=True)
