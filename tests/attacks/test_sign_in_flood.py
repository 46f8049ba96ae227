"""Sign-in costs processor time on purpose: who floods it waits behind himself, and nobody else does."""

from __future__ import annotations

import secrets
import threading
import time

import httpx
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api
from tests.support.replica import another

CLIENTS = 90  # more than the queue holds, fewer than one network may have under way
HONEST = 4


@pytest.mark.parametrize("flooded", ["auth/login/", "auth/register/", "auth/password-reset/confirm/"])
def test_honest_sign_ins_pass_beside_a_flood(stack: Stack, api: Api, flooded: str) -> None:
    users = [api.register() for _ in range(HONEST)]
    network = f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}"
    ended = threading.Event()
    sent: list[int] = []

    def flood(url: str, number: int) -> None:
        with httpx.Client(timeout=30, trust_env=False, headers={"X-Forwarded-For": f"{network}::{number:x}"}) as http:
            while not ended.is_set():
                name = f"nobody-{secrets.token_hex(6)}"
                email = f"{name}@example.org"
                body = {
                    "identifier": name,
                    "username": name,
                    "email": email,
                    "password": "Wrong-horse-7",
                    "code": "000000",
                }
                sent.append(http.post(f"{url}/api/v1/{flooded}", json=body).status_code)

    with another(stack, "identity") as url:
        threads = [threading.Thread(target=flood, args=(url, number)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(1)  # until the queue is full
            answers = []
            for number, user in enumerate(users):
                body = {"identifier": user.username, "password": user.password}
                headers = {"X-Forwarded-For": f"198.51.100.{number + 1}"}
                answer = httpx.post(
                    f"{url}/api/v1/auth/login/", json=body, headers=headers, timeout=30, trust_env=False
                )
                answers.append(answer.status_code)
        finally:
            ended.set()
            for thread in threads:
                thread.join(60)
    assert answers == [200] * HONEST
    assert len(sent) > CLIENTS
