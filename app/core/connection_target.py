"""Where a console works: a server's address, or a data folder of this computer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings


@dataclass(frozen=True, slots=True)
class ConnectionTarget:
    """Where a console works: a server's address, or a data folder of this computer."""

    url: str = ""
    data_dir: Path | None = None
    role: str | None = None
    """Built-in account to be signed in as, data folder only."""
    sample_shop: bool = False

    @property
    def name(self) -> str:
        """What distinguishes it in snapshot and keyring."""
        return self.url.rstrip("/") if self.url else f"local:{self.data_dir}"


def resolve_target(
    settings: Settings, *, server: str | None, data_dir: Path, role: str | None, sample_shop: bool
) -> ConnectionTarget | None:
    """Where to work: what was asked for, else what was chosen the last time, else ``None``: ask the operator."""
    if server:
        return ConnectionTarget(url=server)
    if sample_shop or role is not None:
        return ConnectionTarget(data_dir=data_dir, role=role, sample_shop=sample_shop)
    if settings.server_url:
        return ConnectionTarget(url=settings.server_url)
    if settings.sample_shop:
        return sample_target(data_dir)
    return None


def sample_target(data_dir: Path) -> ConnectionTarget:
    """The sample shop of this computer, signed in as operations lead."""
    return ConnectionTarget(data_dir=data_dir, role="operations-lead", sample_shop=True)
