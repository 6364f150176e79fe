"""How an outside system is reached, as fields: which there are follows from its kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_snake
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from models.core.base import Request
from models.deliveries.connections import (
    ConnectionChange,
    ConnectionKind,
    ConnectionRequest,
    ConnectionSettings,
    DiscordSettings,
    PagerDutySettings,
    SendGridSettings,
    ShopSettings,
    SlackSettings,
    SmtpSecurity,
    SmtpSettings,
    WebhookSettings,
)
from views.deliveries.wording import KINDS

if TYPE_CHECKING:
    from models.deliveries.connections import Connection

SETTINGS: TypeAdapter[Any] = TypeAdapter(ConnectionSettings)
CLASSES: dict[ConnectionKind, type[Request]] = {
    ConnectionKind.WEBHOOK: WebhookSettings,
    ConnectionKind.SHOP: ShopSettings,
    ConnectionKind.SLACK: SlackSettings,
    ConnectionKind.PAGERDUTY: PagerDutySettings,
    ConnectionKind.DISCORD: DiscordSettings,
    ConnectionKind.SENDGRID: SendGridSettings,
    ConnectionKind.SMTP: SmtpSettings,
}
EXAMPLES = {
    "url": "https://shop.example/hooks/refund",
    "channel": "C024BE91L, the id of the channel and not its name",
    "webhook_id": "The number in the webhook's address",
    "host": "mail.example.com",
    "port": "587",
    "user": "Empty where the server asks for none",
    "sender": "operations@example.com",
    "recipients": "Addresses with commas between them",
    "subscriptions": "Such as risk.entry.approved, alerts.*",
    "rate": "As the kind allows",
}
LABELS = {
    "url": "Address",
    "channel": "Channel id",
    "webhook_id": "Webhook id",
    "host": "Server",
    "port": "Port",
    "security": "Protected by",
    "user": "User name",
    "sender": "From",
    "recipients": "To",
    "ordered": "One at a time, in order",
    "knows_ids": "The shop knows ids and never repeats the work",
    "subscriptions": "What goes there",
    "rate": "At most, a second",
}
SECURITY = {
    SmtpSecurity.STARTTLS: "STARTTLS",
    SmtpSecurity.TLS: "TLS from the start",
    SmtpSecurity.NONE: "nothing: only for a server on the same machine",
}


class FieldError(ValueError):
    """What was typed does not do; ``field`` is where."""

    def __init__(self, words: str, field: QWidget | None) -> None:
        super().__init__(words)
        self.field = field


class SettingsForm(QWidget):
    """Name, kind, and what the kind needs; ``connection`` is one that is changed, whose kind stays."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__()
        self._before = connection
        self.name = QLineEdit()
        self.name.setMaxLength(80)
        self.name.setPlaceholderText("Such as Shop webhook, refund")
        self.kind = QComboBox()
        for kind, words in KINDS.items():
            self.kind.addItem(words, kind)
        self.security = QComboBox()
        for security, words in SECURITY.items():
            self.security.addItem(words, security)
        self.fields: dict[str, QWidget] = {}
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._row("Name", self.name)
        self._row("Kind", self.kind)
        for name, label in LABELS.items():
            self.fields[name] = field = self._field(name)
            self._row("" if isinstance(field, QCheckBox) else label, field, label)
        self.kind.currentIndexChanged.connect(lambda _index: self._show_kind())
        if connection is not None:
            self.name.setText(connection.name)
            self.kind.setCurrentIndex(self.kind.findData(connection.settings.kind))
            self.kind.setEnabled(False)
        self._show_kind()
        if connection is not None:
            self._fill(connection)

    def _field(self, name: str) -> QWidget:
        if name == "security":
            return self.security
        if name in {"ordered", "knows_ids"}:
            box = QCheckBox(LABELS[name])
            box.setChecked(name == "knows_ids")
            return box
        field = QLineEdit()
        field.setPlaceholderText(EXAMPLES[name])
        field.setMaxLength(4000)
        return field

    def _row(self, label: str, field: QWidget, name: str = "") -> None:
        field.setAccessibleName(name or label)
        self.form.addRow(label, field)

    @property
    def chosen(self) -> ConnectionKind:
        """The kind."""
        return ConnectionKind(self.kind.currentData())

    def _wanted(self) -> list[str]:
        known = CLASSES[self.chosen].model_fields
        return [name for name in LABELS if name in known or name in {"subscriptions", "rate"}]

    def _show_kind(self) -> None:
        wanted = self._wanted()
        for name, field in self.fields.items():
            self.form.setRowVisible(field, name in wanted)
        address = self.fields["url"]
        assert isinstance(address, QLineEdit)  # noqa: S101 - made here
        usual = CLASSES[self.chosen].model_fields.get("url")
        known = {each.model_fields["url"].default for each in CLASSES.values() if "url" in each.model_fields}
        if address.text() in {*known, ""}:  # what was typed stays
            default = usual.default if usual is not None and not usual.is_required() else ""
            address.setText(default if isinstance(default, str) else "")

    def _fill(self, connection: Connection) -> None:
        values = connection.settings.model_dump() | {
            "subscriptions": connection.subscriptions,
            "rate": "" if connection.rate is None else f"{connection.rate:g}",
        }
        for name, field in self.fields.items():
            value = values.get(name)
            if isinstance(field, QCheckBox):
                field.setChecked(bool(value))
            elif isinstance(field, QComboBox) and value is not None:
                field.setCurrentIndex(field.findData(value))
            elif isinstance(field, QLineEdit) and value is not None:
                field.setText(", ".join(value) if isinstance(value, tuple) else str(value))

    # --- reading -----------------------------------------------------------------------------------------------

    def _values(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self._wanted():
            field = self.fields[name]
            if isinstance(field, QCheckBox):
                found[name] = field.isChecked()
            elif isinstance(field, QComboBox):
                found[name] = field.currentData()
            elif isinstance(field, QLineEdit) and (text := field.text().strip()):
                found[name] = _listed(text) if name in {"recipients", "subscriptions"} else text
        for name, make in (("port", int), ("rate", float)):
            if name in found:
                try:
                    found[name] = make(found[name].replace(",", "."))
                except ValueError:
                    raise FieldError(f"{LABELS[name]}: a number, such as 5.", self.fields[name]) from None
        return found

    def request(self) -> ConnectionRequest:
        """A new connection as it was typed. Raises FieldError."""
        name = self.name.text().strip()
        if not name:
            raise FieldError("A connection needs a name that people know it by.", self.name)
        values = self._values()
        rest = {key: values.pop(key) for key in ("subscriptions", "rate") if key in values}
        settings = self._checked(lambda: SETTINGS.validate_python({"kind": self.chosen, **values}))
        found: ConnectionRequest = self._checked(lambda: ConnectionRequest(name=name, settings=settings, **rest))
        return found

    def change(self) -> ConnectionChange | None:
        """What is to change, ``None`` for nothing. Raises FieldError."""
        assert self._before is not None  # noqa: S101 - only asked of one that is changed
        now, before = self.request(), self._before
        changed: dict[str, Any] = {
            name: getattr(now, name)
            for name in ("name", "settings", "subscriptions", "rate")
            if getattr(now, name) != getattr(before, name)
        }
        return ConnectionChange(**changed) if changed else None

    def _checked(self, make: Any) -> Any:
        try:
            return make()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            named = [to_snake(str(part)) for part in first["loc"]]  # errors speak of names on the wire
            places = [name for name in named if name in self.fields]
            words = first["msg"].removeprefix("Value error, ")
            if first["type"] == "missing" or first["type"] == "string_too_short":
                words = "it is needed"
            elif first["type"] == "string_pattern_mismatch":
                words = f"“{first['input']}” does not look like one"
            label = f"{LABELS[places[0]]}: " if places else ""
            raise FieldError(f"{label}{words}.", self.fields[places[0]] if places else None) from error


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,;]+", text) if part)
