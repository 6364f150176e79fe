"""A file as a chunked authenticated stream: whoever reads it gets every byte as it was written, or a sentence.

Layout: a header of 40 bytes (magic, salt, id of the key, chunk size, check sum), then frames. A frame is its length
with a flag for the last one, a check sum of that, and the chunk, AES-256-GCM. The nonce of a chunk is its number and
the flag, and the header is authenticated with each, so chunks cannot be swapped, left out, added or taken from another
file. Each file has a key of its own, derived from the installation's with the salt, so that nonces never repeat. The
check sums only tell damage from a wrong key and from an end that is missing.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag

from backend.backup.errors import BackupError
from backend.core.keys import Key

CHUNK = 1024 * 1024
CHUNK_MOST = 64 * CHUNK
TAG = 16

_MAGIC = b"OPSBAK\x01\n"
_HEADER = struct.Struct(">8s16s8sI")
_FRAME = struct.Struct(">I")
_SUM = struct.Struct(">I")
_LAST = 1 << 31


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">QI", number, last)


def _summed(data: bytes) -> bytes:
    return data + _SUM.pack(zlib.crc32(data))


class Sealer:
    """Writes a sealed stream to a file; ``close`` writes its end, without which it cannot be read."""

    def __init__(self, file: IO[bytes], key: Key, chunk: int = CHUNK) -> None:
        """Write the header."""
        salt = secrets.token_bytes(16)
        self._header = _summed(_HEADER.pack(_MAGIC, salt, key.id, chunk))
        self._cipher = key.cipher(salt)
        self._chunk = chunk
        self._file = file
        self._waiting = bytearray()
        self._number = 0
        self._hash = hashlib.sha256()
        self.bytes = 0
        self._put(self._header)

    @property
    def sha256(self) -> str:
        """Of what has been written to the file, in hexadecimal digits."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Add to the stream."""
        self._waiting += data
        # What may be the last chunk waits for more: only the last one has the flag.
        while len(self._waiting) > self._chunk:
            self._seal(bytes(self._waiting[: self._chunk]), last=False)
            del self._waiting[: self._chunk]

    def close(self) -> None:
        """Write the last chunk; the file stays open."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), data, self._header)
        self._put(_summed(_FRAME.pack(len(sealed) | (_LAST if last else 0))) + sealed)
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.bytes += len(data)


def unseal(file: IO[bytes], key: Key, name: Path) -> Iterator[bytes]:
    """The chunks of a sealed stream, each verified before it is given out.

    Raises BackupError: the file is no backup, was made with another key, is cut off, or is damaged. Only after the
    last chunk is it certain that nothing is missing.
    """
    header = _take(file, _HEADER.size + _SUM.size, name, start=True)
    _, salt, key_id, chunk = _HEADER.unpack(header[: _HEADER.size])
    if header != _summed(header[: _HEADER.size]) or not TAG < chunk <= CHUNK_MOST:
        raise _damaged(name)
    if key_id != key.id:
        raise BackupError(
            f"{name} was made with another key ({key_id.hex()}; this one is {key.id.hex()}): give the key of the "
            "installation that made it"
        )
    cipher = key.cipher(salt)
    number, last = 0, False
    while not last:
        head = _take(file, _FRAME.size + _SUM.size, name)
        if head != _summed(head[: _FRAME.size]):
            raise _damaged(name)
        (length,) = _FRAME.unpack(head[: _FRAME.size])
        last = bool(length & _LAST)
        length &= ~_LAST
        if not TAG <= length <= chunk + TAG:
            raise _damaged(name)
        sealed = _take(file, length, name)
        try:
            data = cipher.decrypt(_nonce(number, last=last), sealed, header)
        except InvalidTag:
            raise _damaged(name) from None
        number += 1
        if last and file.read(1):
            raise BackupError(f"{name} is damaged: something was added to its end")
        yield data


def _take(file: IO[bytes], count: int, name: Path, *, start: bool = False) -> bytes:
    data = file.read(count)
    if start and data[: len(_MAGIC)] != _MAGIC[: len(data)]:
        raise BackupError(f"{name} is no backup of opsconsole, or its beginning is damaged")
    if len(data) < count:
        raise BackupError(f"{name} is cut off: its end is missing. Use another backup, or copy this one again")
    return data


def _damaged(name: Path) -> BackupError:
    return BackupError(f"{name} is damaged: bytes in it have changed. Use another backup, or copy this one again")
