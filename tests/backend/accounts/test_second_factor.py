"""The second factor of built-in accounts: set up, used once, slowed, ended, and never a means to keep others out."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import psycopg
import pyotp
import pytest

from tests.backend.accounts.fixtures import PASSWORD, next_code
from tests.conftest import Api

SESSION = "/api/operations/session"


class Person:
    """Somebody with a built-in account, signed in with a password."""

    def __init__(self, api: Api, account: str, password: str = PASSWORD) -> None:
        self.api = api
        answer = httpx.post(api.base_url + SESSION, json={"account": account, "password": password}, timeout=10)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        self.access = self.tokens["accessToken"]

    def send(self, method: str, path: str, address: str = "127.0.0.1", **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access}", "X-Forwarded-For": address}
        return httpx.request(method, self.api.base_url + path, json=body, headers=headers, timeout=10)

    def set_up(self) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        begun = self.send("POST", f"{SESSION}/second-factor", password=PASSWORD)
        assert begun.status_code == 201, begun.text
        authenticator = pyotp.TOTP(begun.json()["secret"])
        done = self.send("POST", f"{SESSION}/second-factor/confirm", code=authenticator.now())
        assert done.status_code == 200, done.text
        return authenticator, tuple(done.json()["codes"])

    def step_up(self, code: str, address: str = "127.0.0.1") -> httpx.Response:
        answer = self.send("POST", f"{SESSION}/step-up", address, code=code)
        if answer.status_code == 200:
            self.access = answer.json()["accessToken"]
        return answer

    def sensitive(self) -> httpx.Response:
        return self.send("POST", f"{SESSION}/second-factor/recovery-codes")


@pytest.fixture
def ada(api: Api) -> Person:
    api.add_person("ada", "Ada", PASSWORD)
    return Person(api, "ada")


def test_without_one_the_challenge_says_so(ada: Person) -> None:
    refused = ada.sensitive()
    assert (refused.status_code, refused.json()["code"]) == (401, "step-up-needed")
    assert "has none yet" in refused.json()["detail"]
    assert 'error="insufficient_user_authentication"' in refused.headers["www-authenticate"]
    assert re.search(r'acr_values="2", max_age="300"', refused.headers["www-authenticate"])
    assert ada.step_up("123456").status_code == 409


def test_set_up_use_and_renewal(ada: Person) -> None:
    authenticator, codes = ada.set_up()
    assert len(set(codes)) == 10
    me = ada.send("GET", "/api/operations/rbac/me").json()
    assert me["secondFactor"] == "set_up"
    assert ada.sensitive().status_code == 401
    raised = ada.step_up(next_code(authenticator))
    assert raised.status_code == 200
    assert jwt.decode(ada.access, options={"verify_signature": False})["acr"] == "2"
    assert ada.sensitive().status_code == 200
    renewed = httpx.post(
        f"{ada.api.base_url}{SESSION}/refresh", json={"refreshToken": ada.tokens["refreshToken"]}, timeout=10
    ).json()
    claims = jwt.decode(renewed["accessToken"], options={"verify_signature": False})
    assert claims["acr"] == "2", "a renewed token tells of the second factor,"
    assert time.time() - claims["auth_time"] < 30, "and when it was used"


def test_a_factor_that_is_too_old_is_asked_for_again(api: Api, ada: Person) -> None:
    ada.set_up()
    old = datetime.now(UTC) - timedelta(seconds=301)
    ada.access = api.token("ada", auth_time=old, acr="2")
    assert ada.sensitive().json()["code"] == "step-up-needed"
    ada.access = api.token("ada", auth_time=datetime.now(UTC) - timedelta(seconds=290), acr="2")
    assert ada.sensitive().status_code == 200


def test_a_factor_that_was_used_in_the_future_is_asked_for_again(api: Api, ada: Person) -> None:
    ada.set_up()
    ada.access = api.token("ada", auth_time=datetime.now(UTC) + timedelta(days=365), acr="2")
    assert ada.sensitive().json()["code"] == "step-up-needed"


def test_a_new_session_buys_no_new_tries(api: Api, ada: Person) -> None:
    authenticator, _ = ada.set_up()
    wrong = "000000" if authenticator.now() != "000000" else "111111"
    thief = Person(api, "ada")
    assert [thief.step_up(wrong).status_code for _ in range(3)] == [422, 422, 422]
    refused = Person(api, "ada").step_up(wrong)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
    assert refused.headers["Retry-After"]
    # A session that has used one goes on, and so does whoever comes from elsewhere.
    assert ada.step_up(next_code(authenticator)).status_code == 200


def test_many_addresses_buy_no_new_tries_and_keep_nobody_out(api: Api, ada: Person) -> None:
    authenticator, codes = ada.set_up()
    wrong = "000000" if authenticator.now() != "000000" else "111111"
    tries = [Person(api, "ada").step_up(wrong, f"203.0.113.{n}").status_code for n in range(6)]
    assert tries == [422, 422, 422, 429, 429, 429]
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute("update second_factor_failure set blocked_until = now() + interval '1 h' where failures > 2")
    # Where ada has used one she goes on, and elsewhere by what nobody can guess.
    assert Person(api, "ada").step_up(codes[0], "198.51.100.7").status_code == 200
    assert Person(api, "ada").step_up(next_code(authenticator)).status_code == 200


def test_tries_at_the_same_moment_do_not_overtake_the_count(api: Api, ada: Person) -> None:
    authenticator, _ = ada.set_up()
    wrong = "000000" if authenticator.now() != "000000" else "111111"
    thief = Person(api, "ada")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: thief.step_up(wrong).status_code, range(12)))
    assert answers.count(422) == 3


def test_a_code_is_good_once_even_at_the_same_moment(ada: Person) -> None:
    authenticator, _ = ada.set_up()
    code = next_code(authenticator)
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(ada.step_up(code).status_code)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 422, 422]
    assert ada.step_up(code).json()["errors"][0]["pointer"] == "/code"


def test_a_recovery_code_is_good_once_and_new_ones_replace_it(ada: Person) -> None:
    _, codes = ada.set_up()
    assert ada.step_up(codes[0].upper().replace("-", " ")).status_code == 200
    assert ada.step_up(codes[0]).status_code == 422
    fresh = ada.sensitive().json()["codes"]
    assert not set(fresh) & set(codes)
    assert ada.step_up(codes[1]).status_code == 422
    assert ada.step_up(fresh[0]).status_code == 200


def test_nothing_readable_is_stored(api: Api, ada: Person) -> None:
    begun = ada.send("POST", f"{SESSION}/second-factor", password=PASSWORD).json()
    done = ada.send("POST", f"{SESSION}/second-factor/confirm", code=pyotp.TOTP(begun["secret"]).now()).json()
    with psycopg.connect(api.owner_url) as connection:
        rows = connection.execute(
            "select secret::text from second_factor union all select code_hash::text from recovery_code"
            " union all select before::text || after::text || reason from audit_log"
        ).fetchall()
    stored = " ".join(str(row[0]) for row in rows)
    plain = [begun["secret"], *done["codes"], *(code.replace("-", "") for code in done["codes"])]
    assert [secret for secret in plain if secret in stored or secret.encode().hex() in stored] == []


def test_setting_up_takes_the_password_and_nothing_replaces_a_factor_in_use(ada: Person) -> None:
    assert ada.send("POST", f"{SESSION}/second-factor").json()["errors"][0]["pointer"] == "/password"
    assert ada.send("POST", f"{SESSION}/second-factor", password="wrong").status_code == 422
    ada.set_up()
    assert ada.send("POST", f"{SESSION}/second-factor", password=PASSWORD).status_code == 409


def test_wrong_passwords_where_one_is_set_up_are_braked_like_codes(api: Api, ada: Person) -> None:
    """Whoever took a session guesses neither in it, nor in others, nor from many addresses."""

    def guess(person: Person, address: str, password: str | None = None) -> int:
        password = password or "wrong"
        return person.send("POST", f"{SESSION}/second-factor", address, password=password).status_code

    thief = Person(api, "ada")
    assert [guess(thief, "203.0.113.1") for _ in range(4)] == [422, 422, 422, 429]
    assert guess(thief, "203.0.113.1", PASSWORD) == 429, "nor is he told that a guess was right"
    assert guess(Person(api, "ada"), "203.0.113.2") == 429
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute("update second_factor_failure set blocked_until = now()")
    ada.set_up()
    # Elsewhere the right one clears no wrong codes.
    other = Person(api, "ada")
    assert [other.step_up("000000", "203.0.113.3").status_code for _ in range(4)] == [422, 422, 422, 429]
    assert guess(other, "203.0.113.3", PASSWORD) == 409
    assert other.step_up("000000", "203.0.113.3").status_code == 429


def test_passwords_tried_at_the_same_moment_do_not_overtake_the_count(api: Api, ada: Person) -> None:
    def guess(_: int) -> int:
        return ada.send("POST", f"{SESSION}/second-factor", password="wrong").status_code

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(guess, range(12))).count(422) == 3


def test_an_account_without_password_must_have_signed_in_just_now(api: Api) -> None:
    path = f"{api.base_url}{SESSION}/second-factor"
    old = api.token("viewer", auth_time=datetime.now(UTC) - timedelta(minutes=6))
    assert httpx.post(path, json={}, headers={"Authorization": f"Bearer {old}"}).status_code == 401
    assert httpx.post(path, json={}, headers=api.headers("viewer")).status_code == 201


def test_wrong_codes_slow_one_session_end_it_and_leave_others_alone(api: Api, ada: Person) -> None:
    authenticator, codes = ada.set_up()
    thief = Person(api, "ada")
    statuses = [thief.step_up("000000").status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
    waiting = thief.step_up("000000")
    assert int(waiting.headers["retry-after"]) >= 1
    assert ada.step_up(next_code(authenticator)).status_code == 200, "the owner's own session is not slowed"
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        for _ in range(10):
            connection.execute("update second_factor_failure set blocked_until = now()")
            if thief.step_up("000000").status_code == 429:
                break
        failures = connection.execute("select max(failures) from second_factor_failure").fetchone()
    assert failures is not None
    assert failures[0] >= 10
    renewed = httpx.post(
        f"{api.base_url}{SESSION}/refresh", json={"refreshToken": thief.tokens["refreshToken"]}, timeout=10
    )
    assert renewed.status_code == 401, "the session that guessed has ended"
    assert ada.step_up(codes[0]).status_code == 200


def test_an_administrator_removes_a_lost_factor(api: Api, ada: Person) -> None:
    ada.set_up()
    path = f"{api.base_url}/api/operations/rbac/people/ada/second-factor/remove"
    why = {"reason": "she called from her desk"}
    assert httpx.post(path, json=why, headers=api.headers("viewer")).status_code == 403
    assert httpx.post(path, json={}, headers=api.headers("administrator")).status_code == 422
    assert httpx.post(path, json=why, headers=api.headers("administrator")).status_code == 204
    assert httpx.post(path, json=why, headers=api.headers("administrator")).status_code == 404
    assert ada.step_up("123456").status_code == 409
    ada.set_up()


def test_wrong_passwords_of_one_address_do_not_keep_another_out(api: Api, ada: Person) -> None:
    for _ in range(6):
        httpx.post(api.base_url + SESSION, json={"account": "ada", "password": "wrong"}, timeout=10)
    again = {"account": "ada", "password": PASSWORD}
    assert httpx.post(api.base_url + SESSION, json=again, timeout=10).status_code == 429
    elsewhere = {"X-Forwarded-For": "203.0.113.7"}
    assert httpx.post(api.base_url + SESSION, json=again, headers=elsewhere, timeout=10).status_code == 200


def test_one_address_may_not_ask_without_end(api: Api) -> None:
    with httpx.Client(base_url=api.base_url) as client:
        statuses = [client.post(SESSION, json={}).status_code for _ in range(60)]
    assert set(statuses) == {422, 429}
    assert set(statuses[:30]) == {422}
