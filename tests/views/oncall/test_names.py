"""People are called by name; ids are for machines."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtWidgets import QApplication

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


def test_an_id_tells_apart_only_who_is_called_the_same(qtbot: object) -> None:
    box = PeopleBox("Person")
    people = (("nele", "Nele Krause"), ("ada", "Ada Voss"), ("ada-2", "Ada Voss"))
    box.offer([Helper(user_id=known, name=name) for known, name in people], own="nele")
    found = [box.itemText(number) for number in range(box.count())]
    assert found == ["Nele Krause (you)", "Ada Voss (ada)", "Ada Voss (ada-2)"]
