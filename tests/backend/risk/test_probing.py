"""What is hidden from somebody stays hidden, whatever they ask about it."""

from __future__ import annotations

import httpx
import psycopg

from tests.backend.risk.orders import condition, publish, rule
from tests.backend.risk.test_rule_sets import WRITER, draft, send
from tests.conftest import Api


def test_what_is_hidden_is_not_found_out_by_guessing(api: Api) -> None:
    """Somebody who sees 203.0.113.0/24 and a***@example.com asks which of the addresses it is, 256 at a time."""
    guesses = [rule(f"ip-{n}", conditions=[condition("ip", "eq", f"203.0.113.{n}")]) for n in range(200)]
    listed = [rule(conditions=[condition("email", "in", ["ann@example.com", "abe@example.com"])])]
    stored = draft(api, guesses[:1])
    assert send(api, "POST", "/backtests", WRITER, {"ruleSetId": stored["ruleSetId"], "days": 7}).status_code == 201
    for rules in (
        guesses,
        listed,
        [rule(conditions=[{"any": [condition("card", "ne", "tok_1"), condition("item_count", "gt", 1)]}])],
    ):
        for path, body in (("/rules/match", {"rules": rules}), ("/backtests", {"rules": rules, "days": 7})):
            refused = send(api, "POST", path, WRITER, body)
            assert (refused.status_code, refused.json()["permission"]) == (403, "privacy.view_personal_data"), path
    with psycopg.connect(api.owner_url) as connection:
        alerts = connection.execute("select title, severity from alert").fetchall()
        assert alerts == [("Administrator asks about many addresses or cards that are hidden from them", "P2")]
        publish(connection, listed)
    assert "opsconsole_risk_guesses_total" in httpx.get(f"{api.base_url}/metrics", timeout=10).text
    assert send(api, "POST", "/rules/match", WRITER, {"rules": listed}).status_code == 200, "it is published"
    after = draft(api, guesses[1:2])
    again = send(api, "POST", "/backtests", WRITER, {"ruleSetId": after["ruleSetId"], "days": 7})
    assert again.status_code == 403, "who guesses too much is answered nothing of the kind, stored or not"
    with psycopg.connect(api.owner_url) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by)"
            " values ('administrator', 'compliance-officer', 'test')"
        )
    assert send(api, "POST", "/rules/match", WRITER, {"rules": guesses}).status_code == 200


def test_what_is_hidden_is_not_found_out_by_many_stored_guesses(api: Api) -> None:
    """A backtest of a draft, or its run beside live traffic, says of each of its rules how many orders it stops."""
    guesses = draft(api, [rule(f"ip-{n}", conditions=[condition("ip", "eq", f"203.0.113.{n}")]) for n in range(200)])
    backtest = send(api, "POST", "/backtests", WRITER, {"ruleSetId": guesses["ruleSetId"], "days": 7})
    path = f"/rule-sets/{guesses['ruleSetId']}/shadow"
    beside = send(api, "POST", path, WRITER, {"on": True}, If_Match=f'"{guesses["version"]}"')
    for refused in (backtest, beside):
        assert (refused.status_code, refused.json().get("permission")) == (403, "privacy.view_personal_data")


def test_what_is_hidden_is_not_found_out_by_a_list(api: Api) -> None:
    """Neither by asking whether a value is on it, nor by putting one there and counting what the rule then stops."""
    made = {"listId": "mails", "title": "Mails", "kind": "custom", "metric": "email"}
    assert send(api, "POST", "/lists", WRITER, made).status_code == 201
    asking = [rule(conditions=[condition("email", "in_list", "mails")])]
    with psycopg.connect(api.owner_url) as connection:
        publish(connection, asking)
    found = [send(api, "GET", f"/lists/mails/entries?value=a{n}@example.com", WRITER) for n in range(30)]
    assert [each.status_code for each in found] == [200] * 20 + [403] * 10
    with psycopg.connect(api.owner_url) as connection:
        assert connection.execute("select count(*) from alert").fetchone() == (1,)
    put = send(api, "POST", "/lists/mails/entries", WRITER, {"value": "b@example.com", "reason": "r"})
    assert put.status_code == 201, "what stops orders goes on"
    assert send(api, "POST", "/rules/match", WRITER, {"rules": asking}).status_code == 403
