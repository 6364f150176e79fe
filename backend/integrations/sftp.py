"""Leaving files with finance by SFTP: only with the host whose key is pinned, and never a file that is half there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from backend.reporting import DropboxError

if TYPE_CHECKING:
    import asyncssh

SECONDS: Final = 30.0
"""For connecting, and for each file."""
ANSWER_MOST: Final = 64 * 1024
ACKNOWLEDGEMENT_MOST: Final = 200


class SftpDropbox:
    """A folder of a server: ``sftp://user@host:22/folder``."""

    def __init__(self, address: str, host_key: str, key_file: Path) -> None:
        """``host_key`` is a line such as ``ssh-ed25519 AAAA…``; ``key_file`` holds the private key we sign in with."""
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 22
        self._user, self._folder = unquote(parts.username or ""), unquote(parts.path) or "."
        self._host_key, self._key_file = host_key, key_file

    async def leave(self, files: Mapping[str, bytes]) -> None:
        """Leave files and, beside each, its SHA-256, which comes last: what has it is whole."""
        async with self._folder_there() as sftp:
            for name, content in files.items():
                digest = f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()
                if await self._read(sftp, f"{name}.sha256") == digest:
                    continue
                await self._put(sftp, name, content)
                await self._put(sftp, f"{name}.sha256", digest)

    async def acknowledgements(self, names: Sequence[str]) -> Mapping[str, str]:
        """The first line of ``name.ack`` beside each file that has one."""
        found = {}
        async with self._folder_there() as sftp:
            for name in names:
                content = await self._read(sftp, f"{name}.ack")
                if content is not None:
                    first = content.decode("utf-8", "replace").strip().splitlines()
                    found[name] = (first[0] if first else "acknowledged")[:ACKNOWLEDGEMENT_MOST]
        return found

    @asynccontextmanager
    async def _folder_there(self) -> AsyncIterator[asyncssh.SFTPClient]:
        import asyncssh

        try:
            known = asyncssh.import_known_hosts(f"{self._pattern()} {self._host_key}\n")
            async with (
                asyncio.timeout(SECONDS * 10),
                asyncssh.connect(
                    self._host,
                    self._port,
                    username=self._user,
                    client_keys=[str(self._key_file)],
                    known_hosts=known,
                    # Nothing of whoever runs the worker: neither their settings nor their agent.
                    config=[],
                    agent_path=None,
                    connect_timeout=SECONDS,
                    login_timeout=SECONDS,
                ) as connection,
                connection.start_sftp_client() as sftp,
            ):
                yield sftp
        except asyncssh.HostKeyNotVerifiable:
            raise DropboxError(
                f"{self._host} showed another host key than the pinned one: nothing was sent. Ask those who run it "
                "whether it changed, before OPSCONSOLE_FINANCE_SFTP_HOST_KEY does"
            ) from None
        except asyncssh.PermissionDenied:
            raise DropboxError(f"{self._host} does not let {self._user} in with this key") from None
        except asyncssh.SFTPError as error:
            raise DropboxError(f"{self._host} refused: {error.reason}") from None
        except (asyncssh.Error, OSError, TimeoutError, ValueError) as error:
            raise DropboxError(f"{self._host} cannot be reached: {error or type(error).__name__}") from None

    def _pattern(self) -> str:
        return self._host if self._port == 22 else f"[{self._host}]:{self._port}"

    async def _put(self, sftp: asyncssh.SFTPClient, name: str, content: bytes) -> None:
        """Under another name first: whoever looks meanwhile sees nothing, or all of it."""
        import asyncssh

        part = f"{self._folder}/{name}.part"
        async with sftp.open(part, "wb") as file:
            await file.write(content)
        if (await sftp.stat(part)).size != len(content):
            raise DropboxError(f"{self._host} kept less of {name} than was sent")
        try:
            await sftp.posix_rename(part, f"{self._folder}/{name}")
        except asyncssh.SFTPOpUnsupported:
            if await sftp.exists(f"{self._folder}/{name}"):
                await sftp.remove(f"{self._folder}/{name}")
            await sftp.rename(part, f"{self._folder}/{name}")

    async def _read(self, sftp: asyncssh.SFTPClient, name: str) -> bytes | None:
        import asyncssh

        try:
            async with sftp.open(f"{self._folder}/{name}", "rb") as file:
                content = await file.read(ANSWER_MOST)
                return content.encode() if isinstance(content, str) else content
        except asyncssh.SFTPNoSuchFile:
            return None
