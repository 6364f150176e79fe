"""Pages in a bucket: against the server on loopback that checkpoints are tried with, which may remove objects here."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from backend.runbooks.bucket import Bucket
from backend.runbooks.places import NOTE, PublishError, publish
from tests.backend.audit.test_bucket import KEY, SECRET, Handler, Store


class Removing(Handler):
    """Objects may go as well, one by one or named in a list."""

    def do_DELETE(self) -> None:  # noqa: N802 - as http.server calls it
        """Remove an object."""
        if self._allowed(b""):
            self.server.objects.pop(self._key, None)
            self._answer(204, "")

    def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
        """Remove the objects that are named."""
        content = self.rfile.read(int(self.headers["content-length"]))
        if not self._allowed(content):
            return
        names = re.findall(r"<Key>([^<]+)</Key>", content.decode())
        for name in names:
            self.server.objects.pop(f"{self._key.rstrip('/')}/{name}", None)
        gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        self._answer(200, f"<DeleteResult>{gone}</DeleteResult>")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    made = Store()
    made.RequestHandlerClass = Removing
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": made.url,
    }.items():
        monkeypatch.setenv(name, value)
    yield made
    made.shutdown()
    made.server_close()
    thread.join(5)


def test_pages_come_and_go(store: Store) -> None:
    bucket = Bucket("s3://runbooks/here")
    old = {"a.html": "a", "b.html": "b", "index.html": "i"}
    assert publish(bucket, old, "1")
    assert not publish(bucket, old, "1")
    assert publish(bucket, {"a.html": "a2", "index.html": "i2"}, "2")
    found = {key.rpartition("/")[2]: text.decode() for key, text in store.objects.items()}
    assert {name: text for name, text in found.items() if name != NOTE} == {"a.html": "a2", "index.html": "i2"}
    assert all("here/" in key for key in store.objects)


def test_a_bucket_that_refuses_is_said(store: Store) -> None:
    store.secret = "another"
    with pytest.raises(PublishError, match="s3://runbooks cannot be"):
        publish(Bucket("s3://runbooks"), {"index.html": "i"}, "1")
