"""Rule sets over HTTP: their life, who may do what, two who publish at once, hostile texts, shadow runs."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from backend.core.database import Database
from backend.risk.predicate import decide
from backend.risk.shadow import evaluate
from models.risk.metrics import normal
from tests.backend.risk.orders import (
    OTHER,
    RULES,
    add_lists,
    add_orders,
    add_outcomes,
    circumstances,
    condition,
    order,
    parsed,
    publish,
    rule,
)
from tests.conftest import Api

RISK = "/api/risk"
WRITER, PUBLISHER = "administrator", "risk-manager"


@pytest.fixture
def api(api: Api) -> Api:
    """Whoever writes the rules also sees the queue."""
    with psycopg.connect(api.owner_url) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by)"
            " values ('administrator', 'risk-analyst', 'test')"
        )
    return api


def send(api: Api, method: str, path: str, role: str = WRITER, body: Any = None, **headers: Any) -> httpx.Response:
    given = api.headers(role) | {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return httpx.request(method, f"{api.base_url}{RISK}{path}", json=body, headers=given, timeout=30)


def done(*arguments: Any, **headers: Any) -> dict[str, Any]:
    answer = send(*arguments, **headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def draft(api: Api, rules: Any = None, role: str = WRITER, **more: Any) -> dict[str, Any]:
    body = {"title": "A draft"} | ({} if rules is None else {"rules": rules}) | more
    return done(api, "POST", "/rule-sets", role, body)


def back_tested(owner_url: str, rule_set_id: str) -> None:
    """A finished backtest of the set's rules as they are."""
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            "insert into risk_backtest (rule_set_id, rules, placed_from, placed_to, circumstances, asked_by, state,"
            " ended_at) select id, rules, now() - interval '1 day', now(), 'recorded', 'ada', 'done', now()"
            " from risk_rule_set where id = %s",
            (rule_set_id,),
        )


def published(owner_url: str) -> list[Any]:
    with psycopg.connect(owner_url) as connection:
        return connection.execute("select id::text from risk_rule_set where state = 'published'").fetchall()


def test_from_draft_to_published_and_back(api: Api) -> None:
    first = done(api, "GET", "/rule-sets")["items"]
    assert [(each["state"], each["title"]) for each in first] == [("published", "No rules")]
    made = draft(api, [rule()])
    path = f"/rule-sets/{made['ruleSetId']}"
    assert (made["state"], made["basedOn"], made["version"]) == ("draft", first[0]["ruleSetId"], 1)
    assert send(api, "GET", path).headers["ETag"] == '"1"'
    assert send(api, "PATCH", path, WRITER, {"title": "T"}).status_code == 428
    assert send(api, "PATCH", path, WRITER, {"title": "T"}, If_Match=7).status_code == 412
    assert send(api, "PATCH", path, WRITER, {"rules": None}, If_Match=1).status_code == 422
    changed = done(api, "PATCH", path, WRITER, {"title": "T"}, If_Match=1)
    assert (changed["title"], changed["version"], changed["rules"]) == ("T", 2, made["rules"])
    assert done(api, "PATCH", path, WRITER, {"title": "T"}, If_Match=2)["version"] == 2, "nothing was changed"

    wish = {"reason": "more cards are stolen"}
    refused = send(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=2)
    assert (refused.status_code, "backtest" in refused.json()["detail"]) == (409, True)
    back_tested(api.owner_url, made["ruleSetId"])
    assert done(api, "GET", path)["backtestId"] is not None
    refused = send(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=2)
    assert (refused.status_code, "live traffic" in refused.json()["detail"]) == (409, True)
    blank = send(api, "POST", f"{path}/publish", PUBLISHER, wish | {"waiveShadow": "  "}, If_Match=2)
    assert blank.status_code == 409
    wish["waiveShadow"] = "an attack is on"
    assert send(api, "POST", f"{path}/publish", WRITER, wish, If_Match=2).status_code == 403, "may not publish at all"
    assert send(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=1).status_code == 412
    live = done(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=2)
    assert (live["state"], live["publishedBy"], live["version"]) == ("published", PUBLISHER, 3)
    assert published(api.owner_url) == [(made["ruleSetId"],)]
    assert done(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=2)["version"] == 3, "asked twice, done once"
    assert send(api, "PATCH", path, WRITER, {"title": "U"}, If_Match=3).status_code == 409
    assert send(api, "POST", f"{path}/discard", WRITER, If_Match=3).status_code == 409

    old = f"/rule-sets/{first[0]['ruleSetId']}"
    assert done(api, "GET", old)["state"] == "retired"
    back = {"reason": "it blocked too many"}
    assert send(api, "POST", f"{old}/publish", PUBLISHER, back, If_Match=2).status_code == 409, "no backtest"
    back_tested(api.owner_url, first[0]["ruleSetId"])
    assert done(api, "POST", f"{old}/publish", PUBLISHER, back, If_Match=2)["state"] == "published", "needs no shadow"
    assert published(api.owner_url) == [(first[0]["ruleSetId"],)]
    with psycopg.connect(api.owner_url, row_factory=dict_row) as connection:
        told = connection.execute(
            "select action, reason, after from audit_log where resource_type = 'risk_rule_set' order by seq"
        ).fetchall()
    assert [each["action"].rsplit(".", 1)[1] for each in told] == [
        *("created", "changed", "retired", "published", "retired", "published")
    ]
    assert told[3]["after"]["waiveShadow"] == "an attack is on"
    assert told[5]["reason"] == "it blocked too many"


def test_nobody_publishes_what_they_wrote(api: Api) -> None:
    made = draft(api, [rule()], PUBLISHER)
    path = f"/rule-sets/{made['ruleSetId']}"
    # Somebody else moves a comma: it is still the first one's work.
    changed = done(api, "PATCH", path, WRITER, {"rules": [rule(severity=61)]}, If_Match=1)
    assert changed["writers"] == [PUBLISHER, WRITER]
    back_tested(api.owner_url, made["ruleSetId"])
    wish = {"reason": "r", "waiveShadow": "w"}
    refused = send(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=2)
    assert (refused.status_code, "wrote" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize("how", ["based on it", "the same rules", "put in afterwards"])
def test_nobody_publishes_what_they_wrote_through_a_copy(api: Api, how: str) -> None:
    own = draft(api, [rule(ruleId="mine")], PUBLISHER)
    more = {"based on it": {"basedOn": own["ruleSetId"]}, "the same rules": {"rules": own["rules"]}}.get(how, {})
    copied = draft(api, **more)
    path = f"/rule-sets/{copied['ruleSetId']}"
    if how == "put in afterwards":
        copied = done(api, "PATCH", path, WRITER, {"rules": own["rules"]}, If_Match=1)
    assert copied["writers"] == [WRITER, PUBLISHER]
    back_tested(api.owner_url, copied["ruleSetId"])
    wish = {"reason": "r", "waiveShadow": "w"}
    refused = send(api, "POST", f"{path}/publish", PUBLISHER, wish, If_Match=copied["version"])
    assert (refused.status_code, "You wrote" in refused.json()["detail"]) == (409, True)


def test_what_decides_already_is_nobodys_any_more(api: Api) -> None:
    """Else everybody would have written something in every set, and nobody could publish."""
    made = draft(api, [rule(ruleId="first")])
    back_tested(api.owner_url, made["ruleSetId"])
    wish = {"reason": "r", "waiveShadow": "w"}
    done(api, "POST", f"/rule-sets/{made['ruleSetId']}/publish", PUBLISHER, wish, If_Match=1)
    following = draft(api, [*made["rules"], rule(ruleId="second")], PUBLISHER)
    assert following["writers"] == [PUBLISHER]


def test_publishing_asks_for_a_fresh_second_factor(api: Api) -> None:
    made = draft(api, [rule()])
    headers = {"Authorization": f"Bearer {api.token(PUBLISHER, acr='1')}", "If-Match": "1"}
    path = f"{api.base_url}{RISK}/rule-sets/{made['ruleSetId']}/publish"
    answer = httpx.post(path, json={"reason": "r", "waiveShadow": "w"}, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, "step-up-needed")


def test_other_rules_end_the_shadow_run_and_outdate_the_backtest(api: Api) -> None:
    made = draft(api, [rule()])
    path = f"/rule-sets/{made['ruleSetId']}"
    back_tested(api.owner_url, made["ruleSetId"])
    on = done(api, "POST", f"{path}/shadow", WRITER, {"on": True}, If_Match=1)
    assert (on["shadowSince"] is not None, on["version"]) == (True, 2)
    assert done(api, "POST", f"{path}/shadow", WRITER, {"on": True}, If_Match=1)["version"] == 2
    with psycopg.connect(api.owner_url) as connection:
        add_orders(connection, [order(1, random.Random(1))])  # noqa: S311 - not a secret
        connection.execute(
            "insert into risk_shadow_decision (rule_set_id, set_version, order_id, score, action, triggered)"
            " values (%s, 2, 'o1', 0, 'approve', '{}')",
            (made["ruleSetId"],),
        )
    titled = done(api, "PATCH", path, WRITER, {"title": "T"}, If_Match=2)
    assert (titled["shadowOrders"], titled["shadowSince"], titled["backtestId"] is not None) == (
        *(1, on["shadowSince"], True),
    )
    other = done(api, "PATCH", path, WRITER, {"rules": [rule(severity=61)]}, If_Match=3)
    assert (other["shadowOrders"], other["shadowSince"], other["backtestId"]) == (0, None, None)


def test_one_is_published_when_many_publish_at_once(api: Api) -> None:
    made = [draft(api, [rule(severity=number)]) for number in range(1, 9)]
    for each in made:
        back_tested(api.owner_url, each["ruleSetId"])

    def go(found: dict[str, Any]) -> int:
        wish = {"reason": "r", "waiveShadow": "w"}
        return send(api, "POST", f"/rule-sets/{found['ruleSetId']}/publish", PUBLISHER, wish, If_Match=1).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(go, made)) == [200] * 8
    assert len(published(api.owner_url)) == 1
    with psycopg.connect(api.owner_url) as connection:
        counted = connection.execute("select state, count(*) from risk_rule_set group by 1 order by 1").fetchall()
    assert counted == [("published", 1), ("retired", 8)]


def test_what_was_discarded_stays_so(api: Api) -> None:
    made = draft(api)
    path = f"/rule-sets/{made['ruleSetId']}"
    assert done(api, "POST", f"{path}/discard", WRITER, If_Match=1)["state"] == "discarded"
    assert done(api, "POST", f"{path}/discard", WRITER, If_Match=1)["version"] == 2
    assert send(api, "POST", f"{path}/publish", PUBLISHER, {"reason": "r"}, If_Match=2).status_code == 409
    assert send(api, "POST", f"{path}/shadow", WRITER, {"on": True}, If_Match=2).status_code == 409
    numbers = [each["number"] for each in done(api, "GET", "/rule-sets")["items"]]
    assert made["number"] not in numbers
    shown = done(api, "GET", "/rule-sets?state=discarded")["items"]
    assert [each["number"] for each in shown] == [made["number"]]


def test_pages_of_rule_sets(api: Api) -> None:
    made = [draft(api)["number"] for _ in range(4)]
    seen, cursor = [], ""
    while True:
        page = done(api, "GET", f"/rule-sets?limit=2{cursor}")
        seen += [each["number"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == [*reversed(made), 1]


@pytest.mark.parametrize("role", ["viewer", "support-lead", "risk-analyst"])
def test_who_may_only_look(api: Api, role: str) -> None:
    made = draft(api, [rule()])
    path = f"/rule-sets/{made['ruleSetId']}"
    reads = [send(api, "GET", each, role).status_code for each in ("/rule-sets", path, "/backtests", f"{path}/shadow")]
    assert reads == [403 if role == "viewer" else 200] * 4
    backtest = {"ruleSetId": made["ruleSetId"], "days": 7}
    writes = [
        send(api, "POST", "/rule-sets", role, {"title": "T"}),
        send(api, "PATCH", path, role, {"title": "T"}, If_Match=1),
        send(api, "POST", f"{path}/discard", role, If_Match=1),
        send(api, "POST", f"{path}/publish", role, {"reason": "r"}, If_Match=1),
        send(api, "POST", f"{path}/shadow", role, {"on": True}, If_Match=1),
        send(api, "POST", "/rules/match", role, {"rules": []}),
        send(api, "POST", "/backtests", role, backtest),
    ]
    assert {answer.status_code for answer in writes} == {403}


def test_lists_must_be_there_and_hold_that_metric(api: Api) -> None:
    with psycopg.connect(api.owner_url) as connection:
        add_lists(connection)
        connection.execute("update risk_list set deleted_at = now() where id = 'vip'")
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by)"
            " values ('administrator', 'compliance-officer', 'test')"
        )
    asked = rule(
        conditions=[
            condition("email_domain", "in_list", "throwaway"),
            {"any": [condition("card", "in_list", "nowhere"), condition("card", "not_in_list", "throwaway")]},
            condition("customer_id", "in_list", "vip"),
        ]
    )
    expected = {"/rules/0/conditions/1/any/0/value", "/rules/0/conditions/1/any/1/value", "/rules/0/conditions/2/value"}
    made = draft(api)
    for answer in (
        send(api, "POST", "/rule-sets", WRITER, {"title": "T", "rules": [asked]}),
        send(api, "PATCH", f"/rule-sets/{made['ruleSetId']}", WRITER, {"rules": [asked]}, If_Match=1),
        send(api, "POST", "/backtests", WRITER, {"rules": [asked], "days": 7}),
    ):
        assert answer.status_code == 422, answer.text
        assert {each["pointer"] for each in answer.json()["errors"]} == expected


def test_a_difference_is_told_in_plain_words(api: Api) -> None:
    before = [rule(), rule("gone"), rule("same")]
    moved = rule(
        description="Fewer cards",
        severity=70,
        action="block",
        enabled=False,
        cap={"orders": 5, "amount": 100_000},
        conditions=[
            condition("card_orders_1h", "gt", 5),
            {"any": [condition("order_value", "gte", 50_000), condition("customer_age", "lt", 1_440)]},
        ],
    )
    first = draft(api, before)
    second = draft(api, [moved, rule("new"), rule("same")], basedOn=first["ruleSetId"])
    path = f"/rule-sets/{second['ruleSetId']}/difference"
    found = done(api, "GET", f"{path}?before={first['ruleSetId']}", "risk-analyst")
    assert [each["ruleId"] for each in found["added"]] == ["new"]
    assert [each["ruleId"] for each in found["removed"]] == ["gone"]
    asked, either = "orders with this card in 1 h", "order value at least 500.00 EUR; age of the account under 24 h"
    assert found["changed"][0]["words"] == [
        "Name: What many-cards looks for → Fewer cards",
        f"When: More than 3 {asked} → More than 5 {asked}, and any of ({either})",
        "Does: review, 60 points → block, 70 points",
        "Cap: 200 orders an hour → 5 orders or 1,000.00 EUR an hour",
        "Evaluated: yes → no, switched off",
    ]
    against_live = done(api, "GET", path)
    assert (len(against_live["added"]), against_live["beforeNumber"]) == (3, 1)


HOSTILE = ["'; drop table risk_order; --", "%s %(x)s {0} %%", 'q"x', "\\'", "$1", "a:b", "{a,b}", "İß\u202e", "null"]


def test_hostile_texts_are_values_and_nothing_else(api: Api) -> None:
    chance = random.Random(2)  # noqa: S311 - not a secret
    orders = [
        order(number, chance) | {"email_domain": normal("email_domain", text)} for number, text in enumerate(HOSTILE)
    ]
    with psycopg.connect(api.owner_url) as connection:
        add_orders(connection, orders)
    rules = [
        rule(f"r{number}", description=text, conditions=[condition("email_domain", operator, value)])
        for number, text in enumerate(HOSTILE)
        for operator, value in ((("eq", text),) if number % 2 else (("in", [text, "other"]),))
    ]
    made = draft(api, rules)
    assert [each["description"] for each in made["rules"]] == HOSTILE
    found = done(api, "POST", "/rules/match", WRITER, {"rules": rules})
    assert [(each["orders"], each["conditions"]) for each in found["rules"]] == [(1, [1])] * len(HOSTILE)
    assert (found["orders"], found["matched"]) == (len(HOSTILE), len(HOSTILE))
    for wrong in ("a\\u0000b", "a\\ud800b"):
        body = json.dumps({"rules": [rule(conditions=[condition("email_domain", "eq", "WRONG")])]})
        answer = httpx.post(
            f"{api.base_url}{RISK}/rules/match",
            content=body.replace("WRONG", wrong),
            headers=api.headers(WRITER) | {"Content-Type": "application/json"},
            timeout=10,
        )
        assert answer.status_code == 422
    for name in ("luck; drop", "seq", "lists", "id", "o.id"):
        bad = [rule(conditions=[condition(name, "eq", "x")])]
        assert send(api, "POST", "/rules/match", WRITER, {"rules": bad}).status_code == 422
    for rule_id in ("A", "a b", "a'b", "", "x" * 61):
        assert send(api, "POST", "/rule-sets", WRITER, {"title": "T", "rules": [rule(rule_id)]}).status_code == 422


def test_the_log_keeps_no_addresses(api: Api) -> None:
    secret = "ann.private@example.com"
    draft(api, [rule(conditions=[condition("email", "eq", secret), {"any": [condition("ip", "in", ["10.9.8.7"])]}])])
    with psycopg.connect(api.owner_url) as connection:
        rows = connection.execute("select before::text, after::text from audit_log").fetchall()
    assert secret not in str(rows)
    assert "10.9.8.7" not in str(rows)


def test_matching_says_how_many_of_the_newest_orders(api: Api) -> None:
    chance = random.Random(3)  # noqa: S311 - not a secret
    orders = [order(number, chance) for number in range(1_100)]
    with psycopg.connect(api.owner_url) as connection:
        add_lists(connection)
        connection.execute(
            "insert into risk_list_entry (list_id, value, reason, added_by) values ('throwaway', 'mail.test', 'r', 'a')"
        )
        add_orders(connection, orders)
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by)"
            " values ('administrator', 'compliance-officer', 'test')"
        )
    newest = orders[-1_000:]
    found = done(api, "POST", "/rules/match", WRITER, {"rules": RULES})
    plain = parsed(RULES)
    by_rule = [
        sum(each.rule_id in decide([each], one, circumstances(one | {"snoozed": []})).triggered for one in newest)
        for each in plain
    ]
    assert found["orders"] == 1_000
    assert [each["orders"] for each in found["rules"]] == by_rule
    throwaway = sum(one["email_domain"] == "mail.test" for one in newest)
    young = sum(one["customer_age"] is not None and one["customer_age"] < 600 for one in newest)
    differ = sum(one["ip_card_differ"] is True for one in newest)
    assert found["rules"][2]["conditions"] == [differ, young, throwaway]
    one = done(api, "POST", "/rules/match", WRITER, {"rule": RULES[0]})
    assert [each["orders"] for each in one["rules"]] == by_rule[:1]
    off = done(api, "POST", "/rules/match", WRITER, {"rule": RULES[0] | {"enabled": False}})
    assert (off["matched"], off["rules"][0]["orders"]) == (0, by_rule[0])
    assert send(api, "POST", "/rules/match", WRITER, {"rule": RULES[0], "rules": RULES}).status_code == 422
    assert send(api, "POST", "/rules/match", WRITER, {}).status_code == 422


def test_as_many_conditions_as_there_may_be_are_answered(api: Api) -> None:
    many = [
        rule(f"r{number}", conditions=[condition("customer_id", "in", [f"v{number}-{k}" for k in range(9)])] * 5)
        for number in range(200)
    ]
    assert len(done(api, "POST", "/rules/match", WRITER, {"rules": many})["rules"]) == 200
    many[0]["conditions"].append(condition("order_value", "gt", 1))
    answer = send(api, "POST", "/rules/match", WRITER, {"rules": many})
    assert (answer.status_code, "1000 conditions" in answer.text) == (422, True)


async def test_a_shadow_run_sees_each_checked_order_once(api: Api) -> None:
    chance = random.Random(4)  # noqa: S311 - not a secret
    orders = [order(number, chance) for number in range(400)]
    with psycopg.connect(api.owner_url) as connection:
        add_lists(connection)
        live = publish(connection, RULES)
        add_orders(connection, orders[:100], RULES, live)
    made = draft(api, OTHER)
    path = f"/rule-sets/{made['ruleSetId']}"
    done(api, "POST", f"{path}/shadow", WRITER, {"on": True}, If_Match=1)
    database = Database(api.settings.database_url or "")
    await database.open()
    with psycopg.connect(api.owner_url) as late:
        add_orders(late, orders[100:110], RULES, live)  # decided now, committed after the others
        with psycopg.connect(api.owner_url) as connection:
            add_orders(connection, orders[110:], RULES, live)
        await evaluate.run_shadows(database, api.settings)
        assert done(api, "GET", path)["shadowOrders"] == 290, "nothing from before, nothing that is not committed"
    for _ in range(2):
        await evaluate.run_shadows(database, api.settings)
    await database.close()
    seen = orders[100:]
    with psycopg.connect(api.owner_url) as connection:
        add_outcomes(connection, seen[:30])
        rows = connection.execute(
            "select order_id, score, action, triggered from risk_shadow_decision order by order_id"
        ).fetchall()
    expected = []
    for each in seen:
        outcome = decide(parsed(OTHER), each, circumstances(each))
        expected.append((each["id"], outcome.score, outcome.action, list(outcome.triggered)))
    assert rows == sorted(expected)

    run = done(api, "GET", f"{path}/shadow", "risk-analyst")
    mine = [decide(parsed(OTHER), each, circumstances(each)).action for each in seen]
    theirs = [decide(parsed(RULES), each, circumstances(each)).action for each in seen]
    entry = {"review", "block"}
    result = run["result"]
    assert (run["orders"], result["orders"]) == (300, 300)
    assert result["draft"]["entries"] == sum(each in entry for each in mine)
    assert result["published"]["entries"] == sum(each in entry for each in theirs)
    appear = {o["id"] for o, m, t in zip(seen, mine, theirs, strict=True) if m in entry and t not in entry}
    assert {each["orderId"] for each in result["difference"]["appearSample"]} == appear
    assert result["difference"]["appear"] == len(appear) > 0
    confusion = result["draft"]["outcomes"]
    assert confusion["truePositive"] + confusion["falseNegative"] == 30
    assert confusion["truePositive"] == sum(each in entry for each in mine[:30])


def test_a_shadow_run_is_enough_to_publish(api: Api) -> None:
    made = draft(api, [rule()])
    path = f"/rule-sets/{made['ruleSetId']}"
    back_tested(api.owner_url, made["ruleSetId"])
    with psycopg.connect(api.owner_url) as connection:
        add_orders(connection, [order(1, random.Random(1))])  # noqa: S311 - not a secret
        connection.execute(
            "insert into risk_shadow_decision (rule_set_id, set_version, order_id, score, action, triggered)"
            " values (%s, 1, 'o1', 0, 'approve', '{}')",
            (made["ruleSetId"],),
        )
    assert done(api, "POST", f"{path}/publish", PUBLISHER, {"reason": "r"}, If_Match=1)["state"] == "published"
