"""Inter where it is installed, the system's own font elsewhere; figures always tabular."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF

TABULAR = QFont.Tag("tnum")
_FIGURES = str.maketrans("123456789", "000000000")


@lru_cache(maxsize=1)
def family() -> str:
    """The family of all text."""
    return (
        "Inter"
        if "Inter" in QFontDatabase.families()
        else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    )


@lru_cache(maxsize=1)
def mono_family() -> str:
    """The family of ids, and of nothing else."""
    families = QFontDatabase.families()
    for wanted in ("JetBrains Mono", "DejaVu Sans Mono"):
        if wanted in families:
            return wanted
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()


@lru_cache(maxsize=256)
def make(points: float, weight: int, *, mono: bool = False, spacing: float = 100.0) -> QFont:
    """A font; do not change it, it is shared."""
    font = QFont(mono_family() if mono else family())
    font.setPointSizeF(points)
    font.setWeight(QFont.Weight(weight))
    font.setFeature(TABULAR, 1)
    if spacing != 100.0:
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, spacing)
    return font


def width(text: str, points: float, weight: int, *, mono: bool = False, spacing: float = 100.0) -> float:
    """How wide a text is, pixels; remembered, because the same words are measured at every paint.

    Figures are tabular: 12:31:07 is as wide as 00:00:00, and a column of times or of amounts is measured once.
    """
    return _width(text.translate(_FIGURES), points, weight, mono, spacing)


@lru_cache(maxsize=8192)
def _width(text: str, points: float, weight: int, mono: bool, spacing: float) -> float:
    return QFontMetricsF(make(points, weight, mono=mono, spacing=spacing)).horizontalAdvance(text)


@lru_cache(maxsize=256)
def height(points: float, weight: int = 400) -> float:
    """How high a line is, pixels."""
    return QFontMetricsF(make(points, weight)).height()
