"""Checkpoints in a bucket: against a server on loopback that checks signatures and never replaces an object."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from pydantic import ValidationError

from backend.audit.bucket import Bucket
from backend.audit.checkpoint_store import CheckpointStoreError
from backend.audit.stores import configured_store
from backend.audit.verify import Report, verify
from backend.core.settings import Settings
from backend.runtime.data_folder import DataFolder
from tests.backend.audit.fixtures import Log

KEY, SECRET = "test-key", "test-secret"
PAGE = 3
"""Objects of one page of a list: few, so that there are several."""


class Store(ThreadingHTTPServer):
    """As much of S3 as checkpoints need: PUT with If-None-Match, GET, HEAD, and ListObjectsV2 in pages."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.secret = SECRET
        self.broken = False
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers in path style, /bucket/key."""

    protocol_version = "HTTP/1.1"
    server: Store

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        """Keep an object; one of the same name stays."""
        content = self.rfile.read(int(self.headers["content-length"]))
        if not self._allowed(content):
            return None
        if self.headers["if-none-match"] == "*" and self._key in self.server.objects:
            return self._answer(412, "<Error><Code>PreconditionFailed</Code></Error>")
        self.server.objects[self._key] = content
        return self._answer(200, "")

    def do_HEAD(self) -> None:
        """Tell whether an object is there."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer an object, or a page of the list of a bucket."""
        if not self._allowed(b""):
            return None
        if "list-type" in self._asked:
            return self._list()
        content = self.server.objects.get(self._key)
        if content is None:
            return self._answer(404, "<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, content)

    def _list(self) -> None:
        bucket = self._key.strip("/")
        prefix = self._asked.get("prefix", [""])[0]
        after = self._asked.get("continuation-token", [""])[0]
        names = sorted(
            key.removeprefix(f"{bucket}/")
            for key in self.server.objects
            if key.startswith(f"{bucket}/{prefix}") and key.removeprefix(f"{bucket}/") > after
        )
        page, more = names[:PAGE], len(names) > PAGE
        contents = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2026-11-24T00:00:00.000Z</LastModified>"
            f'<ETag>"0"</ETag><Size>{len(self.server.objects[f"{bucket}/{name}"])}</Size></Contents>'
            for name in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        self._answer(
            200,
            f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}</ListBucketResult>",
        )

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/")

    @property
    def _asked(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _allowed(self, content: bytes) -> bool:
        """Whether the request carries the signature (AWS Signature Version 4) that the secret gives."""
        if self.server.broken:
            self._answer(503, "<Error><Code>SlowDown</Code></Error>")
            return False
        fields = dict(
            field.strip().split("=", 1) for field in self.headers["authorization"].partition(" ")[2].split(",")
        )
        payload = self.headers["x-amz-content-sha256"]
        signed = fields["SignedHeaders"].split(";")
        parts = urlsplit(self.path)
        asked = "&".join(
            sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, [value] in self._asked.items())
        )
        request = "\n".join(
            [
                self.command,
                parts.path,
                asked,
                *(f"{name}:{self.headers[name].strip()}" for name in signed),
                "",
                ";".join(signed),
                payload,
            ]
        )
        scope = fields["Credential"].split("/", 1)[1]
        text = "\n".join(
            ["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashlib.sha256(request.encode()).hexdigest()]
        )
        key = f"AWS4{self.server.secret}".encode()
        for part in [*scope.split("/"), text]:
            key = hmac.digest(key, part.encode(), "sha256")
        whole = payload in {"UNSIGNED-PAYLOAD", hashlib.sha256(content).hexdigest()}
        if whole and key.hex() == fields["Signature"]:
            return True
        self._answer(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>")
        return False

    def _answer(self, status: int, body: str | bytes) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(HTTPStatus(status))
        for name, value in (
            ("Content-Length", str(len(content))),
            ("ETag", '"0"'),
            ("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    server = Store()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def sealed(log: Log, store: Store) -> Log:
    """A log whose checkpoints go to the bucket."""
    log.settings = log.settings.model_copy(
        update={
            "audit_checkpoint_folder": None,
            "audit_checkpoint_bucket": "s3://audit/shop one/log",
            "audit_checkpoint_endpoint": store.url,
        }
    )
    return log


def test_an_object_is_never_replaced(store: Store) -> None:
    bucket = Bucket("s3://audit/deep/down", store.url)
    assert (bucket.newest(), bucket.has(5), list(bucket.notes())) == (0, False, [])
    bucket.put(5, "one\n")
    bucket.put(5, "one\n")
    with pytest.raises(CheckpointStoreError, match=r"s3://audit/deep/down/0+5\.checkpoint is another checkpoint"):
        bucket.put(5, "two\n")
    assert store.objects == {"audit/deep/down/00000000000000000005.checkpoint": b"one\n"}
    assert (bucket.newest(), bucket.has(5)) == (5, True)


def test_many_objects_come_in_order_and_others_do_not_matter(store: Store) -> None:
    bucket = Bucket("s3://audit", store.url)
    sizes = [*range(1, 40), 1000, 123_456_789]
    for size in reversed(sizes):
        bucket.put(size, f"{size}\n")
    store.objects["audit/notes.txt"] = b"hello"
    store.objects["audit/deep/00000000000000000099.checkpoint"] = b"of another log"
    store.objects[f"audit/{7:020d}.checkpoint"] = b"\xff\xfe"
    found = dict(bucket.notes())
    assert list(found) == sizes
    assert found[1000] == "1000\n"
    assert found[7] not in {"", "7\n"}


def test_a_log_is_sealed_into_a_bucket_and_verified_against_it(sealed: Log, store: Store) -> None:
    sealed.grow(3, 4, 5)
    assert [int(name[-31:-11]) for name in sorted(store.objects)] == [3, 7, 12]
    assert sealed.query("select kind, through_size, problem from audit_outside") == [("bucket", 12, None)]
    place = configured_store(sealed.settings)
    assert place is not None
    found = verify(sealed.owner_url, [sealed.verifier], place.notes())
    assert found == Report(None, verified=12, unsealed=0, checkpoints=3, outside=3)
    # The tail is cut off together with its seals: the bucket knows.
    sealed.tamper(
        "delete from audit_checkpoint where size > 7",
        "delete from audit_position where position > 7",
        "delete from audit_log where seq > 7",
        "update audit_relay set position = 7",
    )
    finding = verify(sealed.owner_url, [sealed.verifier], place.notes()).finding
    assert finding is not None
    assert (finding.position, finding.kind) == (8, "truncated")


@pytest.mark.parametrize(("fault", "words"), [("secret", "SignatureDoesNotMatch"), ("broken", "503")])
def test_what_a_bucket_refuses_is_told_and_made_up_for(
    sealed: Log, store: Store, caplog: pytest.LogCaptureFixture, fault: str, words: str
) -> None:
    setattr(store, fault, "another" if fault == "secret" else True)
    with caplog.at_level(logging.WARNING):
        sealed.grow(3)
    ((kind, through, problem),) = sealed.query("select kind, through_size, problem from audit_outside")
    assert (kind, through) == ("bucket", 0)
    assert words in problem
    assert len(problem) < 500
    assert SECRET not in problem
    store.secret, store.broken = SECRET, False
    sealed.grow(2)
    assert sealed.query("select kind, through_size, problem from audit_outside") == [("bucket", 5, None)]
    assert len(store.objects) == 2


def test_a_bucket_out_of_reach_is_told(store: Store) -> None:
    store.shutdown()
    store.server_close()
    with pytest.raises(CheckpointStoreError, match="s3://audit cannot be read"):
        Bucket("s3://audit", store.url).newest()


def test_plain_http_only_where_the_endpoint_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
    with pytest.raises(CheckpointStoreError):
        Bucket("s3://audit").newest()


def test_settings_name_one_place(tmp_path: Path, database_url: str) -> None:
    with pytest.raises(ValidationError, match="not both"):
        Settings(audit_checkpoint_bucket="s3://audit", audit_checkpoint_folder=tmp_path)
    with pytest.raises(ValidationError):
        Settings(audit_checkpoint_bucket="audit")
    own = DataFolder(tmp_path).settings(Settings(audit_checkpoint_bucket="s3://audit"), database_url)
    assert (own.audit_checkpoint_folder, own.audit_checkpoint_bucket) == (None, "s3://audit")
