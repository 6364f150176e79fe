"""The notes of the sample shop."""

from __future__ import annotations

from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection
from backend.core.sample_shop import SampleShop
from backend.notes.actions import write_note
from models.notes import NoteDraft


async def create(tx: Connection, _shop: SampleShop) -> None:
    """One note to begin with."""
    text = "The download mirror is slow since noon; see https://status.example.com before you wake anybody."
    await write_note(tx, actor=SAMPLE_SHOP, request=NoteDraft(text=text))
