"""People are called by name; ids are for machines."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.oncall.wording import page_state_words
from models.incidents.context import Helper
from models.oncall.pages import PageDetail, PageState
from tests.views.oncall.fixtures import MONDAY, page
from views.incidents.people_dialogs import PeopleBox
from views.kit.theme import Theme
from views.oncall.pages_panel import detail_html

AT = (MONDAY + timedelta(minutes=4)).isoformat()
ANSWERED = page(state=PageState.ACKNOWLEDGED, acknowledgedAt=AT, acknowledgedBy="nele")


def test_whoever_has_a_page_is_named() -> None:
    assert page_state_words(ANSWERED, MONDAY) == "Nele Krause has it"


def test_what_was_done_about_a_page_names_people_and_says_what_is_not_recorded(qapp: QApplication) -> None:
    Theme(qapp).apply("dark")
    call = {"number": 1, "round": 0, "step": 0, "at": AT, "people": [], "rosters": [], "tzdata": "", "words": ""}
    person = {"person": "tomas", "name": "Tomas Keller", "receipts": []}
    detail = PageDetail.model_validate(
        {**ANSWERED.model_dump(by_alias=True), "calls": [{**call, "people": [person], "teamReceipts": []}]}
    )
    words = detail_html(detail, "UTC")
    assert "acknowledged by Nele Krause" in words
    assert "Tomas Keller: no message is recorded" in words
    assert "nele" not in words


def test_a_page_says_when_its_messages_went_and_counts_rounds_as_people_do(qapp: QApplication) -> None:
    Theme(qapp).apply("dark")
    receipt = {"connectionId": "c", "connectionName": "Mail", "state": "sent", "attempts": 1, "seconds": 0.5}
    receipt |= {"endedAt": AT, "words": ""}
    person = {"person": "tomas", "name": "Tomas Keller", "receipts": [receipt]}
    call = {"number": 1, "step": 0, "at": AT, "people": [person], "rosters": [], "tzdata": "", "words": ""}
    calls = [call | {"round": each, "number": each, "teamReceipts": []} for each in (1, 2)]
    detail = PageDetail.model_validate({**ANSWERED.model_dump(by_alias=True), "calls": calls})
    again, first = detail_html(detail, "Europe/Berlin").split("step 1")[1:]
    assert f"Mail sent {MONDAY + timedelta(hours=1, minutes=4):%H:%M:%S} in 0.5 s" in first
    assert ("round 2" in again, "round" in first) == (True, False)


def test_letters_that_fit_only_one_name_are_enough(qtbot: QtBot) -> None:
    box = PeopleBox("Person")
    qtbot.addWidget(box)
    box.offer([Helper(user_id=known, name=name) for known, name in (("nele", "Nele Krause"), ("ada", "Ada Voss"))])
    found = {}
    for typed in ("kra", "a", "nobody", "", "Ada Voss"):
        box.setEditText(typed)
        found[typed] = box.person and box.person[0]
    assert found == {"kra": "nele", "a": None, "nobody": None, "": None, "Ada Voss": "ada"}


def test_an_id_tells_apart_only_who_is_called_the_same(qtbot: object) -> None:
    box = PeopleBox("Person")
    people = (("nele", "Nele Krause"), ("ada", "Ada Voss"), ("ada-2", "Ada Voss"))
    box.offer([Helper(user_id=known, name=name) for known, name in people], own="nele")
    found = [box.itemText(number) for number in range(box.count())]
    assert found == ["Nele Krause (you)", "Ada Voss (ada)", "Ada Voss (ada-2)"]
