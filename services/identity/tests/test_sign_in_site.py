"""The calls named `casdoor` while there is no sign-in site (apps §3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api, User


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.mark.contract("apps §3")
def test_no_site_is_configured(api: Api) -> None:
    answer = api.get("auth/casdoor/config/")
    assert (answer.status_code, answer.json()) == (200, {"configured": False})


@pytest.mark.contract("apps §3")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("exchange", {"code": "anything", "state": "casdoor"}),
        ("link/bind", {"nonce": "n", "username": "mira", "password": "Correct-horse-7"}),
        ("link/create", {"nonce": "n", "password": "Correct-horse-7"}),
    ],
)
def test_codes_and_nonces_that_were_never_issued_are_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    answer = api.post(f"auth/casdoor/{path}/", body)
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    for name in body.keys() - {"state"}:
        missing = api.post(f"auth/casdoor/{path}/", {**body, name: " "})
        assert (missing.status_code, list(missing.json())) == (400, [name])


@pytest.mark.contract("apps §3")
def test_binding_needs_a_login_and_takes_a_body_without_a_json_type(api: Api, user: User) -> None:
    assert api.post("auth/casdoor/bind/", {"code": "c"}).status_code == 401
    plain = user.request(
        "POST", "auth/casdoor/bind/", content='{"code": "c"}', headers={"Content-Type": "text/plain; charset=utf-8"}
    )
    assert (plain.status_code, list(plain.json())) == (400, ["detail"])
    assert list(user.post("auth/casdoor/bind/", {}).json()) == ["code"]


@pytest.mark.contract("apps §3", "decision 42")
def test_unlinking_what_is_not_linked(api: Api, user: User) -> None:
    assert api.request("DELETE", "auth/casdoor/unlink/").status_code == 401
    answer = user.delete("auth/casdoor/unlink/")
    assert (answer.status_code, answer.json()) == (200, {"casdoor_linked": False, "was_linked": False})
    by_key = api.request("DELETE", "auth/casdoor/unlink/", headers={"Authorization": f"Bearer {user.rotate_key()}"})
    assert by_key.status_code == 403
