"""Another key for a service while everything runs (docs/operations.md, "Another key for a service")."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from notechondria_cli.names import SERVICES
from notechondria_contracts.internal.headers import INTERNAL_TOKEN_HEADER
from notechondria_launcher.services import ServiceSettings
from notechondria_shared.core.keys import CallTokens, SigningKey
from tests.support.client import Api, User
from tests.support.ready_data import own_stack

Environment = Callable[[ServiceSettings, str], dict[str, str]]


@contextmanager
def reading(api: Api, user: User) -> Iterator[list[str]]:
    """Reads at notes, one after the other, each of which asks identity who that is; what went wrong."""
    problems: list[str] = []
    done = threading.Event()

    def read() -> None:
        with httpx.Client(timeout=30, trust_env=False, headers=user.headers) as http:
            while not done.is_set():
                answer = http.get(api.url("notes/"))
                if answer.status_code != 200:
                    problems.append(f"{answer.status_code} {answer.text[:200]}")
                done.wait(0.01)  # the services that begin need the processor, too

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        yield problems
    finally:
        done.set()
        for reader in readers:
            reader.join()


@pytest.mark.contract("ADR 0032")
def test_a_key_is_changed_without_a_refused_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with own_stack({"INTROSPECTION_CACHE_SECONDS": "0"}) as stack, Api(stack) as api:
        old, new = SigningKey(stack.plan.credentials.keys["notes"]), SigningKey.generate()
        public = stack.plan.credentials.public_keys
        private: dict[str, str] = {}
        plain: Environment = ServiceSettings.environment

        def environment(settings: ServiceSettings, name: str) -> dict[str, str]:
            changed = {"SERVICE_KEY": private[name]} if name in private else {}
            return {**plain(settings, name), "SERVICE_PUBLIC_KEYS": public, **changed}

        monkeypatch.setattr(ServiceSettings, "environment", environment)
        with reading(api, api.register()) as problems:
            public += f",notes:{SigningKey(new).public}"
            for name in SERVICES:
                stack.restart_part(name)
            private["notes"] = new
            stack.restart_part("notes")
            public = public.replace(f"notes:{old.public},", "")
            for name in SERVICES:
                stack.restart_part(name)
        assert not problems
        for key, status in ((old, 403), (SigningKey(new), 200)):
            asked = httpx.post(
                f"{stack.service_url('identity')}/internal/introspect",
                json={"kind": "session", "digest": "0" * 64},
                headers={INTERNAL_TOKEN_HEADER: CallTokens("notes", key).token("identity")},
                trust_env=False,
            )
            assert asked.status_code == status
