"""Whether a docking system's state may be given to it: it reads a foreign one without end, or past the end."""

from __future__ import annotations

import re

from PySide6.QtCore import QXmlStreamReader

DEEPEST = 32
"""Elements inside each other; the docking system reads each level in a call of its own."""
PARTS = frozenset({"Splitter", "Area"})
SIZE = re.compile(r"[0-9]{1,6}")


def is_sound(state: bytes) -> bool:
    """Whether it is XML as ours, each splitter has a size for each of its parts, and no dock is named twice."""
    if not state.startswith(b"<?xml"):  # anything else would be tried as compressed data, with a warning
        return False
    xml = QXmlStreamReader(state.decode(errors="replace"))
    parts: list[int] = []
    """Of each open element, the splitters and areas directly in it."""
    names: set[str] = set()
    while not xml.atEnd():
        match xml.readNext():
            case QXmlStreamReader.TokenType.StartElement:
                name = xml.name()
                if parts and name in PARTS:
                    parts[-1] += 1
                if name == "Sizes":
                    # It comes after the parts, and this reads to its end.
                    sizes = xml.readElementText().split()
                    if not parts or len(sizes) != parts[-1] or not all(map(SIZE.fullmatch, sizes)):
                        return False
                    continue
                if name == "Widget":
                    dock = xml.attributes().value("Name")
                    if dock in names:
                        return False
                    names.add(dock)
                parts.append(0)
                if len(parts) > DEEPEST:
                    return False
            case QXmlStreamReader.TokenType.EndElement:
                parts.pop()
    return not xml.hasError()
