"""Work that may take for ever, in a process of its own that is killed when its time is over.

The algebra of schemas holds the interpreter: in a thread it would stop the whole API, and no thread can be killed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

SECONDS: Final = 2.0
START_SECONDS: Final = 20.0
"""How long a process may take to begin, on a machine that has much to do."""


class DeadlineError(Exception):
    """It did not come to an end in its time, or not at all."""


async def in_child(work: Callable[..., Any], *arguments: Any, seconds: float = SECONDS) -> Any:
    """What ``work`` answers, a function of a module. Raises DeadlineError."""
    return await asyncio.to_thread(_run, work, arguments, seconds)


def _run(work: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Any:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_work, args=(there, work, arguments), daemon=True)
    child.start()
    there.close()
    try:
        # It says so when it begins: the time counts from there.
        for patience in (START_SECONDS, seconds):
            if not here.poll(patience):
                raise DeadlineError
            answer = here.recv()
    except EOFError:
        raise DeadlineError from None
    finally:
        child.kill()
        child.join()
        here.close()
    return answer


def _work(pipe: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    pipe.send(None)
    pipe.send(work(*arguments))
