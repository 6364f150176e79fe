"""Fields that several dialogs have."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget


def number_field(least: int, most: int, value: int, name: str, suffix: str) -> QSpinBox:
    """A whole number with its unit."""
    field = QSpinBox()
    field.setRange(least, most)
    field.setValue(value)
    field.setSuffix(suffix)
    field.setAccessibleName(name)
    return field


def in_one_line(*fields: QWidget) -> QWidget:
    """Fields in one line."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    for field in fields:
        row.addWidget(field)
    row.addStretch(1)
    return whole
