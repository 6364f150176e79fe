"""Runbooks on a real API: versions, two editors at once, search, runs that several tick off, and bad input."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from models.runbooks import TEXT_MOST
from tests.backend.runbooks.fixtures import DRAFT, TEXT, Desk
from tests.conftest import Api


@pytest.fixture
def lead(api: Api) -> Desk:
    return Desk(api)


def entries(api: Api, resource_type: str, resource_id: str) -> list[dict[str, Any]]:
    with psycopg.connect(api.owner_url, row_factory=dict_row) as connection:
        return connection.execute(
            "select * from audit_log where resource_type = %s and resource_id = %s order by seq",
            (resource_type, resource_id),
        ).fetchall()


def test_versions_stay_readable_with_who_and_why(api: Api, lead: Desk) -> None:
    made = lead.created()
    assert (made["ownerName"], made["steps"]) == ("Operations lead", ["Look", "Act, with opsconsole worker", "Tell"])
    path = f"/{made['id']}"
    change = {"text": f"{TEXT}\n- [ ] Breathe", "reason": "we forgot to"}
    changed = Desk(api, "incident-responder").done("PATCH", path, change, 1)
    assert (changed["version"], len(changed["steps"]), changed["title"]) == (2, 4, DRAFT["title"])
    versions = lead.done("GET", f"{path}/versions")["items"]
    assert [(v["version"], v["updatedByName"], v["reason"]) for v in versions] == [
        (2, "Incident responder", "we forgot to"),
        (1, "Operations lead", ""),
    ]
    assert lead.done("GET", f"{path}/versions/1")["text"] == TEXT
    assert lead.send("GET", f"{path}/versions/3").status_code == 404
    assert [(e["action"], e["reason"]) for e in entries(api, "runbook", made["id"])] == [
        ("runbooks.runbook.created", None),
        ("runbooks.runbook.changed", "we forgot to"),
    ]


def test_of_two_editors_the_second_is_told(api: Api, lead: Desk) -> None:
    path = f"/{lead.created()['id']}"

    def edit(number: int) -> int:
        return Desk(api).send("PATCH", path, {"title": f"Title {number}", "reason": "r"}, 1).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(edit, (1, 2))) == [200, 412]
    assert lead.send("PATCH", path, {"title": "Title", "reason": "r"}).status_code == 428
    assert len(lead.done("GET", f"{path}/versions")["items"]) == 2


def test_the_same_again_is_no_version(lead: Desk) -> None:
    path = f"/{lead.created()['id']}"
    same = lead.done("PATCH", path, {"title": DRAFT["title"], "reason": "r"}, 1)
    assert same["version"] == 1


def test_it_is_found_by_words_alert_and_service(lead: Desk) -> None:
    lead.created()
    lead.created(
        slug="backup-late", title="Backup is late", alerts=["backup:daily"], services=[], text="- [ ] See 100 %"
    )

    def found(query: str) -> list[str]:
        return [each["slug"] for each in lead.done("GET", f"?{query}")["items"]]

    assert found("") == ["backup-late", "mirrors-down"]
    assert found("q=WORKER%20mirrors") == ["mirrors-down"]
    assert found("q=100%20%25") == ["backup-late"]
    assert found("q=%25") == ["backup-late"]
    assert found("alert=backup:daily") == ["backup-late"]
    assert found("service=downloads") == ["mirrors-down"]
    assert "text" not in lead.done("GET")["items"][0]


def test_a_retired_one_is_kept_and_not_begun(api: Api, lead: Desk) -> None:
    made = lead.created()
    retired = lead.done("PATCH", f"/{made['id']}", {"retired": True, "reason": "the mirrors are gone"}, 1)
    assert retired["retired"]
    assert lead.done("GET", "?retired=false")["items"] == []
    refused = lead.send("POST", f"/{made['id']}/runs", {})
    assert (refused.status_code, "retired" in refused.json()["detail"]) == (409, True)
    lead.done("PATCH", f"/{made['id']}", {"retired": False, "reason": "they are back"}, 2)
    actions = [each["action"] for each in entries(api, "runbook", made["id"])]
    assert actions == ["runbooks.runbook.created", "runbooks.runbook.retired", "runbooks.runbook.reinstated"]


@pytest.mark.parametrize(
    ("pointer", "fields"),
    [
        ("/text", {"text": "no steps at all"}),
        ("/text", {"text": "- [ ] a\n\n[x](javascript:alert(1))"}),
        ("/text", {"text": "- [ ] " + "x" * TEXT_MOST}),
        ("/text", {"text": " \n"}),
        ("/text", {"text": "- [ ] \0"}),
        ("/text", {"text": "\n".join(["- [ ] x"] * 101)}),
        ("/owner", {"owner": "nobody-we-know"}),
        ("/owner", {"owner": "pipeline-of-mine"}),
        ("/slug", {"slug": "Not A Slug"}),
        ("/slug", {"slug": "index"}),
        ("/slug", {"slug": "../../etc/passwd"}),
        ("/reviewBy", {"reviewBy": "soon"}),
        ("/reviewBy", {"reviewBy": 20000}),
        ("/reviewBy", {"reviewBy": "1999-12-31"}),
        ("/title", {"title": "two\nlines"}),
        ("/alerts/0", {"alerts": ["what, ever"]}),
        ("/services/0", {"services": ["Not a service"]}),
        ("/alerts", {"alerts": [f"a.b{n}" for n in range(41)]}),
        ("/colour", {"colour": "red"}),
    ],
)
def test_bad_input_is_refused_at_its_field(lead: Desk, pointer: str, fields: dict[str, Any]) -> None:
    refused = lead.send("POST", "", DRAFT | fields)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_a_name_is_given_once(lead: Desk) -> None:
    lead.created()
    assert lead.send("POST", "", DRAFT).status_code == 409


def test_the_check_names_what_is_wrong_and_stores_nothing(lead: Desk) -> None:
    lead.created()
    file = "---\ntitle: T\nowner: viewer\nreview_by: 2020-01-01\n---\n\nTODO\n\n- [ ] <b>x</b> [o](none.md)\n"
    found = lead.done("POST", "/check", {"file": file})["findings"]
    assert [(each["line"], each["level"]) for each in found[:3]] == [(7, "warning"), (9, "warning"), (9, "warning")]
    words = " ".join(each["message"] for each in found)
    for said in ("still to be written", "HTML does nothing", "no runbook none", "was due on 2020-01-01", "leads here"):
        assert said in words
    (wrong,) = lead.done("POST", "/check", {"file": "no front matter"})["findings"]
    assert (wrong["line"], wrong["level"]) == (1, "error")
    assert len(lead.done("GET")["items"]) == 1


def test_a_step_ticked_off_stands_in_the_timeline_of_its_incident(api: Api, lead: Desk) -> None:
    path = f"/{lead.created()['id']}/runs"
    run = lead.done("POST", path, {"incidentId": "INC-0142"})
    at = f"{path}/{run['id']}"
    ticked = lead.done("POST", f"{at}/steps/2", {"note": "it was down"})
    assert [(m["step"], m["doneByName"], m["note"]) for m in ticked["marks"]] == [(2, "Operations lead", "it was down")]
    assert lead.done("POST", f"{at}/steps/2", {"note": "again"})["version"] == ticked["version"]
    assert lead.done("POST", f"{at}/steps/2", {"done": False})["marks"] == []
    assert lead.done("POST", f"{at}/end", {"note": "well"})["endedBy"] == "operations-lead"
    found = entries(api, "incident", "INC-0142")
    assert [each["action"] for each in found] == [
        "runbooks.run.started",
        "runbooks.step.done",
        "runbooks.step.reopened",
        "runbooks.run.ended",
    ]
    assert found[1]["after"]["text"] == "Act, with opsconsole worker"
    assert (found[1]["after"]["step"], found[1]["after"]["runbook"]) == (2, DRAFT["title"])
    assert found[1]["reason"] == "it was down"


def test_whoever_comes_second_joins_the_run(api: Api, lead: Desk) -> None:
    path = f"/{lead.created()['id']}/runs"

    def begin(_number: int) -> str:
        return str(Desk(api, "incident-responder").done("POST", path, {"incidentId": "INC-1"})["id"])

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(begin, range(4)))) == 1
    other = lead.done("POST", path, {})
    runs = lead.done("GET", path)["items"]
    assert {each["incidentId"] for each in runs} == {"INC-1", None}
    assert [each["id"] for each in lead.done("GET", f"{path}?incidentId=INC-1")["items"]] != [other["id"]]


def test_two_people_tick_off_one_run_at_once(api: Api, lead: Desk) -> None:
    path = f"/{lead.created()['id']}/runs"
    at = f"{path}/{lead.done('POST', path, {})['id']}"

    def tick(step: int) -> int:
        return Desk(api, "incident-responder").send("POST", f"{at}/steps/{step}", {}).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(tick, (1, 2, 3))) == [200, 200, 200]
    assert [mark["step"] for mark in lead.done("GET", at)["marks"]] == [1, 2, 3]


def test_a_run_keeps_the_steps_it_began_with(lead: Desk) -> None:
    made = lead.created()
    path = f"/{made['id']}/runs"
    run = lead.done("POST", path, {})
    lead.done("PATCH", f"/{made['id']}", {"text": "- [ ] Only one", "reason": "short"}, 1)
    at = f"{path}/{run['id']}"
    assert lead.send("POST", f"{at}/steps/3", {}).status_code == 200
    assert lead.send("POST", f"{at}/steps/4", {}).status_code == 404
    assert lead.send("POST", f"{at}/steps/0", {}).status_code == 422
    lead.done("POST", f"{at}/end", {})
    assert lead.send("POST", f"{at}/steps/1", {}).status_code == 409


def test_a_run_of_another_runbook_is_not_found(lead: Desk) -> None:
    one, other = lead.created()["id"], lead.created(slug="other")["id"]
    run = lead.done("POST", f"/{one}/runs", {})["id"]
    assert lead.send("GET", f"/{other}/runs/{run}").status_code == 404
    assert lead.send("POST", f"/{other}/runs/{run}/steps/1", {}).status_code == 404


def test_a_viewer_reads_and_does_nothing(api: Api, lead: Desk) -> None:
    made = lead.created()
    viewer = Desk(api, "viewer")
    assert viewer.done("GET", f"/{made['id']}")["text"] == TEXT
    for method, path, body, version in (
        ("POST", "", DRAFT, None),
        ("PATCH", f"/{made['id']}", {"title": "T", "reason": "r"}, 1),
        ("POST", f"/{made['id']}/runs", {}, None),
    ):
        assert viewer.send(method, path, body, version).status_code == 403
