import math
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.views.kit.colour import contrast
from views.kit.charts.data import ChartData, Limit, Mark
from views.kit.charts.style import ChartStyle, chart_style
from views.kit.charts.time_chart import LEFT, RIGHT, TimeChart
from views.kit.theme import THEMES, current

HOUR = 3600.0
START = 1_795_000_000 // 86_400 * 86_400.0


def style() -> ChartStyle:
    grey = QColor(Qt.GlobalColor.gray)
    names = ("back", "line", "text", "text2", "text3", "series", "previous", "breach", "span")
    colours = dict.fromkeys(names, grey) | {
        "back": QColor("#1C2025"),
        "line": QColor("#3C444F"),
        "text": QColor("#E6E9ED"),
        "text2": QColor("#B4BCC6"),
        "text3": QColor("#949EAA"),
        "series": QColor("#8E86F5"),
        "previous": QColor("#646C75"),
        "breach": QColor("#FFA52E"),
    }
    return ChartStyle(**colours, font=QFont("sans", 9))


def rates(hours: int = 168) -> ChartData:
    ends = tuple(START + HOUR * (i + 1) for i in range(hours))
    values = tuple(
        None if 60 <= i < 70 else 0.5 + 0.2 * math.sin(i / 4) + max(0, i - hours + 4) * 1.8 for i in range(hours)
    )
    return ChartData(
        starts=tuple(e - HOUR for e in ends),
        ends=ends,
        values=values,
        unit="%",
        name="last hour",
        decimals=2,
        previous=tuple(0.4 for _ in ends),
        previous_name="previous 7 d",
        limit=Limit(2.0, "above", "max 2.00"),
        marks=(Mark(ends[20], "3.18.0"),),
    )


def shown(qapp: QApplication, width: int = 1428) -> TimeChart:
    chart = TimeChart("Download failure rate", style())
    chart.resize(width, 148)
    chart.show()
    chart.show_data(rates())
    QTest.qWait(50)
    return chart


def test_nothing_is_drawn_while_hidden_and_four_times_a_second_otherwise(qapp: QApplication) -> None:
    chart = TimeChart("Rate", style())
    chart.show_data(rates())
    QTest.qWait(50)
    assert chart.redraws == 0
    chart.show()
    for number in range(25):
        chart.show_data(replace(rates(), name=f"answer {number}"))
        QTest.qWait(20)
    assert 2 <= chart.redraws <= 4
    chart.close()


def test_the_same_picture_is_not_drawn_again_until_it_would_differ(qapp: QApplication) -> None:
    chart, data = shown(qapp), rates()
    drawn = chart.redraws

    def slid(seconds: float) -> ChartData:
        # Whole buckets stay where they are; the first and the last one are cut at the edges of the window.
        starts, ends = (data.starts[0] + seconds, *data.starts[1:]), (*data.ends[:-1], data.ends[-1] + seconds)
        return replace(data, starts=starts, ends=ends)

    pixel = 168 * HOUR / chart.viewport().width()
    for seconds in (0.0, 5.0, pixel * 0.6):
        chart.show_data(slid(seconds))
        QTest.qWait(300)
    assert chart.redraws == drawn
    assert chart._data == slid(pixel * 0.6)  # what the crosshair reads is the newest all the same
    chart.show_data(slid(pixel * 1.2))
    QTest.qWait(300)
    assert chart.redraws == drawn + 1
    chart.show_data(replace(slid(pixel * 1.2), values=(*data.values[:-1], 9.0)))
    QTest.qWait(300)
    assert chart.redraws == drawn + 2
    chart.close()


def test_alerts_are_marked_with_their_shape_and_named_at_the_crosshair(qapp: QApplication) -> None:
    chart, data = shown(qapp), rates()
    plain = chart.grab().toImage()
    many = tuple(Mark(data.ends[-1] - n, f"P3 Alert {n}", "P3") for n in range(1, 8))
    chart.show_data(replace(data, marks=(*data.marks, Mark(data.ends[100], "P2 Failing", "P2", open=True), *many)))
    QTest.qWait(300)
    picture = chart.grab().toImage()
    x = round(chart._at(data.ends[100], 0).x())
    assert picture.pixelColor(x, 6) == QColor(current().tokens.p2)
    assert plain.pixelColor(x, 6) != picture.pixelColor(x, 6)
    assert "9 marks, the newest" in chart.accessibleDescription()
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert "P3 Alert 1, P3 Alert 2, and 5 more" in chart.accessibleDescription()
    chart.close()


def test_the_plot_keeps_its_margins_and_describes_itself(qapp: QApplication, tmp_path: Path) -> None:
    chart = shown(qapp)
    plot = chart._plot()
    assert abs(plot.left() - LEFT) <= 2
    assert abs(chart.width() - plot.right() - RIGHT) <= 2
    assert "10 of 168 points have no data" in chart.accessibleDescription()
    out = os.environ.get("OPSCONSOLE_PICTURES", str(tmp_path))
    assert chart.grab().save(f"{out}/failure-rate.png")
    chart.close()


def test_keys_move_the_crosshair_and_enter_opens_the_bucket(qapp: QApplication) -> None:
    chart, other = shown(qapp), shown(qapp)
    chart.cursor_moved.connect(other.set_cursor)
    drilled: list[object] = []
    chart.drilled.connect(drilled.append)
    QTest.keyClick(chart, Qt.Key.Key_Left)
    QTest.keyClick(chart, Qt.Key.Key_Left)
    QTest.keyClick(chart, Qt.Key.Key_Return)
    end = rates().ends[-2]
    assert drilled == [(end - HOUR, end)]
    assert other._cursor == 166
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert other._cursor is None
    chart.close()
    other.close()


def test_a_click_opens_the_bucket_under_it(qapp: QApplication) -> None:
    chart = shown(qapp)
    drilled: list[object] = []
    chart.drilled.connect(drilled.append)
    middle = chart._plot().center().toPoint()
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert len(drilled) == 1
    chart.close()


def test_refunds_hang_below_on_their_own_ticks(qapp: QApplication, tmp_path: Path) -> None:
    chart = shown(qapp)
    line = rates()
    orders = tuple(30 + 20 * math.sin(i / 4) for i in range(168))
    refunds = tuple(float(i % 5 == 0) * (i % 11) for i in range(168))
    chart.show_data(
        ChartData(
            line.starts, line.ends, orders, "per h", name="orders", below=refunds, below_name="refunds", bars=True
        )
    )
    chart.set_quality(stale="last heard 4 min ago", disconnected=True)
    QTest.qWait(320)
    assert chart._ticks[-1] == (-0.35 * chart._ticks[-2][0], "20")
    assert "refunds newest" in chart.accessibleDescription()
    out = os.environ.get("OPSCONSOLE_PICTURES", str(tmp_path))
    assert chart.grab().save(f"{out}/orders.png")
    chart.close()


@pytest.mark.parametrize("theme", list(THEMES))
def test_labels_can_be_read_on_the_hatch_right_of_now(qapp: QApplication, theme: str) -> None:
    current().apply(theme)
    chart = TimeChart("Download failure rate", chart_style(1))
    chart.resize(1428, 148)
    chart.show()
    chart.set_quality(stale="stale", disconnected=True)
    chart.show_data(rates())
    QTest.qWait(50)
    picture, plot = chart.grab().toImage(), chart._plot()
    # The outermost pixels carry no label.
    places = [(x, y) for x in range(1416, 1426) for y in range(int(plot.top()) + 2, int(plot.bottom()) - 2)]
    grounds = {picture.pixelColor(x, y).name() for x, y in places}
    assert len(grounds) > 1, "it is hatched"
    assert min(contrast(current().tokens.text3, ground) for ground in grounds) >= 4.5
    chart.close()
    current().apply("dark")
