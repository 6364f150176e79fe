"""Where one operator's files are: settings, snapshot, layout. ``OPSCONSOLE_PROFILE`` moves them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def profile_folder() -> Path:
    """The profile's folder; not created here."""
    if given := os.environ.get("OPSCONSOLE_PROFILE"):
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("opsconsole", appauthor=False)


@contextmanager
def profile_copy() -> Iterator[Path]:
    """A profile with the operator's choices for whoever only looks: what happens to it is forgotten.

    Choices are JSON. The databases beside them stay where they are, above all the outbox: nothing in it is sent.
    """
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix="opsconsole-", ignore_cleanup_errors=True) as folder:
        for choices in profile_folder().glob("*.json"):
            shutil.copy(choices, folder)
        yield Path(folder)
