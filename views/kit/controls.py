"""Fusion with our own frames and indicators, where a style sheet could only take pictures from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QProxyStyle,
    QStyle,
    QStyleFactory,
    QStyleOption,
    QStyleOptionComboBox,
    QStyleOptionComplex,
    QWidget,
)

if TYPE_CHECKING:
    from views.kit.theme import Theme

INDICATOR, ROW = 16, 28
_CHECKS = {QStyle.PrimitiveElement.PE_IndicatorCheckBox, QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck}
_RADIO = QStyle.PrimitiveElement.PE_IndicatorRadioButton
_DOWN = QStyle.PrimitiveElement.PE_IndicatorArrowDown
_UP = QStyle.PrimitiveElement.PE_IndicatorArrowUp
_METRICS = {
    QStyle.PixelMetric.PM_IndicatorWidth,
    QStyle.PixelMetric.PM_IndicatorHeight,
    QStyle.PixelMetric.PM_ExclusiveIndicatorWidth,
    QStyle.PixelMetric.PM_ExclusiveIndicatorHeight,
}


class Controls(QProxyStyle):
    """Check boxes, radio buttons, combo boxes and spin boxes in the colours of the applied theme."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(QStyleFactory.create("Fusion"))
        self._theme = theme

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric in _METRICS:
            return self._theme.px(INDICATOR)
        return super().pixelMetric(metric, option, widget)

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        found = super().sizeFromContents(kind, option, size, widget)  # type: ignore[arg-type]  # Qt needs none
        if kind in {QStyle.ContentsType.CT_ComboBox, QStyle.ContentsType.CT_SpinBox}:
            found.setHeight(max(found.height(), self._theme.px(ROW)))
            found.setWidth(found.width() + self._theme.px(12))
        return found

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element in _CHECKS or element is _RADIO:
            self._indicator(painter, option, round_=element is _RADIO)
        elif element in {_DOWN, _UP}:
            self._chevron(painter, QRectF(option.rect), option, up=element is _UP)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if control is QStyle.ComplexControl.CC_ComboBox:
            # A date with a calendar is drawn as a combo box that can be typed into.
            typed = isinstance(option, QStyleOptionComboBox) and option.editable
            self._frame(painter, option, self._theme.tokens.base if typed else self._theme.tokens.button)
            self._chevron(painter, self._part(option, control, QStyle.SubControl.SC_ComboBoxArrow, widget), option)
        elif control is QStyle.ComplexControl.CC_SpinBox:
            self._frame(painter, option, self._theme.tokens.base)
            for part, up in ((QStyle.SubControl.SC_SpinBoxUp, True), (QStyle.SubControl.SC_SpinBoxDown, False)):
                self._chevron(painter, self._part(option, control, part, widget), option, up=up)
        else:
            super().drawComplexControl(control, option, painter, widget)

    def _part(
        self,
        option: QStyleOptionComplex,
        control: QStyle.ComplexControl,
        part: QStyle.SubControl,
        widget: QWidget | None,
    ) -> QRectF:
        return QRectF(self.subControlRect(control, option, part, widget))  # type: ignore[arg-type]  # Qt needs none

    def _edge(self, option: QStyleOption) -> QPen:
        tokens = self._theme.tokens
        if not option.state & QStyle.StateFlag.State_Enabled:
            return QPen(QColor(tokens.control_border), 1, Qt.PenStyle.DashLine)
        focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        return QPen(QColor(tokens.accent if focus else tokens.control_border), 2 if focus else tokens.outline)

    def _frame(self, painter: QPainter, option: QStyleOption, fill: str) -> None:
        tokens, state = self._theme.tokens, option.state
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        if enabled and state & QStyle.StateFlag.State_MouseOver:
            fill = tokens.hover
        edge = self._edge(option)
        inset = edge.widthF() / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(edge)
        painter.setBrush(QColor(fill) if enabled else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(option.rect).adjusted(inset, inset, -inset, -inset), 4, 4)
        painter.restore()

    def _indicator(self, painter: QPainter, option: QStyleOption, *, round_: bool) -> None:
        tokens, state = self._theme.tokens, option.state
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        on = bool(state & (QStyle.StateFlag.State_On | QStyle.StateFlag.State_NoChange))
        edge = self._edge(option)
        if on and enabled and not state & QStyle.StateFlag.State_HasFocus:
            edge = QPen(QColor(tokens.accent), 1)
        inset = edge.widthF() / 2
        box = QRectF(option.rect).adjusted(inset, inset, -inset, -inset)
        ground = tokens.accent if on else tokens.base
        ink = QColor(tokens.ink_on(ground) if enabled else tokens.text3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(edge)
        painter.setBrush(QColor(ground) if enabled else Qt.BrushStyle.NoBrush)
        corner = box.width() / 2 if round_ else 3
        painter.drawRoundedRect(box, corner, corner)
        x, y, half = box.center().x(), box.center().y(), box.width() / 2
        if on and state & QStyle.StateFlag.State_NoChange:
            painter.setPen(QPen(ink, half / 4))
            painter.drawLine(QPointF(x - half * 0.5, y), QPointF(x + half * 0.5, y))
        elif on and round_:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawEllipse(box.center(), half * 0.4, half * 0.4)
        elif on:
            painter.setPen(QPen(ink, half / 4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(
                [
                    QPointF(x - half * 0.55, y),
                    QPointF(x - half * 0.15, y + half * 0.45),
                    QPointF(x + half * 0.55, y - half * 0.4),
                ]
            )
        painter.restore()

    def _chevron(self, painter: QPainter, box: QRectF, option: QStyleOption, *, up: bool = False) -> None:
        theme = self._theme
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        wide = min(theme.px(4), box.width() / 2, box.height() / 2)
        tall = wide / 2 * (-1 if up else 1)
        x, y = box.center().x(), box.center().y()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.tokens.text2 if enabled else theme.tokens.text3), 1.4 * theme.font_scale))
        painter.drawPolyline([QPointF(x - wide, y - tall), QPointF(x, y + tall), QPointF(x + wide, y - tall)])
        painter.restore()
