"""Settings of the operations API: read from the environment once, checked at the start."""

from __future__ import annotations

import json
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.figures import SourceName

Cadence = Annotated[int, Field(ge=1, le=31 * 86_400)]


def _usable(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(each.isspace() for each in value):
        raise ValueError("this is no address from https:// or http:// on, with a host and a port that can be")
    return value


def _network(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return ip_network(value)
        except ValueError as error:
            raise ValueError(f"{error}; a network is written like 10.0.0.0/8") from None
    return value


WebAddress = Annotated[str, Field(max_length=2000), AfterValidator(_usable)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
WebhookSecret = Annotated[SecretStr, Field(min_length=16)]
Kept = Annotated[int, Field(ge=1, le=1_000)]
WEBHOOKS = ("shop_webhook", "finance_webhook", "support_webhook")


class AccessSource(BaseModel):
    """Where an outside system's report of who has access there lies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path = Field(description="CSV or JSON file with the columns user and role.")
    roles: Annotated[dict[str, str], Field(min_length=1)] = Field(description="Roles there, and what they are here.")


class Settings(BaseSettings):
    """Everything that may differ between installations. Variables are ``OPSCONSOLE_`` plus the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="OPSCONSOLE_", frozen=True, extra="ignore")

    database_url: str | None = Field(None, description="PostgreSQL 18 to work on; unset means the embedded one.")
    data_dir: Path | None = Field(None, description="Folder of the embedded PostgreSQL and its keys.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(0, description="Port to listen on; 0 takes a free one.")
    environment: Annotated[str, Field(min_length=1, max_length=60)] = Field(
        "Local", description="Name of this environment, shown in the console."
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field("EUR", description="Reporting currency, ISO 4217.")
    sample_shop: bool = Field(False, description="Create the sample shop and keep it trading.")

    oidc_issuer: WebAddress | None = Field(None, description="OIDC issuer whose tokens are accepted.")
    oidc_audience: str = Field("opsconsole", description="Audience those tokens must carry.")
    oidc_client_id: str = Field("opsconsole", description="Client id the console signs in with.")
    oidc_acr_values: Annotated[str, Field(pattern=r"^[^\s\"]+( [^\s\"]+)*$")] = Field(
        "phr phrh mfa 2", description="Values of acr, by spaces, with which that issuer says: a second factor was used."
    )
    token_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key, 32 bytes or more, that signs the sessions of built-in accounts; embedded: a file.",
    )

    access_reports: dict[str, AccessSource] = Field(
        {},
        description='Outside systems to compare with the roles here, as JSON: {"medusa": {"file": …, "roles": {…}}}.',
    )
    audit_key_file: Path | None = Field(
        None, description="PEM file with the Ed25519 key that seals the audit log; embedded: a file."
    )
    audit_key: SecretStr | None = Field(None, description="The same key as PEM text, instead of a file.")
    audit_checkpoint_folder: Path | None = Field(
        None, description="Folder outside the database that keeps every checkpoint; embedded: in the data folder."
    )
    audit_checkpoint_bucket: Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$")] | None = (
        Field(None, description="`s3://bucket/prefix` that keeps every checkpoint, instead of a folder.")
    )
    audit_checkpoint_endpoint: WebAddress | None = Field(
        None, description="Address of the bucket's service, when it is not Amazon's."
    )

    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None, description="Bearer token that `/metrics` asks for; unset: it is open."
    )
    log_format: Literal["json", "text"] = Field("json", description="Form of the log lines on standard error.")
    pool_size: Annotated[int, Field(ge=2, le=200)] = Field(10, description="Database connections of one process.")
    read_timeout: Annotated[float, Field(gt=0, le=600)] = Field(
        5.0, description="Seconds a statement of the API may take."
    )
    request_bytes: Annotated[int, Field(ge=1024)] = Field(4 * 1024 * 1024, description="Largest request body, bytes.")

    backup_folder: Path | None = Field(
        None, description="Folder of the daily backups, for this installation alone; embedded: one of the data folder."
    )
    backup_key_file: Path | None = Field(
        None, description="File with the key of backups, 32 bytes in base64; embedded: one in the data folder."
    )
    backup_key: SecretStr | None = Field(None, description="That key itself, instead of a file.")
    backup_database_url: str | None = Field(
        None, description="Database address with the owner's login, to back up; unset means the database address."
    )
    backup_at: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|off)$")] = Field(
        "02:15", description="Time of the daily backup, UTC; `off` when others see to backups."
    )
    backup_keep_daily: Kept = Field(7, description="Days whose newest backup is kept.")
    backup_keep_weekly: Kept = Field(4, description="Weeks whose newest backup is kept.")
    backup_keep_monthly: Kept = Field(6, description="Months whose newest backup is kept.")

    shop_webhook: WebAddress | None = Field(
        None, description="Address that releases, refunds and cancels orders after a verdict; unset: verdicts wait."
    )
    shop_webhook_secret: WebhookSecret | None = Field(None, description="Secret its requests are signed with.")
    finance_webhook: WebAddress | None = Field(
        None, description="Address that hears of escalations to finance; unset: nobody is told."
    )
    finance_webhook_secret: WebhookSecret | None = Field(None, description="Secret its requests are signed with.")
    support_webhook: WebAddress | None = Field(
        None, description="Address that hears of escalations to support; unset: nobody is told."
    )
    support_webhook_secret: WebhookSecret | None = Field(None, description="Secret its requests are signed with.")

    connection_key_file: Path | None = Field(
        None, description="File with the key of connections' secrets, 32 bytes in base64; embedded: in the data folder."
    )
    connection_key: SecretStr | None = Field(None, description="That key itself, instead of a file.")
    secret_folder: Path | None = Field(
        None, description="Folder of the files that connections may name as `file:…`; unset: they may name none."
    )
    egress_allow: tuple[Network, ...] = Field(
        (), description='Networks besides the public ones that connections may lead to, as JSON: ["10.0.0.0/8"].'
    )
    canary_seconds: Annotated[int, Field(ge=30, le=86_400)] = Field(
        300, description="Seconds after which each connection is proved anew."
    )
    dead_man_url: WebAddress | None = Field(
        None, description="Address that is asked every minute while all is well, to miss us when we are gone."
    )

    privacy_key_file: Path | None = Field(
        None, description="File with the keys of personal data, a line each; embedded: in the data folder."
    )
    privacy_key: SecretStr | None = Field(None, description="Those lines themselves, split by `;`, instead of a file.")

    turnstile_secret: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None, description="Secret of Cloudflare Turnstile, which consent forms must then have passed; unset: off."
    )

    runbooks_to: (
        Annotated[str, Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?|[^:]+|[A-Za-z]:[^:]+)$")] | None
    ) = Field(
        None,
        description="Folder, or `s3://bucket/prefix`, that runbooks are published to as plain pages; embedded: a "
        "folder of the data folder.",
    )

    files_to: (
        Annotated[str, Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?|[^:]+|[A-Za-z]:[^:]+)$")] | None
    ) = Field(
        None,
        description="Folder, or `s3://bucket/prefix`, that keeps files of reports, sealed with the key of connections; "
        "embedded: a folder of the data folder.",
    )
    finance_sftp: Annotated[str, Field(pattern=r"^sftp://[^@/\s:]+@[^@/\s:]+(:[0-9]{1,5})?(/.*)?$")] | None = Field(
        None, description="Folder that finance picks files up from, as `sftp://user@host:22/folder`; unset: none."
    )
    finance_sftp_host_key: Annotated[str, Field(pattern=r"^[a-z0-9@.-]+ [A-Za-z0-9+/=]{40,}( .*)?$")] | None = Field(
        None, description="Public key of that host, such as `ssh-ed25519 AAAA…`; no other is spoken to."
    )
    finance_sftp_key_file: Path | None = Field(
        None, description="File with the private key that we sign in there with."
    )

    event_days: Annotated[int, Field(ge=90, le=3_650)] = Field(
        120, description="Days that events are kept; days that are older are dropped as a whole."
    )

    orders_cadence: Cadence = Field(3_600, description="Seconds after which silent orders are late.")
    refunds_cadence: Cadence = Field(7 * 86_400, description="Seconds after which silent refunds are late.")
    downloads_cadence: Cadence = Field(900, description="Seconds after which silent downloads are late.")
    discord_cadence: Cadence = Field(900, description="Seconds after which Discord figures are late.")
    showcases_cadence: Cadence = Field(3_600, description="Seconds after which showcase figures are late.")

    def cadence(self, source: SourceName) -> int:
        """Seconds within which ``source`` promises its next record."""
        return {
            SourceName.ORDERS: self.orders_cadence,
            SourceName.REFUNDS: self.refunds_cadence,
            SourceName.DOWNLOADS: self.downloads_cadence,
            SourceName.DISCORD: self.discord_cadence,
            SourceName.SHOWCASES: self.showcases_cadence,
        }[source]

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.audit_checkpoint_bucket is not None and self.audit_checkpoint_folder is not None:
            raise ValueError("set OPSCONSOLE_AUDIT_CHECKPOINT_FOLDER or …_BUCKET, not both: checkpoints have one place")
        return self

    @model_validator(mode="after")
    def _signed(self) -> Self:
        for name in WEBHOOKS:
            if (getattr(self, name) is None) != (getattr(self, f"{name}_secret") is None):
                raise ValueError(f"set OPSCONSOLE_{name.upper()} and OPSCONSOLE_{name.upper()}_SECRET, or neither")
        return self

    @property
    def backup_time(self) -> time | None:
        """Time of day of the daily backup, UTC; ``None`` when it is off."""
        return None if self.backup_at == "off" else time.fromisoformat(self.backup_at)

    def as_environment(self) -> dict[str, str]:
        """Variables that give a process of ours the same settings; keys in variables are inherited, not copied."""
        named = {"token_key", "metrics_token", "audit_key", "backup_key", "connection_key", "privacy_key"}
        named |= {"turnstile_secret"}
        secrets = named | {f"{name}_secret" for name in WEBHOOKS}
        dumped = self.model_dump(mode="json", exclude_none=True, exclude=secrets)
        return {
            f"OPSCONSOLE_{name.upper()}": json.dumps(value) if isinstance(value, dict | list) else str(value)
            for name, value in dumped.items()
        }

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.finance_sftp is not None and (self.finance_sftp_host_key is None or self.finance_sftp_key_file is None):
            raise ValueError(
                "OPSCONSOLE_FINANCE_SFTP needs OPSCONSOLE_FINANCE_SFTP_HOST_KEY and OPSCONSOLE_FINANCE_SFTP_KEY_FILE"
            )
        return self
