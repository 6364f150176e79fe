"""Checkpoints in a bucket of S3, or of a store that speaks its protocol: one object for each tree size.

Written with ``If-None-Match``, so that an object is never replaced; a bucket with object lock keeps even its owner from
removing one. Credentials come from where AWS tools look for them: variables, a web identity, the machine's role.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from backend.audit.checkpoint_store import CheckpointStoreError, mismatch, name_of, size_of

if TYPE_CHECKING:
    from obstore.store import S3Config

READERS = 16
"""Objects that are read at a time: each takes a round trip, and a year has many."""


class Bucket:
    """``url`` is ``s3://bucket`` or ``s3://bucket/prefix``; ``endpoint`` that of a store other than Amazon's.

    Raises OutsideError when the address or what AWS variables say is none.
    """

    kind = "bucket"

    def __init__(self, url: str, endpoint: str | None = None) -> None:
        parts = urlsplit(url)
        self._prefix = parts.path.strip("/")
        self._place = url.rstrip("/")
        config: S3Config = {} if endpoint is None else {"endpoint": endpoint}
        with self._explain_failure("not used"):
            self._store = S3Store(
                parts.netloc,
                config=config,
                # A turn of the worker waits for it. Plain HTTP only where it was asked for in so many words.
                client_options={
                    "timeout": timedelta(seconds=10),
                    "connect_timeout": timedelta(seconds=3),
                    "allow_http": (endpoint or "").startswith("http://"),
                },
                retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            )

    def has(self, size: int) -> bool:
        """Whether the object is there."""
        with self._explain_failure("read"):
            try:
                obstore.head(self._store, self._path(size))
            except FileNotFoundError:
                return False
        return True

    def newest(self) -> int:
        """The largest size among the objects."""
        return max(self._sizes(), default=0)

    def put(self, size: int, note: str) -> None:
        """Write an object, unless there is one of that name."""
        with self._explain_failure("written"):
            try:
                obstore.put(self._store, self._path(size), note.encode(), mode="create", use_multipart=False)
            except AlreadyExistsError:
                if self._read(size) != note:
                    raise mismatch(f"{self._place}/{name_of(size)}") from None

    def notes(self) -> Iterator[tuple[int, str]]:
        """Read the objects, some at a time."""
        sizes = sorted(self._sizes())
        with ThreadPoolExecutor(READERS, "checkpoints") as pool:
            for first in range(0, len(sizes), READERS):
                some = sizes[first : first + READERS]
                yield from zip(some, pool.map(self._read, some), strict=True)

    def _read(self, size: int) -> str:
        with self._explain_failure("read"):
            content = bytes(obstore.get(self._store, self._path(size)).bytes())
        # What is not text is no checkpoint: whoever verifies says so.
        return content.decode("utf-8", "replace")

    def _sizes(self) -> list[int]:
        with self._explain_failure("read"):
            return [
                size
                for page in obstore.list(self._store, self._prefix or None, chunk_size=1000)
                for found in page
                if (size := size_of(found["path"].removeprefix(f"{self._prefix}/"))) is not None
            ]

    def _path(self, size: int) -> str:
        return f"{self._prefix}/{name_of(size)}" if self._prefix else name_of(size)

    @contextmanager
    def _explain_failure(self, done: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise CheckpointStoreError(f"{self._place} cannot be {done}: {_short(error)}") from error


def _short(error: Exception) -> str:
    """The first lines of an error of the store, which goes on with the whole answer."""
    return " ".join(str(error).split())[:300]
