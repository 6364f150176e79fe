"""Where checkpoints are kept outside the database: the place that settings or somebody name."""

from __future__ import annotations

import functools
from pathlib import Path

from backend.audit.checkpoint_store import CheckpointStore, Folder
from backend.core.settings import Settings


def store_at(name: str, endpoint: str | None = None) -> CheckpointStore:
    """The place of a name: ``s3://bucket/prefix``, at another endpoint than Amazon's if one is given, or a folder."""
    return _bucket(name, endpoint) if name.startswith("s3://") else Folder(Path(name))


@functools.cache
def _bucket(url: str, endpoint: str | None) -> CheckpointStore:
    """One client for all turns: it keeps connections and credentials. Only who has a bucket waits for it to load."""
    from backend.audit.bucket import Bucket

    return Bucket(url, endpoint)


def configured_store(settings: Settings) -> CheckpointStore | None:
    """The place settings name; ``None`` when they name none. Raises CheckpointStoreError."""
    if settings.audit_checkpoint_bucket is not None:
        return store_at(settings.audit_checkpoint_bucket, settings.audit_checkpoint_endpoint)
    return None if settings.audit_checkpoint_folder is None else Folder(settings.audit_checkpoint_folder)
