"""An archive that only a passphrase opens: a zip within an age file, which programs on every system can read.

Made in a process of its own, one at a time: the passphrase is stretched for most of a second with a quarter of a
gigabyte, and whoever does that holds the interpreter for as long.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import zipfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

_one_at_a_time = asyncio.Semaphore(1)


class ArchiveError(Exception):
    """The archive could not be made; the words say why."""


async def seal_archive(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """The files as a zip, encrypted. Raises ArchiveError."""
    async with _one_at_a_time:
        try:
            # Not forked: the child must not have our connections and threads.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                return await asyncio.get_running_loop().run_in_executor(pool, make_archive, dict(files), passphrase)
        except OSError as error:
            raise ArchiveError(f"the archive could not be made: {error.strerror or error}") from None
        except RuntimeError:
            # The child was ended, for want of memory for example.
            raise ArchiveError("the process that makes the archive was ended: is there enough memory?") from None


def make_archive(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """As ``seal_archive``, here and now. The same files give another archive each time."""
    from pyrage import passphrase as age

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    sealed: bytes = age.encrypt(packed.getvalue(), passphrase)
    return sealed
