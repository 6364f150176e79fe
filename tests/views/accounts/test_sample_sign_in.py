"""Out of the sample shop and in again, and a second factor, by what the screen says; a real server says nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.core.errors import Challenge
from app.core.step_up import StepUpQuestion
from backend.accounts.session.accounts import SAMPLE_PASSWORD, seed_role_accounts
from backend.core.database import Database
from backend.core.settings import Settings
from backend.sample.sign_in import settle_sample_access
from models.accounts import SampleAccess
from tests.app.core.faulty_server import NoKeyring
from tests.conftest import Api, serve_in_thread
from tests.views.office import until
from views.accounts.second_factor.dialog import CodeDialog, SetUpDialog, ask
from views.shell.application import ConsoleApplication
from views.shell.pages.sign_in import SignInPage

PASSWORD = "correct horse"


async def _furnish(settings: Settings) -> SampleAccess | None:
    database = Database(settings.database_url or "", size=2)
    await database.open()
    async with database.transaction() as tx:
        await seed_role_accounts(tx, SAMPLE_PASSWORD)
    sample = await settle_sample_access(database, settings.model_copy(update={"sample_shop": True}))
    await database.close()
    return sample


@pytest.fixture
def sample_api(api: Api) -> Iterator[Api]:
    """The API of a sample shop's accounts."""
    url, stop = serve_in_thread(api.settings, sample=asyncio.run(_furnish(api.settings)))
    yield replace(api, base_url=url)
    stop()


@asynccontextmanager
async def app_at(api: Api, folder: Path) -> AsyncIterator[ConsoleApplication]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    console = Console(folder, ConnectionTarget(url=api.base_url), keyring=NoKeyring())  # type: ignore[arg-type]
    app = ConsoleApplication(application, console)
    app.show(1200, 800)
    await app.furnish()
    app.start()
    try:
        yield app
    finally:
        app.close()
        await console.close()
        app.window.deleteLater()


def words_on(widget: QWidget) -> str:
    """Everything that can be read there."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


async def sign_in_page(app: ConsoleApplication) -> SignInPage:
    await until(lambda: isinstance(app.window.stack.currentWidget(), SignInPage), 20)
    page = app.window.stack.currentWidget()
    assert isinstance(page, SignInPage)
    return page


async def sign_in(app: ConsoleApplication, account: str, password: str) -> None:
    page = await sign_in_page(app)
    page.account.setText(account)
    page.password.setText(password)
    page.submit()
    await until(lambda: app.console.session.me is not None or page.error, 20)
    assert page.error == ""


def question() -> StepUpQuestion:
    answered = asyncio.get_running_loop().create_future()
    return StepUpQuestion("Approve", "words", Challenge("2", 300), answered)


def test_the_screen_of_a_sample_shop_says_all_it_takes(aio: Any, sample_api: Api, tmp_path: Path) -> None:
    async def run() -> None:
        async with app_at(sample_api, tmp_path) as app:
            for account in ("operations-lead", "compliance-officer"):
                words = words_on(await sign_in_page(app))
                assert account in words.split()
                found = re.search(r"password of each is (\S+)", words)
                assert found is not None, words
                await sign_in(app, account, found[1])
                asked = question()
                dialog = ask(app.console, asked, app.window, lambda _url: None)
                assert isinstance(dialog, CodeDialog)
                await until(lambda dialog=dialog: "Sample shop" in words_on(dialog), 20)
                dialog.code.setText("000000")
                dialog.submit()
                await until(lambda dialog=dialog: dialog.error, 20)
                assert dialog.error == "The code is wrong, has passed, or was used already."
                code = re.search(r"the code is (\d{3} \d{3}) now", words_on(dialog))
                assert code is not None
                dialog.code.setText(code[1])
                dialog.submit()
                assert await asyncio.wait_for(asked.answered, 20)
                await app.console.sign_out()
                app._sign_in()

    aio(run())


def test_a_second_factor_is_set_up_in_a_sample_shop_without_an_authenticator(
    aio: Any, sample_api: Api, tmp_path: Path
) -> None:
    with psycopg.connect(sample_api.owner_url) as connection:
        connection.execute("delete from second_factor where user_id = 'viewer'")

    async def run() -> None:
        async with app_at(sample_api, tmp_path) as app:
            await sign_in(app, "viewer", SAMPLE_PASSWORD)
            asked = question()
            dialog = ask(app.console, asked, app.window, lambda _url: None)
            assert isinstance(dialog, SetUpDialog)
            await until(lambda: f"sample shop it is {SAMPLE_PASSWORD}" in words_on(dialog), 20)
            dialog.password.setText(SAMPLE_PASSWORD)
            dialog.submit()
            await until(lambda: "it would show now" in words_on(dialog), 20)
            code = re.search(r"it would show now: (\d{3} \d{3})", words_on(dialog))
            assert code is not None
            dialog.code.setText(code[1])
            dialog.submit()
            await until(lambda: hasattr(dialog, "recovery") or dialog.error, 20)
            assert dialog.error == ""
            assert "it would show now" not in words_on(dialog)
            dialog.submit()
            assert await asyncio.wait_for(asked.answered, 20)

    aio(run())


def test_a_real_server_says_nothing_and_asks_for_the_password_there_is(aio: Any, api: Api, tmp_path: Path) -> None:
    api.add_person("jane", "Jane Doe", PASSWORD)

    async def run() -> None:
        async with app_at(api, tmp_path) as app:
            assert "sample" not in words_on(await sign_in_page(app)).casefold()
            await sign_in(app, "jane", PASSWORD)
            dialog = ask(app.console, question(), app.window, lambda _url: None)
            assert isinstance(dialog, SetUpDialog)
            assert "empty" not in words_on(dialog)
            dialog.submit()
            assert dialog.error == "Type your password."
            dialog.password.setText("wrong horse")
            dialog.submit()
            await until(lambda: dialog.error.startswith("Wrong"), 20)
            assert dialog.error == "Wrong password."
            dialog.password.setText(PASSWORD)
            dialog.submit()
            await until(dialog.code.isVisible, 20)
            assert "sample" not in words_on(dialog).casefold()
            dialog.reject()

    aio(run())
