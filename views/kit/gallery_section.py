"""What a capability shows on the theme sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class GallerySection:
    """Parts of a capability in each of their states, for the theme sheet."""

    title: str
    words: str
    parts: Sequence[QWidget]
