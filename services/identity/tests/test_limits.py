"""Limits on guessing (decision 30), Django's hashes, the bounded pool: on a stack of its own with limits on."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, eventually
from tests.support.keys import KEY_SETTINGS
from tests.support.ready_data import own_stack

from identity_service.bootstrap import bootstrap
from identity_service.settings import IdentitySettings

LIMIT = 3


@pytest.fixture(scope="module")
def strict() -> Iterator[Api]:
    environment = {
        "AUTH_RATE_PER_MINUTE": "0",
        "ACCOUNT_RATE_PER_MINUTE": str(LIMIT),
        "PASSWORD_WORKERS": "1",
        "PASSWORD_QUEUE": "2",
    }
    with own_stack(environment) as stack, Api(stack) as client:
        yield client


@pytest.fixture(autouse=True)
def forgotten(strict: Api) -> None:
    """Each test begins with full buckets: all calls come from one address here."""
    with psycopg.connect(strict.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("DELETE FROM rate_buckets")


def refused(answer: object) -> bool:
    status: int = answer.status_code  # type: ignore[attr-defined]
    if status == 429:
        headers, body = answer.headers, answer.json()  # type: ignore[attr-defined]
        assert 1 <= int(headers["retry-after"]) <= 61
        assert list(body) == ["detail"]
    return status == 429


@pytest.mark.contract("decision 30")
def test_sign_in_is_limited_per_account(strict: Api) -> None:
    user, other = strict.register(), strict.register()
    wrong = {"email": user.email, "password": "wrong"}
    for name in (user.email, user.username, user.email):  # one account, whatever it is called
        assert strict.post("auth/login/", {**wrong, "email": name}).status_code == 400
    assert refused(strict.post("auth/login/", wrong))
    assert refused(strict.post("auth/login/", {"email": user.email, "password": PASSWORD}))
    # Others sign in, and the owner's own devices do not notice.
    assert strict.post("auth/login/", {"email": other.email, "password": PASSWORD}).status_code == 200
    assert user.get("auth/sessions/").status_code == 200
    assert user.get("notes/").status_code == 200
    with psycopg.connect(strict.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE rate_buckets SET filled_at = filled_at - interval '61 seconds'")
    assert strict.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.contract("decision 30")
def test_sign_in_is_limited_per_address(strict: Api) -> None:
    answers = [strict.post("auth/login/", {"email": f"nobody{n}", "password": "x"}) for n in range(LIMIT * 5 + 1)]
    assert [refused(answer) for answer in answers] == [False] * (LIMIT * 5) + [True]


@pytest.mark.contract("decision 30")
def test_successes_are_not_counted(strict: Api) -> None:
    user = strict.register()
    for _ in range(LIMIT + 2):
        assert strict.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.contract("decision 30")
def test_codes_are_limited(strict: Api) -> None:
    body = {"email": "nobody@example.org", "code": "000000"}
    assert [refused(strict.post("auth/verify-email/", body)) for _ in range(LIMIT + 1)] == [False] * LIMIT + [True]
    body = {**body, "password": "long enough"}
    path = "auth/password-reset/confirm/"
    assert [refused(strict.post(path, body)) for _ in range(LIMIT + 1)] == [False] * LIMIT + [True]


@pytest.mark.contract("decision 30")
def test_mails_are_limited(strict: Api) -> None:
    user = strict.register()
    body = {"email": user.email}
    assert [refused(strict.post("auth/password-reset/", body)) for _ in range(LIMIT + 1)] == [False] * LIMIT + [True]
    answers = [user.request("POST", "auth/send-identity-code/") for _ in range(LIMIT + 1)]
    assert [refused(answer) for answer in answers] == [False] * LIMIT + [True]


@pytest.mark.contract("decision 30")
def test_a_stranger_cannot_stop_the_owner_from_changing_the_password(strict: Api) -> None:
    user = strict.register()
    for _ in range(LIMIT + 1):
        strict.post("auth/login/", {"email": user.email, "password": "wrong"})
    assert user.request("POST", "auth/send-identity-code/").status_code == 200
    body = {
        "current_password": PASSWORD,
        "new_password": "Another-horse-8",
        "identity_code": strict.code_for(user.email),
    }
    assert user.post("auth/change-password/", body).status_code == 200


@pytest.mark.contract("decision 30")
def test_a_full_hashing_pool_answers_429(strict: Api) -> None:
    user = strict.register()
    statuses: Counter[int] = Counter()

    def login() -> None:
        answer = strict.post("auth/login/", {"email": user.email, "password": PASSWORD})
        assert answer.status_code == 200 or refused(answer)
        statuses[answer.status_code] += 1

    threads = [threading.Thread(target=login) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses[200] >= 1
    assert statuses[429] >= 1
    assert strict.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.contract("identity §4")
@pytest.mark.parametrize("password", ["An old password 1", "pässword mit Ümlaut"])
def test_a_django_hash_signs_in_and_is_upgraded(strict: Api, password: str) -> None:
    user = strict.register()
    derived = hashlib.pbkdf2_hmac("sha256", password.encode(), b"saltsalt", 1000)
    old = f"pbkdf2_sha256$1000$saltsalt${base64.b64encode(derived).decode()}"
    with psycopg.connect(strict.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET password_hash = %s WHERE id = %s", (old, user.id))
        assert strict.post("auth/login/", {"email": user.email, "password": "wrong"}).status_code == 400
        assert strict.post("auth/login/", {"email": user.email, "password": password}).status_code == 200
        (stored,) = identity.execute("SELECT password_hash FROM users WHERE id = %s", (user.id,)).fetchone() or ("",)
    assert stored.startswith("$argon2id$")
    assert strict.post("auth/login/", {"email": user.email, "password": password}).status_code == 200


@pytest.mark.parametrize("stored", ["pbkdf2_sha256$x$y", "pbkdf2_sha256$999999999999$s$h", "!unusable", "md5$a$b", ""])
def test_a_broken_hash_matches_nothing(strict: Api, stored: str) -> None:
    user = strict.register()
    with psycopg.connect(strict.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET password_hash = %s WHERE id = %s", (stored, user.id))
    answer = strict.post("auth/login/", {"email": user.email, "password": PASSWORD})
    assert (answer.status_code, list(answer.json())) == (400, ["non_field_errors"])


@pytest.mark.contract("identity §17", "identity §4")
def test_sessions_can_be_wiped_at_a_start(strict: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this stack, whose users belong to this module alone; the last test of it."""
    user = strict.register()
    key = {"Authorization": f"Bearer {user.rotate_key()}"}
    assert user.get("planner-events/").status_code == 200
    monkeypatch.setenv("DATABASE_URL", strict.stack.database_url("identity"))
    for name, value in KEY_SETTINGS.items():
        monkeypatch.setenv(name, value)
    asyncio.run(bootstrap(IdentitySettings()))  # off by default: nothing happens
    assert user.get("planner-events/").status_code == 200
    monkeypatch.setenv("WIPE_SESSIONS_ON_START", "yes")
    asyncio.run(bootstrap(IdentitySettings()))
    eventually(lambda: user.get("planner-events/").status_code == 401, seconds=5)
    assert strict.get("planner-events/", headers=key).status_code == 200  # keys are no sessions
