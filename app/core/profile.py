"""Where one operator's files are: settings, snapshot, layout. ``OPSCONSOLE_PROFILE`` moves them."""

from __future__ import annotations

import os
from pathlib import Path


def profile_folder() -> Path:
    """The profile's folder; not created here."""
    if given := os.environ.get("OPSCONSOLE_PROFILE"):
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("opsconsole", appauthor=False)
