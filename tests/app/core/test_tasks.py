"""Ending does not wait for what a library has made of a cancellation."""

from __future__ import annotations

import asyncio

from app.core.tasks import Tasks, end


async def _loses_the_first(begun: asyncio.Event) -> None:
    try:
        begun.set()
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()  # of a server that never answers


async def test_a_task_that_lost_its_cancellation_is_cancelled_again() -> None:
    tasks, begun = Tasks(), asyncio.Event()
    task = tasks.start(_loses_the_first(begun), name="deaf")
    await begun.wait()
    async with asyncio.timeout(2):
        await tasks.close()
    assert task.cancelled()


async def test_what_has_ended_is_not_waited_for() -> None:
    task = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    await task
    await end(task)
    assert task.result() is None
