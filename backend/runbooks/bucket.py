"""Pages of runbooks in a bucket of S3, or of a store that speaks its protocol.

Credentials, and the address of a store other than Amazon's, come from where AWS tools look for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from backend.runbooks.places import PublishError


class Bucket:
    """``url`` is ``s3://bucket`` or ``s3://bucket/prefix``. Raises PublishError when what AWS variables say is none."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url, self._prefix = url, parts.path.strip("/")
        with self._explained("used"):
            self._store = S3Store(
                parts.netloc,
                # Plain HTTP only where it was asked for in so many words.
                client_options={
                    "timeout": timedelta(seconds=10),
                    "connect_timeout": timedelta(seconds=3),
                    "allow_http": os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"),
                },
                retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            )

    def read(self, name: str) -> str | None:
        """An object's text."""
        with self._explained("read"):
            try:
                return bytes(obstore.get(self._store, self._path(name)).bytes()).decode("utf-8", "replace")
            except FileNotFoundError:
                return None

    def put(self, name: str, text: str) -> None:
        """Put an object in the place of one of its name; a browser is told what it is."""
        kind = "text/html; charset=utf-8" if name.endswith(".html") else "application/json"
        with self._explained("written"):
            obstore.put(
                self._store,
                self._path(name),
                text.encode(),
                attributes={"Content-Type": kind},
                use_multipart=False,
            )

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._explained("written"):
            obstore.delete(self._store, self._path(name))

    def has(self, name: str) -> bool:
        """Whether an object is there."""
        with self._explained("read"):
            try:
                obstore.head(self._store, self._path(name))
            except FileNotFoundError:
                return False
        return True

    def _path(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise PublishError(f"{self._url} cannot be {done}: {' '.join(str(error).split())[:300]}") from error
