"""The dashboard's pages on the wall: whole names, limits, and what somebody has as clear as what is new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from tests.app.answers import dashboard
from tests.views.office import Office, alert, office
from views.alerts.wall_bar import AlertBar
from views.dashboard import wall_pages
from views.dashboard.wall_pages import figure_page
from views.kit.theme import current


class _Heard:
    """What was fitted into its place, as words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.words: list[tuple[str, float]] = []
        draw = wall_pages.draw_fitted

        def fitted(painter: Any, box: QRectF, words: str, font: Any, colour: Any) -> None:
            self.words.append((words, box.width()))
            draw(painter, box, words, font, colour)

        monkeypatch.setattr(wall_pages, "draw_fitted", fitted)


def _drawn(page: Any) -> QImage:
    image = QImage(1600, 900, QImage.Format.Format_RGB32)
    image.fill(QColor(current().tokens.base))
    with QPainter(image) as painter:
        page.draw(painter, QRectF(0, 0, 1600, 900), 45.0)
    return image


def test_a_name_has_the_whole_width_when_it_needs_it(aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with office(tmp_path) as made:
            heard = _Heard(monkeypatch)
            page = figure_page(made.console, 2)
            _drawn(page)
            page.close()
            (width,) = {wide for words, wide in heard.words if words == "Discord members"}
            (beside,) = {wide for words, wide in heard.words if words == "Pending now"}
            assert width > beside, "its age stands below it"

    aio(run())


def test_an_acknowledged_limit_is_marked_as_clearly_as_a_new_one(aio: Any, tmp_path: Path) -> None:
    hue = QColor(current().tokens.status("P2")).rgb()

    def marked(image: QImage) -> int:
        return sum(image.pixel(x, y) == hue for x in range(0, 1600, 3) for y in range(0, 320, 3))

    async def steps(made: Office) -> None:
        made.dashboard = dashboard(alerts=[])
        made.dashboard["states"]["downloads.failureRate"] = "acknowledged"
        await made.refresh()
        page, bar = figure_page(made.console, 0), AlertBar(made.console)
        assert bar.wanted, "a P2 stays on the wall while somebody looks after it"
        with_it = marked(_drawn(page))
        made.dashboard["states"]["downloads.failureRate"] = "normal"
        made.dashboard["thresholds"] = {}
        made.alerts = []
        await made.refresh()
        assert with_it > marked(_drawn(page)) + 50
        assert not bar.wanted
        page.close()
        bar.close()

    async def run() -> None:
        async with office(tmp_path, alerts=[alert(1, state="acknowledged")]) as made:
            await steps(made)

    aio(run())
