"""Every setting wrong in its turn: the start says in a sentence what is wrong, and nothing is replaced in silence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from backend.core import processes
from backend.core.settings import Settings

WRONG: dict[str, dict[str, str]] = {
    "database_url": {"OPSCONSOLE_DATABASE_URL": "not an address"},
    "data_dir": {"OPSCONSOLE_DATA_DIR": "{file}"},
    "host": {"OPSCONSOLE_HOST": "no.such.host.invalid"},
    "port": {"OPSCONSOLE_PORT": "70000"},
    "environment": {"OPSCONSOLE_ENVIRONMENT": ""},
    "currency": {"OPSCONSOLE_CURRENCY": "euro"},
    "sample_shop": {"OPSCONSOLE_SAMPLE_SHOP": "perhaps"},
    "oidc_issuer": {"OPSCONSOLE_OIDC_ISSUER": "our sign-in service"},
    "oidc_acr_values": {"OPSCONSOLE_OIDC_ACR_VALUES": '"'},
    "token_key": {"OPSCONSOLE_TOKEN_KEY": "short"},
    "access_reports": {"OPSCONSOLE_ACCESS_REPORTS": "{{"},
    "access_reports_inside": {"OPSCONSOLE_ACCESS_REPORTS": '{{"medusa": {{"file": "x", "roles": {{}}}}}}'},
    "audit_key_file": {"OPSCONSOLE_AUDIT_KEY_FILE": "{missing}"},
    "audit_key": {"OPSCONSOLE_AUDIT_KEY": "not a key"},
    "audit_checkpoint_folder": {"OPSCONSOLE_AUDIT_CHECKPOINT_FOLDER": "{file}"},
    "audit_checkpoint_bucket": {"OPSCONSOLE_AUDIT_CHECKPOINT_BUCKET": "bucket"},
    "audit_checkpoint_endpoint": {"OPSCONSOLE_AUDIT_CHECKPOINT_ENDPOINT": "objects"},
    "both_checkpoint_places": {
        "OPSCONSOLE_AUDIT_CHECKPOINT_FOLDER": "{missing}",
        "OPSCONSOLE_AUDIT_CHECKPOINT_BUCKET": "s3://bucket-of-ours/x",
    },
    "metrics_token": {"OPSCONSOLE_METRICS_TOKEN": "short"},
    "log_format": {"OPSCONSOLE_LOG_FORMAT": "xml"},
    "pool_size": {"OPSCONSOLE_POOL_SIZE": "1"},
    "read_timeout": {"OPSCONSOLE_READ_TIMEOUT": "-1"},
    "request_bytes": {"OPSCONSOLE_REQUEST_BYTES": "many"},
    "backup_folder": {"OPSCONSOLE_BACKUP_FOLDER": "{file}"},
    "backup_key_file": {"OPSCONSOLE_BACKUP_KEY_FILE": "{missing}"},
    "backup_key": {"OPSCONSOLE_BACKUP_KEY": "not a key"},
    "backup_database_url": {"OPSCONSOLE_BACKUP_DATABASE_URL": "not an address"},
    "backup_at": {"OPSCONSOLE_BACKUP_AT": "noon"},
    "backup_keep_daily": {"OPSCONSOLE_BACKUP_KEEP_DAILY": "0"},
    "backup_keep_weekly": {"OPSCONSOLE_BACKUP_KEEP_WEEKLY": "0"},
    "backup_keep_monthly": {"OPSCONSOLE_BACKUP_KEEP_MONTHLY": "0"},
    "shop_webhook": {"OPSCONSOLE_SHOP_WEBHOOK": "https://shop.example/x"},
    "shop_webhook_secret": {"OPSCONSOLE_SHOP_WEBHOOK_SECRET": "a" * 20},
    "webhook_of_no_port": {
        "OPSCONSOLE_SHOP_WEBHOOK": "https://shop.example:99999/",
        "OPSCONSOLE_SHOP_WEBHOOK_SECRET": "a" * 20,
    },
    "webhook_of_no_host": {
        "OPSCONSOLE_SHOP_WEBHOOK": "https://[shop/",
        "OPSCONSOLE_SHOP_WEBHOOK_SECRET": "a" * 20,
    },
    "finance_webhook": {"OPSCONSOLE_FINANCE_WEBHOOK": "ftp://x"},
    "finance_webhook_secret": {"OPSCONSOLE_FINANCE_WEBHOOK_SECRET": "short"},
    "support_webhook": {"OPSCONSOLE_SUPPORT_WEBHOOK": "https://shop.example/x"},
    "support_webhook_secret": {"OPSCONSOLE_SUPPORT_WEBHOOK_SECRET": "a" * 20},
    "connection_key_file": {"OPSCONSOLE_CONNECTION_KEY_FILE": "{missing}"},
    "connection_key": {"OPSCONSOLE_CONNECTION_KEY": "not a key"},
    "privacy_key_file": {"OPSCONSOLE_PRIVACY_KEY_FILE": "{missing}"},
    "turnstile_secret": {"OPSCONSOLE_TURNSTILE_SECRET": ""},
    "privacy_key": {"OPSCONSOLE_PRIVACY_KEY": "not a key"},
    "secret_folder": {"OPSCONSOLE_SECRET_FOLDER": "{file}"},
    "egress_allow": {"OPSCONSOLE_EGRESS_ALLOW": "everything"},
    "egress_allow_of_hosts": {"OPSCONSOLE_EGRESS_ALLOW": '["10.0.0.1/8"]'},
    "canary_seconds": {"OPSCONSOLE_CANARY_SECONDS": "1"},
    "dead_man_url_of_no_port": {"OPSCONSOLE_DEAD_MAN_URL": "https://watch.example:99999/"},
    "dead_man_url": {"OPSCONSOLE_DEAD_MAN_URL": "ftp://x"},
    "runbooks_to": {"OPSCONSOLE_RUNBOOKS_TO": "{file}"},
    "files_to": {"OPSCONSOLE_FILES_TO": "{file}"},
    "files_to_elsewhere": {"OPSCONSOLE_FILES_TO": "https://bucket.example/x"},
    "finance_sftp": {"OPSCONSOLE_FINANCE_SFTP": "ftp://host.example/x"},
    "finance_sftp_unpinned": {"OPSCONSOLE_FINANCE_SFTP": "sftp://shop@host.example/in"},
    "finance_sftp_host_key": {"OPSCONSOLE_FINANCE_SFTP_HOST_KEY": "a fingerprint"},
    "finance_sftp_key_file": {
        "OPSCONSOLE_FINANCE_SFTP": "sftp://shop@host.example/in",
        "OPSCONSOLE_FINANCE_SFTP_HOST_KEY": f"ssh-ed25519 {'A' * 60}",
        "OPSCONSOLE_FINANCE_SFTP_KEY_FILE": "{missing}",
    },
    "runbooks_to_elsewhere": {"OPSCONSOLE_RUNBOOKS_TO": "https://bucket.example/x"},
    "event_days": {"OPSCONSOLE_EVENT_DAYS": "30"},
    "orders_cadence": {"OPSCONSOLE_ORDERS_CADENCE": "0"},
    "refunds_cadence": {"OPSCONSOLE_REFUNDS_CADENCE": "0"},
    "downloads_cadence": {"OPSCONSOLE_DOWNLOADS_CADENCE": "0"},
    "discord_cadence": {"OPSCONSOLE_DISCORD_CADENCE": "0"},
    "showcases_cadence": {"OPSCONSOLE_SHOWCASES_CADENCE": "0"},
}
ANY_TEXT = {"oidc_audience", "oidc_client_id"}
"""What these name is found out at the first sign-in."""


def serve(folder: Path | None, **variables: str) -> subprocess.CompletedProcess[str]:
    """A start that fails; one that does not is ended by the time."""
    where = [] if folder is None else ["--data-dir", str(folder)]
    return subprocess.run(
        processes.command("serve", "--no-worker", *where),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("OPSCONSOLE_")}, **variables},
    )


def test_every_setting_has_its_turn() -> None:
    assert set(Settings.model_fields) <= set(WRONG) | ANY_TEXT


@pytest.mark.parametrize("setting", sorted(WRONG))
def test_a_wrong_setting_is_a_sentence(setting: str, tmp_path: Path) -> None:
    places = {"file": tmp_path / "file", "missing": tmp_path / "missing"}
    places["file"].write_text("not a folder")
    wrong = {name: value.format(**places) for name, value in WRONG[setting].items()}
    own = {"data_dir", "database_url"}
    answer = serve(None if setting in own else tmp_path / "data", **wrong)
    assert answer.returncode in {1, 2}, answer.stderr
    assert "Traceback" not in answer.stderr
    said = answer.stderr.strip().splitlines()[-1]
    assert any(name in said or value in said for name, value in wrong.items()), said
    assert not any(name in said for name in ("pydantic", "Value error", "<", "pattern", "validator")), said
    assert not (tmp_path / "data" / "postgres").exists(), "nothing was begun"


@pytest.mark.parametrize("name", ["serve.lock", "serve.json", "progress.json", "serve.log"])
def test_a_file_of_ours_that_is_a_folder_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "data" / name).mkdir(parents=True)
    answer = serve(tmp_path / "data")
    assert (answer.returncode, f"{name} is a folder" in answer.stderr) == (1, True), answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("key", "content", "words"),
    [
        ("token.key", b"short", "put your copy of it back"),
        ("token.key", b"", "put your copy of it back"),
        ("token.key", b"\xff\xfe" * 30, "put your copy of it back"),
        ("audit.key", b"-----BEGIN PRIVATE KEY-----\n", "audit.key holds no PEM private key"),
        ("backup.key", b"short", "backup.key holds no key"),
        ("connection.key", b"short", "put your copy of the key back"),
    ],
)
def test_a_damaged_key_is_never_replaced(tmp_path: Path, key: str, content: bytes, words: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / key).write_bytes(content)
    answer = serve(folder)
    assert answer.returncode == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    assert words.lower() in answer.stderr.lower(), answer.stderr
    assert (folder / key).read_bytes() == content
