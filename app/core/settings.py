"""What an operator has chosen, in one JSON file of the profile; read with the standard library, written atomically."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core import files
from app.core.json_text import parse_json
from app.core.timeframe import RANGES

FILE = "settings.json"
THEMES = ("system", "dark", "light", "high-contrast")
BY_SERVER = ("audit_vkeys", "audit_checkpoints", "accounts")
FONT_SCALES = (0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices. Unknown ones of a newer version are kept in the file."""

    theme: str = "system"
    font_scale: float = 1.0
    server_url: str = ""
    sample_shop: bool = False
    """Open the sample shop when started without a command."""
    range_days: int = 7
    local_time: bool = True
    """Show the local clock beside UTC."""
    screen_diagonal_inches: float = 55.0
    """Of the wall display."""
    viewing_distance_metres: float = 5.0
    wall_pages: dict[str, str] = field(default_factory=dict)
    """By screen, ids of the pages its wall display shows, in their order, separated by spaces; empty: any screen."""
    audit_vkeys: dict[str, str] = field(default_factory=dict)
    """By server, the key its audit log was signed with when it was first seen."""
    audit_checkpoints: dict[str, str] = field(default_factory=dict)
    """By server, a checkpoint of its audit log that was verified: what comes later must have grown from it."""

    accounts: dict[str, str] = field(default_factory=dict)
    """By server, the account of the last sign-in with a password."""

    def checked(self) -> Settings:
        """With impossible values replaced by the defaults."""
        return replace(
            self,
            theme=self.theme if self.theme in THEMES else "system",
            font_scale=min(2.0, max(0.85, self.font_scale)),
            range_days=self.range_days if self.range_days in RANGES else 7,
            screen_diagonal_inches=min(300.0, max(10.0, self.screen_diagonal_inches)),
            viewing_distance_metres=min(50.0, max(0.5, self.viewing_distance_metres)),
        )


class SettingsFile:
    """Loads and saves. Several consoles may share it: the last change of each choice wins."""

    def __init__(self, profile: Path) -> None:
        self.path = profile / FILE
        self.problem = ""
        """What was wrong with the file, in words for the operator; empty when nothing was."""
        self._unknown: dict[str, Any] = {}

    @property
    def exists(self) -> bool:
        """Whether anything was ever chosen."""
        return self.path.exists()

    def load(self) -> Settings:
        """The choices; the defaults where there is no file. A damaged file is set aside."""
        self.problem = ""
        try:
            raw = dict(parse_json(self.path.read_text(encoding="utf-8")).items())
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            self.problem = f"The settings could not be read ({error.strerror}); the defaults hold."
            return Settings()
        except (ValueError, AttributeError):
            aside = self.path.with_name(f"{FILE}.{datetime.now(UTC):%Y%m%d-%H%M%S}.broken")
            with contextlib.suppress(OSError):
                self.path.replace(aside)
            self.problem = f"The settings were damaged; they were set aside as {aside.name} and the defaults hold."
            return Settings()
        known = {each.name: each.type for each in fields(Settings)}
        self._unknown = {name: value for name, value in raw.items() if name not in known}
        return Settings(**{n: v for n, v in raw.items() if n in known and _fits(v, str(known[n]))}).checked()

    def keep(self, **choices: Any) -> None:
        """Write these and leave the others as they are in the file. Raises OSError with the reason."""
        self.save(replace(self.load(), **choices))

    def save(self, settings: Settings) -> None:
        """Write them. Raises OSError with the reason."""
        settings = self._with_servers_of_others(settings)
        files.write(self.path, json.dumps({**self._unknown, **asdict(settings)}, indent=1))

    def _with_servers_of_others(self, settings: Settings) -> Settings:
        """What consoles on other servers have seen must not be lost: they would trust whoever comes next."""
        try:
            raw = parse_json(self.path.read_text(encoding="utf-8"))
            known: dict[str, Any] = {name: raw[name] for name in BY_SERVER if _fits(raw.get(name), "dict[str, str]")}
        except (OSError, ValueError, AttributeError):
            return settings
        merged: dict[str, Any] = {name: {**seen, **getattr(settings, name)} for name, seen in known.items()}
        return replace(settings, **merged)


def _fits(value: object, kind: str) -> bool:
    match kind:
        case "dict[str, str]":
            return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        case "bool":
            return isinstance(value, bool)
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)
