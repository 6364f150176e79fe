"""Adding and changing connections, secrets that go in and never come out, turning one off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from models.core.topics import Topic
from models.deliveries.connections import Connection, ConnectionKind
from tests.app.core.faulty_server import problem
from tests.views.deliveries.fixtures import SMTP, Systems, conflict, connection, slack
from tests.views.deliveries.test_systems import press, told, workspace
from tests.views.office import Office, shown, turns, until
from views.accounts.second_factor.dialog import SetUpDialog
from views.deliveries.connection_dialogs import ConnectionDialog, RemoveDialog, SecretDialog, TurnOffDialog
from views.deliveries.settings_form import LABELS, FieldError, SettingsForm
from views.kit.dialogs.conflict import ConflictDialog
from views.shell.application import ConsoleApplication

KEY = Qt.Key
SECRET = "canary-secret-of-a-test-7f3a"
NEEDED: dict[ConnectionKind, dict[str, str]] = {
    ConnectionKind.WEBHOOK: {"url": "https://in.example/hooks"},
    ConnectionKind.SHOP: {"url": "https://shop.example/hooks"},
    ConnectionKind.SLACK: {"channel": "C024BE91L"},
    ConnectionKind.PAGERDUTY: {},
    ConnectionKind.DISCORD: {"webhook_id": "118293847561"},
    ConnectionKind.SENDGRID: {"sender": "ops@example.com", "recipients": "a@example.com, b@example.com"},
    ConnectionKind.SMTP: {"host": "mail.example.com", "sender": "ops@example.com", "recipients": "a@example.com"},
}


def fill(form: SettingsForm, kind: ConnectionKind, values: dict[str, str]) -> None:
    form.kind.setCurrentIndex(form.kind.findData(kind))
    for name, text in values.items():
        field = form.fields[name]
        assert isinstance(field, QLineEdit)
        field.setText(text)


@pytest.mark.parametrize("kind", ConnectionKind)
def test_each_kind_asks_for_what_it_needs(qtbot: Any, kind: ConnectionKind) -> None:
    form = SettingsForm()
    qtbot.addWidget(form)
    form.name.setText("A system")
    fill(form, kind, {})
    for name in NEEDED[kind]:
        with pytest.raises(FieldError) as missing:
            form.request()
        assert missing.value.field is form.fields[name]
        assert str(missing.value) == f"{LABELS[name]}: it is needed."
        fill(form, kind, {name: NEEDED[kind][name]})
    request = form.request()
    assert request.settings.kind is kind
    visible = {name for name, field in form.fields.items() if form.form.isRowVisible(field)}
    assert visible == {*type(request.settings).model_fields, "subscriptions", "rate"} - {"kind"}


def test_what_is_typed_wrongly_is_said_in_words_at_its_field(qtbot: Any) -> None:
    form = SettingsForm()
    qtbot.addWidget(form)
    with pytest.raises(FieldError, match="needs a name"):
        form.request()
    form.name.setText("A system")
    for kind, name, typed, words in (
        (ConnectionKind.WEBHOOK, "url", "shop.example", "an address starts with https:// or http://"),
        (ConnectionKind.WEBHOOK, "url", "https://a:b@shop.example", "leave user and password out of the address"),
        (ConnectionKind.SLACK, "channel", "#ops", "“#ops” does not look like one"),
        (ConnectionKind.SMTP, "port", "many", "a number, such as 5"),
        (ConnectionKind.WEBHOOK, "rate", "fast", "a number, such as 5"),
        (ConnectionKind.WEBHOOK, "subscriptions", "Risk!", "does not look like one"),
    ):
        fill(form, kind, NEEDED[kind] | {name: typed})
        with pytest.raises(FieldError) as wrong:
            form.request()
        assert words in str(wrong.value)
        assert wrong.value.field is form.fields[name]
        fill(form, kind, {name: NEEDED[kind].get(name, "")})


def test_one_that_is_changed_sends_only_what_is_different(qtbot: Any) -> None:
    known = Connection.model_validate(connection("Mail", SMTP, subscriptions=["alerts.*"], rate=2.0))
    form = SettingsForm(known)
    qtbot.addWidget(form)
    assert form.change() is None
    assert not form.kind.isEnabled()
    fill(form, ConnectionKind.SMTP, {"rate": "5", "subscriptions": "alerts.*, risk.entry.approved"})
    change = form.change()
    assert change is not None
    assert change.model_dump(exclude_unset=True) == {"rate": 5.0, "subscriptions": ("alerts.*", "risk.entry.approved")}


def test_a_new_connection_is_chosen_and_its_secret_is_the_next_step(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panels = app.window.panels
        press(panels.panel("deliveries.connections").table, KEY.Key_N)
        dialog = shown(ConnectionDialog)
        dialog.submit()
        assert "needs a name" in dialog.error
        dialog.form.name.setText("Orders desk")
        fill(dialog.form, ConnectionKind.SLACK, NEEDED[ConnectionKind.SLACK])
        dialog.submit()
        await until(lambda: told(made))
        assert systems.asked[-1] == (
            "POST",
            "/connections",
            {"name": "Orders desk", "settings": slack("C024BE91L")},
        )
        detail = panels.panel("deliveries.connection")
        await until(lambda: detail.note().text.startswith("Orders desk"))
        assert detail.buttons["secret"].text() == "Enter secret…"

    workspace(aio, tmp_path, steps)


def test_a_secret_is_sent_once_and_is_in_no_file_of_ours(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panels = app.window.panels
        press(panels.panel("deliveries.connections").table, KEY.Key_S)
        dialog = shown(SecretDialog)
        assert dialog.value.echoMode() is QLineEdit.EchoMode.Password
        dialog.value.setText("short")
        dialog.submit()
        assert dialog.error == "A secret has 8 characters or more."
        dialog.value.setText(SECRET)
        systems.refusal = problem("unavailable", 503, "The database is away.")
        dialog.submit()
        await until(lambda: dialog.error)
        assert dialog.value.text() == SECRET  # nothing that was typed is lost
        systems.refusal = None
        dialog.submit()
        await until(lambda: told(made))
        assert told(made) == ["The secret of Shop webhook, refund is set. Send a test to see that it is right."]
        assert systems.asked[-1] == (
            "PUT",
            "/connections/shop-webhook-refund/secret",
            {"purpose": "send", "value": SECRET, "previousHours": 24},
        )
        detail = panels.panel("deliveries.connection")
        await until(lambda: "0 d" in detail.secret.text())
        assert SECRET not in detail.secret.text()
        assert [done for done in await made.console.mutations.mine() if "secret" in done.title] == []

    workspace(aio, tmp_path, steps)
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_a_secret_asks_for_the_second_factor_and_without_it_nothing_is_done(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        press(app.window.panels.panel("deliveries.connections").table, KEY.Key_S)
        dialog = shown(SecretDialog)
        dialog.value.setText(SECRET)
        challenge = 'Bearer error="insufficient_user_authentication", acr_values="2", max_age=300'
        systems.refusal = problem("step-up-needed", 401, "Use your second factor.", WWW_Authenticate=challenge)
        dialog.submit()
        await until(lambda: [w for w in QApplication.topLevelWidgets() if isinstance(w, SetUpDialog) and w.isVisible()])
        shown(SetUpDialog).reject()
        await until(lambda: dialog.error)
        assert "No second factor was given" in dialog.error
        assert len(systems.asked) == 1
        dialog.reject()
        del made

    workspace(aio, tmp_path, steps)


def test_a_reference_is_shown_as_it_is_typed_and_checked(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        press(app.window.panels.panel("deliveries.connections").table, KEY.Key_S)
        dialog = shown(SecretDialog)
        dialog.value.setText(SECRET)
        dialog.how.setCurrentIndex(1)
        assert dialog.value.text() == ""  # what was typed as a secret does not come to light
        assert dialog.value.echoMode() is QLineEdit.EchoMode.Normal
        dialog.value.setText("SHOP_SECRET")
        dialog.submit()
        assert "a reference is env:NAME or file:/path" in dialog.error
        dialog.value.setText("env:SHOP_SECRET")
        dialog.purpose.setCurrentIndex(1)
        dialog.submit()
        await until(lambda: told(made))
        assert systems.asked[-1][2] == {"purpose": "receive", "reference": "env:SHOP_SECRET"}

    workspace(aio, tmp_path, steps)


def test_a_change_against_an_old_version_is_compared(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        press(app.window.panels.panel("deliveries.connections").table, KEY.Key_E)
        dialog = shown(ConnectionDialog)
        dialog.submit()
        assert dialog.error == "Nothing was changed yet."
        dialog.form.name.setText("Shop, refunds")
        systems.refusal = conflict()
        dialog.submit()
        await until(lambda: [w for w in app.window.findChildren(ConflictDialog) if w.isVisible()])
        assert systems.asked[-1][:2] == ("PATCH", "/connections/shop-webhook-refund")
        assert systems.asked[-1][2] == {"name": "Shop, refunds"}
        shown(ConflictDialog).reject()
        await turns()
        del made

    workspace(aio, tmp_path, steps)


def test_turning_off_says_what_is_given_up(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        assert made.console.actions.execute("deliveries.off") is None
        dialog = shown(TurnOffDialog)
        words = dialog.column.itemAt(0).widget().text()  # type: ignore[union-attr]
        assert "In Tests" in words
        assert "12 letters wait and are given up" in words
        dialog.submit()
        await until(lambda: told(made))
        assert systems.asked[-1][:2] == ("DELETE", "/connections/shop-webhook-refund/secret")
        detail = app.window.panels.panel("deliveries.connection")
        await until(lambda: "No signing secret is set" in detail.secret.text())

    workspace(aio, tmp_path, steps)


def test_removing_says_what_stays_and_needs_what_was_seen(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        actions = made.console.actions
        assert "dead letters" in (actions.execute("deliveries.remove") or "")
        app.window.panels.panel("deliveries.connection").chosen.choose("slack-ops-incidents")
        assert actions.execute("deliveries.remove") is None
        dialog = shown(RemoveDialog)
        words = dialog.column.itemAt(0).widget().text()  # type: ignore[union-attr]
        assert "stay in the lists and in the audit log" in words
        dialog.submit()
        await until(lambda: told(made))
        assert systems.asked[-1][:2] == ("DELETE", "/connections/slack-ops-incidents")
        assert "if-match" in systems.keys[-1]
        assert told(made) == ["Remove: Slack #ops-incidents"]
        await until(lambda: app.window.panels.panel("deliveries.connection").chosen.id != "slack-ops-incidents")

    workspace(aio, tmp_path, steps)


def test_what_needs_no_secret_is_turned_off_and_on(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        found = next(each for each in systems.connections if each["id"] == "mail")
        assert made.console.actions.execute("deliveries.off") is None
        shown(TurnOffDialog).submit()
        await until(lambda: systems.asked)
        assert systems.asked[-1][:2] == ("DELETE", "/connections/mail/secret")
        advice = {"verdict": "Mail is turned off", "detail": "Nothing is sent.", "steps": [], "remedy": "resume"}
        found |= {"advice": advice}
        made.console.queries.invalidate(Topic.CONNECTIONS)
        detail = app.window.panels.panel("deliveries.connection")
        await until(lambda: detail.buttons["pause"].text() == "Turn on")
        detail.buttons["pause"].click()
        await until(lambda: systems.asked[-1][:2] == ("POST", "/connections/mail/resume"))

    known = [connection("Mail", {**SMTP, "user": ""}, secret=None)]
    workspace(aio, tmp_path, steps, connections=known)
