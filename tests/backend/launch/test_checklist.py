"""Items are signed by holders of the owner role, waived by two people, judged by the system, and late by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.core.problems import ProblemError
from backend.launch.templates import files
from models.launch.checklist import ChecklistFormat, ItemDraft
from models.launch.templates import TemplateContent
from tests.backend.launch.fixtures import CHECKLIST, CONTENT, DIRECTOR, ITEMS, LAUNCHES, TEMPLATES, Pad


def _risk_queue(pad: Pad, entries: int) -> None:
    pad.sql(
        "insert into risk_order (id, source, placed_at, minor, currency, order_value, item_count)"
        " select 'o' || n, 'check', now(), 1, 'EUR', 1, 1 from generate_series(1, %(n)s) as n;",
        {"n": entries},
    )
    pad.sql(
        "insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, created_at, due_at)"
        " select 'o' || n, 90, 'review', '{}', now(), 'EUR', 1, now(), now() from generate_series(1, %(n)s) as n",
        {"n": entries},
    )


def test_risk_compliance_finance_and_administration_own_items_too(pad: Pad) -> None:
    owners = ("risk-manager", "compliance-officer", "finance-analyst", "administrator")
    launch = pad.launch(items=[ITEMS[3] | {"key": owner, "ownerRole": owner} for owner in owners])
    for owner, item in pad.items(launch).items():
        done = pad.done(f"{CHECKLIST}/{item['itemId']}/complete", {}, role=owner, version=item["version"])
        assert done["status"] == "approved"


def test_an_item_is_signed_by_a_holder_of_its_role_and_the_log_says_so(pad: Pad) -> None:
    launch = pad.launch()
    items = pad.items(launch)
    price, chat, queue = (items[key] for key in ("price-list", "chat-cover", "queue"))
    complete = f"{CHECKLIST}/{price['itemId']}/complete"
    assert pad.send(complete, {}, role="viewer", version=1).status_code == 403
    refused = pad.send(complete, {}, role="support-lead", version=1)
    assert (refused.status_code, "Operations lead" in refused.text) == (403, True)
    assert pad.send(complete, {}, role="operations-lead").status_code == 428
    assert pad.send(complete, {}, role="operations-lead", version=7).status_code == 412
    assert chat["waitsFor"] == ["price-list"]
    waits = pad.send(f"{CHECKLIST}/{chat['itemId']}/complete", {}, role="support-lead", version=1)
    assert (waits.status_code, "price-list" in waits.text) == (409, True)
    signed = pad.done(complete, {"notes": "r118"}, role="operations-lead", version=1)
    assert (signed["status"], signed["notes"], signed["completedBy"]) == ("approved", "r118", "operations-lead")
    assert pad.done(complete, {"notes": "r118"}, role="operations-lead", version=1) == signed, "again: the same"
    assert pad.send(complete, {"notes": "other"}, role="operations-lead", version=2).status_code == 409
    assert pad.items(launch)["chat-cover"]["waitsFor"] == []
    assert pad.send(f"{CHECKLIST}/{queue['itemId']}/complete", {}, role="support-lead", version=1).status_code == 409
    reopened = pad.done(
        f"{CHECKLIST}/{price['itemId']}/reopen", {"reason": "a wrong price"}, role="operations-lead", version=2
    )
    assert (reopened["status"], reopened["reopenedReason"], reopened["completedAt"]) == (
        "pending",
        "a wrong price",
        None,
    )
    assert pad.sql("select action, actor, reason from audit_log where resource_type = 'launch_item' order by seq") == [
        ("launch.item.completed", "operations-lead", "r118"),
        ("launch.item.reopened", "operations-lead", "a wrong price"),
    ]
    assert pad.read("/api/operations/counts", role="support-lead")["counts"]["launch.items"] == 2


def test_what_is_automatic_is_judged_by_the_system_and_its_criteria_bind_a_signature(pad: Pad) -> None:
    bound = [*ITEMS, ITEMS[0] | {"key": "rules", "criteria": ["waiting"], "due": -600}]
    launch = pad.launch(items=bound)
    assert pad.items(launch)["queue"]["status"] == "approved"
    _risk_queue(pad, 3)
    items = pad.items(launch)
    assert items["queue"]["status"] == "pending"
    refused = pad.send(f"{CHECKLIST}/{items['rules']['itemId']}/complete", {}, role="operations-lead", version=1)
    assert (refused.status_code, "waiting" in refused.text) == (409, True)
    kept = pad.read(CHECKLIST, launch=launch["launchId"], status="approved")["items"]
    assert kept == []


def test_a_waiver_takes_two_people_and_ends(pad: Pad) -> None:
    launch = pad.launch()
    item = pad.items(launch)["price-list"]
    address = f"{CHECKLIST}/{item['itemId']}/waive"
    until = datetime.now(UTC) + timedelta(hours=3)
    for bad in (datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(days=100)):
        assert pad.send(address, {"reason": "x", "until": bad.isoformat()}, version=1).status_code == 422
    assert pad.send(address, {"reason": " ", "until": until.isoformat()}, version=1).status_code == 422
    asked = pad.done(address, {"reason": "keep r117", "until": until.isoformat()}, version=1)
    assert pad.items(launch)["price-list"]["status"] == "pending"
    assert pad.decide(asked, DIRECTOR).status_code == 403
    assert pad.decide(asked).status_code == 200
    waived = pad.items(launch)["price-list"]
    assert (waived["status"], waived["waiver"]["approver"], waived["waiver"]["askedBy"]) == (
        "waived",
        "compliance-officer",
        DIRECTOR,
    )
    assert pad.items(launch)["chat-cover"]["waitsFor"] == [], "going without it is enough"
    pad.sql("update launch_item set waived_until = now() where key = 'price-list'")
    again = pad.items(launch)["price-list"]
    assert (again["status"], again["waiver"]) == ("pending", None)


def test_who_agrees_to_a_waiver_agrees_to_what_they_read(pad: Pad) -> None:
    launch = pad.launch()
    address = f"{CHECKLIST}/{pad.items(launch)['price-list']['itemId']}"
    mugs = pad.done(address, {"description": "Mugs are ordered"}, version=1, method="PATCH")
    until = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    asked = pad.done(f"{address}/waive", {"reason": "no mugs", "until": until}, version=mugs["version"])
    words = {"description": "Price lists are published"}
    pad.done(address, words, version=mugs["version"], method="PATCH")
    refused = pad.decide(asked)
    assert (refused.status_code, "changed meanwhile" in refused.text) == (409, True)
    assert pad.items(launch)["price-list"]["status"] == "pending"


def test_what_others_sign_does_not_become_what_one_signs_oneself(pad: Pad) -> None:
    """Nor what nobody signs; neither one by one nor by a file."""
    launch = pad.launch(items=[*ITEMS, ITEMS[3] | {"key": "holds", "blocking": True}])
    items = pad.items(launch)
    address = f"{CHECKLIST}/{items['holds']['itemId']}"
    import_address = f"{LAUNCHES}/{launch['launchId']}/checklist/import"
    for change, words in (
        ({"ownerRole": "operations-lead"}, "by yourself"),
        ({"automatic": True, "criteria": ["no-p1"]}, "by nobody"),
    ):
        text = yaml.safe_dump({"items": [ITEMS[3] | {"key": "holds", "blocking": True} | change]})
        answers = [pad.send(import_address, {"format": "yaml", "text": text}, role="operations-lead")]
        if "automatic" not in change:
            answers.append(pad.send(address, change, role="operations-lead", version=1, method="PATCH"))
        for answer in answers:
            assert (answer.status_code, words in answer.text) == (409, True), answer.text
    moved = pad.done(address, {"ownerRole": "risk-manager"}, role="operations-lead", version=1, method="PATCH")
    assert moved["ownerRole"] == "risk-manager", "to others it moves"
    posts = f"{CHECKLIST}/{items['posts']['itemId']}"
    pad.done(posts, {"ownerRole": "operations-lead"}, role="operations-lead", version=1, method="PATCH")


def test_what_is_due_and_not_signed_alerts_until_it_is(pad: Pad) -> None:
    launch = pad.launch(timedelta(hours=10))
    pad.turn("overdue launch items")
    assert pad.sql("select count(*) from alert") == [(0,)]
    # The list is due by the clock, which holds; not by the wall's.
    pad.sql("update launch_clock_event set at = at - interval '8 h 20 min'")
    items = pad.items(launch)
    assert [key for key, item in items.items() if item["lateSeconds"]] == ["price-list", "chat-cover"]
    assert items["price-list"]["dueDate"] < items["chat-cover"]["dueDate"] < items["posts"]["dueDate"]
    status = pad.status(launch)
    assert (status["checklist"]["late"], status["verdict"]["inputs"][1]["verdict"]) == (2, "HOLD")
    pad.turn("overdue launch items", "overdue launch items")
    titles = "select title, severity from alert where valid_to = 'infinity' order by title"
    assert [(title.rpartition(": ")[2], severity) for title, severity in pad.sql(titles)] == [
        ("Price lists are published", "P2"),
        ("Chat is covered", "P2"),
    ]
    pad.done(f"{CHECKLIST}/{items['price-list']['itemId']}/complete", {}, role="operations-lead", version=1)
    pad.turn("overdue launch items")
    assert pad.sql("select key from launch_item where alerted") == [("chat-cover",)]
    version = pad.status(launch)["launchVersion"]
    pad.done(f"{LAUNCHES}/{launch['launchId']}/scrub", {"decision": "wind"}, version=version)
    pad.turn("overdue launch items")
    assert pad.sql("select count(*) from launch_item where alerted") == [(0,)]


def test_a_list_goes_to_a_file_and_back(pad: Pad) -> None:
    launch = pad.launch()
    address = f"{LAUNCHES}/{launch['launchId']}/checklist"
    for form in ("yaml", "csv"):
        text = pad.read(f"{address}/export", format=form)["text"]
        same = pad.done(f"{address}/import", {"format": form, "text": text})
        assert same == {"added": [], "changed": [], "unchanged": 4}, form
        assert files.read_items(text, ChecklistFormat(form)) == TemplateContent.model_validate(CONTENT).items
    extra = yaml.safe_dump({"items": [ITEMS[3] | {"description": "Posts of the day"}, ITEMS[0] | {"key": "new"}]})
    done = pad.done(f"{address}/import", {"format": "yaml", "text": extra})
    assert (done["added"], done["changed"]) == (["new"], ["posts"])
    item = pad.items(launch)["new"]
    pad.done(f"{CHECKLIST}/{item['itemId']}/complete", {}, role="operations-lead", version=1)
    changed = yaml.safe_dump({"items": [ITEMS[0] | {"key": "new", "description": "another"}]})
    assert pad.send(f"{address}/import", {"format": "yaml", "text": changed}).status_code == 409
    assert pad.send(f"{CHECKLIST}/{item['itemId']}", {"due": -5}, version=2, method="PATCH").status_code == 409
    posts = pad.items(launch)["posts"]
    moved = pad.done(f"{CHECKLIST}/{posts['itemId']}", {"due": -60}, version=posts["version"], method="PATCH")
    assert (moved["due"], moved["version"]) == (-60, posts["version"] + 1)
    for bad in ({"description": None}, {"ownerRole": "risk-analyst"}, {"dependsOn": ["posts"]}, {"due": "x"}, {}):
        answer = pad.send(f"{CHECKLIST}/{posts['itemId']}", bad, version=moved["version"], method="PATCH")
        assert answer.status_code == 422, (bad, answer.text)


def test_a_template_is_followed_never_changed(pad: Pad) -> None:
    first = pad.template()
    assert first["version"] == 1
    assert pad.template()["version"] == 1, "the same again is no version"
    body = {"content": CONTENT | {"description": "more"}, "basedOn": 0}
    assert pad.send(f"{TEMPLATES}/test", body).status_code == 412
    assert pad.done(f"{TEMPLATES}/test", body | {"basedOn": 1})["version"] == 2
    assert pad.read(f"{TEMPLATES}/test", version=1)["content"]["description"] == ""
    built_in = {each["key"]: each for each in pad.read(TEMPLATES)["items"]}
    assert built_in.keys() >= {"product-launch", "price-change", "platform-migration", "sale-weekend"}
    for key in ("product-launch", "price-change", "platform-migration", "sale-weekend"):
        text = pad.read(f"{TEMPLATES}/{key}/export")["text"]
        copied = pad.done(f"{TEMPLATES}/copy-{key}/import", {"format": "yaml", "text": text, "basedOn": 0})
        assert copied["content"] == pad.read(f"{TEMPLATES}/{key}")["content"]
    table = pad.read(f"{TEMPLATES}/price-change/export", format="csv")["text"]
    assert pad.send(f"{TEMPLATES}/none/import", {"format": "csv", "text": table, "basedOn": 0}).status_code == 422
    answer = pad.done(f"{TEMPLATES}/price-change/import", {"format": "csv", "text": table, "basedOn": 1})
    assert answer["version"] == 1
    roll, criteria = CONTENT["roll"], CONTENT["criteria"]
    for bad in (
        {"roll": roll[:3]},
        {"roll": [*roll[:3], roll[3] | {"role": "support-lead"}]},
        {"roll": [roll[0] | {"role": "risk-analyst"}, *roll[1:]]},
        {"roll": [roll[0] | {"role": "nobody"}, *roll[1:]]},
        {"criteria": [criteria[0] | {"criterion": "alerts.closed"}]},
        {"criteria": [criteria[0] | {"parameters": {"severity": "P9"}}], "items": []},
        {"criteria": [criteria[1] | {"low": 3}], "items": []},
        {"criteria": [criteria[1] | {"high": None}], "items": []},
        {"criteria": [*criteria, criteria[0]]},
        {"criteria": []},
        {"items": [ITEMS[1]]},
        {"items": [ITEMS[0] | {"dependsOn": ["chat-cover"]}, ITEMS[1]]},
        {"items": [ITEMS[0] | {"ownerRole": "risk-analyst"}]},
        {"items": [ITEMS[3] | {"evidence": [{"label": "x", "url": "javascript:alert(1)"}]}]},
        {"points": [{"key": "a", "title": "b", "reading": 5, "seconds": 1}]},
        {"points": [{"key": "a", "title": "b", "reading": -5, "seconds": -1}]},
    ):
        answer = pad.send(f"{TEMPLATES}/bad", {"content": CONTENT | bad, "basedOn": 0})
        assert answer.status_code == 422, (bad, answer.text)


def test_a_launch_teaches_the_next_version(pad: Pad) -> None:
    launch = pad.launch()
    address = f"{LAUNCHES}/{launch['launchId']}"
    item = ITEMS[0] | {"key": "cdn", "description": "Caches are warm"}
    pad.done(f"{address}/lessons", {"item": item, "reason": "they were cold"})
    taken = pad.done(f"{TEMPLATES}/test/lessons", {"launchId": launch["launchId"], "basedOn": 1})
    assert (taken["version"], taken["content"]["items"][-1]["key"]) == (2, "cdn")
    assert pad.read(f"{address}/review")["lessons"][0]["takenInto"] == 2
    nothing = {"launchId": launch["launchId"], "basedOn": 2}
    assert pad.send(f"{TEMPLATES}/test/lessons", nothing).status_code == 409


def test_files_that_are_none_are_refused_with_where() -> None:
    deep, bomb = "[" * 200, "a: &a [x, x]\nb: &b [*a, *a]\nitems: [*b, *b]\n"
    python, twice = "items: !!python/x 1", "items: [{key: a, key: b}]"
    many = f"items: [{'{key: a},' * 1001}]"
    for text in (deep, "- " * 300_000, bomb, twice, many, "- key", "5", "items: [{key: A}]", "\t", python):
        with pytest.raises(ProblemError):
            files.read_items(text, ChecklistFormat.YAML)
    for text in (
        "",
        "key,x\n1,2\n",
        "category\nx\n",
        "key,due\na\n",
        "key,due\na,soon\n",
        "key,blocking\na,perhaps\n",
        'key,contingency\na,"{"\n',
        'key\n"a\n',
        f'key,evidence\na,"{"[" * 100_000}"\n',
    ):
        with pytest.raises(ProblemError):
            files.read_items(text, ChecklistFormat.CSV)

    for number in ("1" + ":1" * 20_000, f'!!int "{"1" + ":1" * 20_000}"', "0x" + "f" * 5_000):
        for text in (f"items: [{{key: a, due: {number}}}]", f"? {number}\n: 1"):
            with pytest.raises(ProblemError, match="too long"):  # a megabyte of it took minutes
                files.read_items(text, ChecklistFormat.YAML)

    # What is too much is said before each of its rows is looked at.
    with pytest.raises(ProblemError, match="at most 1,000 items"):
        files.read_items("key\n" + "x\n" * 100_000, ChecklistFormat.CSV)


LETTERS = st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r")
TEXT = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: text.strip() != "")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, st.integers(-9_999, 9_999), st.booleans()), max_size=5))
@example([("0", "0\x85", 0, False), ("a\u2028b", "\u2029c", 0, True)])
def test_whatever_people_write_comes_back_from_a_file(rows: list[tuple[str, str, int, bool]]) -> None:
    items = tuple(
        ItemDraft(
            key=f"k{number}", category=category, description=words, owner_role="viewer", due=due, blocking=blocking
        )
        for number, (category, words, due, blocking) in enumerate(rows)
    )
    for form in ChecklistFormat:
        text = files.items_text(items, form)
        if items:
            assert files.read_items(text, form) == items, form


@given(st.text(max_size=60))
def test_no_file_is_a_fault_of_ours(text: str) -> None:
    for form in ChecklistFormat:
        try:
            files.read_items(text, form)
        except ProblemError:
            continue


def test_an_automatic_item_names_what_judges_it() -> None:
    for bad in ({"automatic": True}, {"dependsOn": ["price-list"]}):
        with pytest.raises(ValidationError):
            ItemDraft.model_validate(ITEMS[0] | bad)
