"""Files of approved reports: frozen once, left with finance whole or not at all, handed out for a day."""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncssh
import psycopg
import pytest

from backend.core.keys import Key
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.files import FileError, FileStore
from backend.integrations.sftp import SftpDropbox
from backend.reporting.delivery import actions
from backend.reporting.ports import DropboxError
from models.core.problems import Code
from models.reporting import TaxReport
from tests.backend.reporting.fixtures import OSS, Books, books, line, order, register

Q1 = ("2024-01-01", "2024-03-31")
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def registered_url(owner_url: str) -> str:
    register(owner_url, OSS)
    return owner_url


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    return Settings(files_to=str(tmp_path / "files"), connection_key=Key.make())  # type: ignore[arg-type]


@dataclass
class Box:
    """Finance's folder, which may fail."""

    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    failing: bool = False
    visits: int = 0

    async def leave(self, files: Mapping[str, bytes]) -> None:
        self.visits += 1
        if self.failing:
            raise DropboxError("the host cannot be reached")
        self.files |= files

    async def acknowledgements(self, names: Sequence[str]) -> Mapping[str, str]:
        return {name: self.answers[name] for name in names if name in self.answers}


async def approved(shop: Books) -> TaxReport:
    await shop.take(order("o1", "2024-02-01", line("DE", 10_000, 1_900, "19")))
    return await shop.file(*Q1)


async def ask(shop: Books, report: TaxReport, box: Box | None) -> TaxReport:
    async with shop.database.transaction() as tx:
        return await actions.deliver(
            tx, box, actor="preparer", report_id=UUID(report.report_id), version=report.version
        )


async def test_files_are_made_once_and_sealed(
    registered_url: str, database_url: str, kept: Settings, tmp_path: Path
) -> None:
    async with books(registered_url, database_url) as shop:
        report = await approved(shop)
        key = UUID(report.report_id)
        await actions.freeze(shop.database, kept, key)
        first = {path.name: path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()}
        await actions.freeze(shop.database, kept, key)
        await actions.freeze_missing(shop.database, kept)
        assert {path.name: path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()} == first
        assert set(first) == {"json", "csv", "pdf", "oss"}
        assert not any(b"EU-OSS" in content for content in first.values())
        async with shop.database.transaction() as tx:
            found = await actions.download(tx, kept, by="ann", report_id=key, name="json")
        assert found is not None
        assert hashlib.sha256(found[1]).hexdigest() == found[0].sha256 == report.sha256
        (tmp_path / "files" / "tax" / report.report_id / "csv").write_bytes(first["json"])
        async with shop.database.transaction() as tx:
            with pytest.raises(ProblemError) as refused:
                await actions.download(tx, kept, by="ann", report_id=key, name="csv")
        assert refused.value.code is Code.UNAVAILABLE


async def test_a_full_disk_is_an_alert_and_mends_itself(
    registered_url: str, database_url: str, kept: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with books(registered_url, database_url) as shop:
        report = await approved(shop)

        async def full(_store: FileStore, name: str, _content: bytes) -> None:
            raise FileError(f"{name} cannot be kept: no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(FileStore, "put", full)
            await actions.freeze_missing(shop.database, kept)
        assert await shop.rows("select title, condition = 'breached' from alert where source = 'reporting.files'") == [
            ("Files of approved tax reports cannot be kept", True)
        ]
        assert (await shop.report(report)).state == "approved"
        await actions.freeze_missing(shop.database, kept)
        assert await shop.rows(
            "select condition = 'breached' from alert where source = 'reporting.files' order by version desc limit 1"
        ) == [(False,)]
        assert len(await shop.rows("select from tax_file")) == 4


async def test_a_delivery_is_one_whatever_happens_between(
    registered_url: str, database_url: str, kept: Settings
) -> None:
    box = Box(failing=True)
    async with books(registered_url, database_url) as shop:
        report = await approved(shop)
        key = UUID(report.report_id)
        with pytest.raises(ProblemError, match="no place to deliver"):
            await ask(shop, report, None)
        await ask(shop, report, box)
        await ask(shop, report, box)
        with pytest.raises(DropboxError):
            await actions.leave(shop.database, kept, box, key)
        assert await shop.rows("select state, attempts, problem from tax_delivery") == [
            ("waiting", 1, "the host cannot be reached")
        ]
        assert (await shop.report(report)).state == "approved"
        box.failing = False
        await actions.leave(shop.database, kept, box, key)
        await actions.leave(shop.database, kept, box, key)
        assert box.visits == 2
        assert (await shop.report(report)).state == "delivered"
        assert len(await shop.rows("select from audit_log where action = 'reporting.tax.delivered'")) == 1


async def test_an_acknowledgement_is_awaited_and_its_lack_is_told(
    registered_url: str, database_url: str, kept: Settings
) -> None:
    box = Box()
    async with books(registered_url, database_url) as shop:
        report = await approved(shop)
        await ask(shop, report, box)
        await actions.leave(shop.database, kept, box, UUID(report.report_id))
        await actions.look_for_acknowledgements(shop.database, box)
        assert await shop.rows("select from alert where source = 'reporting.acknowledgement'") == []
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute("update tax_delivery set delivered_at = now() - interval '4 days'")
        await actions.look_for_acknowledgements(shop.database, box)
        waiting = "select condition = 'breached' from alert where source = %s order by version desc limit 1"
        assert await shop.rows(waiting, "reporting.acknowledgement") == [(True,)]
        [name] = [name for name in box.files if name.endswith(".json") and "oss" not in name]
        box.answers[name] = "ES-2024-Q1-0815"
        await actions.look_for_acknowledgements(shop.database, box)
        found = await shop.report(report)
        assert (found.state, found.acknowledgement) == ("acknowledged", "ES-2024-Q1-0815")
        assert await shop.rows(waiting, "reporting.acknowledgement") == [(False,)]


async def test_a_link_leads_to_one_file_for_a_day(registered_url: str, database_url: str, kept: Settings) -> None:
    async with books(registered_url, database_url) as shop:
        report = await approved(shop)
        key = UUID(report.report_id)
        async with shop.database.transaction() as tx:
            with pytest.raises(ProblemError, match="no such file"):
                await actions.make_link(tx, actor="ann", report_id=key, name="pdf")
        await actions.freeze(shop.database, kept, key)
        async with shop.database.transaction() as tx:
            link = await actions.make_link(tx, actor="ann", report_id=key, name="pdf")
        token = link.url.rpartition("/")[2]
        async with shop.database.transaction() as tx:
            found = await actions.fetch(tx, kept, token)
        assert found is not None
        assert found[1].startswith(b"%PDF")
        assert token not in str(await shop.rows("select t::text from tax_link as t"))
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute("update tax_link set expires_at = now() - interval '1 second'")
        async with shop.database.transaction() as tx:
            assert await actions.fetch(tx, kept, token) is None
        assert await shop.rows("select by, refused from tax_download order by at") == [
            ("link:ann", False),
            ("link:ann", True),
        ]
        acts = await shop.rows("select action from audit_log where action like '%%download%%' order by seq")
        assert acts == [("reporting.tax.downloaded",), ("reporting.tax.download_refused",)]


@dataclass
class Server:
    """A real sshd that somebody of ours may sign in to."""

    port: int
    host_key: str
    key_file: Path
    folder: Path

    def dropbox(self, host_key: str | None = None) -> SftpDropbox:
        address = f"sftp://{getpass.getuser()}@127.0.0.1:{self.port}{self.folder}"
        return SftpDropbox(address, host_key or self.host_key, self.key_file)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Server]:
    if SSHD is None:
        pytest.skip("there is no sshd here: install openssh-server to try delivery against a real one")
    host, own = tmp_path / "host_key", tmp_path / "own_key"
    for path in (host, own):
        made = asyncssh.generate_private_key("ssh-ed25519")
        made.write_private_key(str(path))
        made.write_public_key(f"{path}.pub")
        path.chmod(0o600)
    authorized = tmp_path / "authorized_keys"
    authorized.write_bytes(Path(f"{own}.pub").read_bytes())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "in"
    folder.mkdir()
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {authorized}\nStrictModes no\n"
        f"PasswordAuthentication no\nUsePAM no\nPidFile {tmp_path}/pid\nSubsystem sftp internal-sftp\n"
        "PermitRootLogin yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=subprocess.PIPE) as process:
        _listening(port, process)
        yield Server(port, Path(f"{host}.pub").read_text().strip(), own, folder)
        process.terminate()
        process.communicate()


def _listening(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.02)
    raise AssertionError("sshd does not listen")


FILES = {"report.json": b'{"tax": 1}', "report.csv": b"Part\r\n" * 50_000}


async def test_files_arrive_whole_with_their_digest(sshd: Server) -> None:
    box = sshd.dropbox()
    await box.leave(FILES)
    names = sorted(path.name for path in sshd.folder.iterdir())
    assert names == ["report.csv", "report.csv.sha256", "report.json", "report.json.sha256"]
    assert (sshd.folder / "report.csv").read_bytes() == FILES["report.csv"]
    digest = (sshd.folder / "report.csv.sha256").read_text()
    assert digest == f"{hashlib.sha256(FILES['report.csv']).hexdigest()}  report.csv\n"
    before = (sshd.folder / "report.csv").stat().st_mtime_ns
    await box.leave(FILES)
    assert (sshd.folder / "report.csv").stat().st_mtime_ns == before  # it is there: it is not sent again
    (sshd.folder / "report.json.ack").write_text("R-17\nmore\n")
    assert await box.acknowledgements(["report.json", "report.csv"]) == {"report.json": "R-17"}


async def test_another_host_key_gets_nothing(sshd: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(DropboxError, match="another host key"):
        await sshd.dropbox(other).leave(FILES)
    assert list(sshd.folder.iterdir()) == []


async def test_cut_in_the_middle_leaves_no_half_file(sshd: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut(file: asyncssh.SFTPClientFile[bytes], content: bytes) -> None:
        await written(file, content[: len(content) // 2])
        raise ConnectionResetError("the line was cut")

    written = asyncssh.SFTPClientFile.write
    with monkeypatch.context() as patched:
        patched.setattr(asyncssh.SFTPClientFile, "write", cut)
        with pytest.raises(DropboxError, match="cannot be reached"):
            await sshd.dropbox().leave(FILES)
    assert [path.name for path in sshd.folder.iterdir()] == ["report.json.part"]
    await sshd.dropbox().leave(FILES)
    assert sorted(path.name for path in sshd.folder.iterdir() if not path.name.endswith(".sha256")) == sorted(FILES)


async def test_what_the_server_refuses_is_said(sshd: Server, tmp_path: Path) -> None:
    gone = SftpDropbox(f"sftp://{getpass.getuser()}@127.0.0.1:{sshd.port}/no/such", sshd.host_key, sshd.key_file)
    with pytest.raises(DropboxError, match="refused"):
        await gone.leave(FILES)
    stranger = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    sshd.key_file = stranger
    with pytest.raises(DropboxError, match="does not let"):
        await sshd.dropbox().leave(FILES)
    nobody = SftpDropbox("sftp://a@127.0.0.1:1/x", sshd.host_key, sshd.key_file)
    with pytest.raises(DropboxError, match="cannot be reached"):
        await nobody.leave(FILES)
