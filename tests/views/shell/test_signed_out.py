"""Who has left leaves nothing on the screen, in whatever panel, and nobody else is named in their place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from app.alerts.domain import Alerts, acknowledge
from app.core.freshness import Quality
from models.alerts import Alert
from models.core.permissions import Permission
from tests.app.answers import AS_OF, ME
from tests.app.core.faulty_server import http
from tests.views.office import Office, alert, app_of, office, order, turns, until
from tests.views.shell.test_past import PastOffice, walk
from views.dashboard.capability import FIGURES, ROWS
from views.kit.theme import current
from views.shell.application import ConsoleApplication
from views.shell.pages.sign_in import SignInPage

TITLE, COMMENT, PERSON = "Trouble of today", "Mei looks into it", "Mei Kondo"
SIGN_IN = "Sign in to see this."


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def journey(aio: Any, profile: Path, steps: Callable[[Office, ConsoleApplication], Awaitable[None]]) -> None:
    me = ME | {"permissions": [str(each) for each in Permission]}
    seen = alert(2, title=TITLE, state="acknowledged", comment=COMMENT, acknowledgedBy=PERSON)

    async def run() -> None:
        async with office(profile, me=me, alerts=[alert(title=TITLE), seen], orders=[order(1)]) as made:
            PastOffice(made)  # which knows no more paths than it has answers for
            async with app_of(made) as app:
                await steps(made, app)

    aio(run())


def said(app: ConsoleApplication) -> str:
    """What the message bar and its history say."""
    return " ".join([app.window.message_bar.message.text(), *(m.text for m in app.console.messages.history)])


def test_signing_out_leaves_nothing_to_read_in_any_panel(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        console = made.console
        hour = "from=2026-11-24T10:00:00%2B00:00&to=2026-11-24T11:00:00%2B00:00"
        app.window.panels.panel(ROWS).show_links([f"/api/operations/orders?{hour}"])
        before = await walk(app)
        assert COMMENT in " ".join(before["alerts"])
        console.messages.post("Gave Risk manager to Mei Kondo")
        await console.sign_out()
        after = await walk(app)
        for panel_id, texts in after.items():
            words = " ".join(texts)
            assert TITLE not in words, panel_id
            assert COMMENT not in words, panel_id
            assert PERSON not in words, panel_id
            assert panel_id == FIGURES or SIGN_IN in words, panel_id
        assert console.quality() is not Quality.FRESH
        assert app.window.strip.user.text() == ""
        assert app.window.strip.user.isHidden()
        assert said(app) == "Signed out. Signed out."

        made.me = ME | {"userId": "viewer", "name": "Viewer", "permissions": ["operations.view_dashboard"]}
        made.alerts.clear()
        await console.sign_in("viewer", "secret")
        alerts = app.window.panels.panel("alerts")
        seen = [label.text() for label in alerts.widget.findChildren(QLabel) if not label.isHidden()]
        assert COMMENT not in " ".join(seen), "what the one before was shown"
        await until(lambda: console.of(Alerts).list().sample)
        app.window.refresh()
        assert app.window.strip.user.text() == "Viewer"
        assert "as Viewer" in said(app)

    journey(aio, tmp_path, steps)


def test_signed_out_nobody_is_named_whoever_the_first_picture_was_of(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        console, strip = made.console, app.window.strip
        assert console.figures is not None
        for name in ("Risk manager", "Administrator"):
            made.me |= {"userId": name, "name": name}
            await console.sign_in(name, "secret")
            await made.refresh()
        console._dashboard.first = replace(console.figures, user="Operations lead")
        await console.sign_out()
        for days in (7, 30):
            console.time.set_range(days)
            await turns()
            app.window.refresh()
            assert (strip.user.text(), strip.user.accessibleName()) == ("", "Not signed in")
        assert console.figures.user == ""

    journey(aio, tmp_path, steps)
    from app.core.snapshot import read_first

    (kept,) = tmp_path.glob("snapshot-*.db")
    picture = read_first(kept)
    assert picture is not None
    assert picture.user == "", "the next start paints no name"


def test_the_sign_in_page_names_server_last_account_and_whose_decisions_wait(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        console = made.console
        one = Alert.model_validate(made.alerts[0])
        made.server.answer = lambda _: None
        await console.of(Alerts).list().refresh()
        await acknowledge(console.mutations, one, "mine")
        made.server.answer = lambda asked: (
            http({"environment": "Northern shop", "builtIn": True, "oidc": None, "asOf": AS_OF.isoformat()})
            if asked.path.endswith("/options")
            else None
        )
        await console.sign_out()
        console.environment = ""
        app.window.refresh()
        assert app.window.strip.environment.toolTip().endswith(urlsplit(made.server.url).netloc), (
            "before it has answered"
        )
        app.window.page_asked.emit("sign-in")
        await until(lambda: isinstance(app.window.stack.currentWidget(), SignInPage))
        page = app.window.stack.currentWidget()
        assert isinstance(page, SignInPage)
        assert page.account.text() == "operations-lead"
        said = [label.text() for label in page.findChildren(QLabel)]
        assert "1 decision of operations-lead waits until operations-lead signs in." in said

    journey(aio, tmp_path, steps)
