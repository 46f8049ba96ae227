"""Whoever has the planner's environment changes nothing outside the planner (docs/security.md, ADR 0032)."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import nats
import psycopg
import pytest

from notechondria_contracts.events.event import Envelope
from notechondria_contracts.events.identity import UserDeleted
from notechondria_contracts.internal.headers import ASSERTION_HEADER, INTERNAL_TOKEN_HEADER
from notechondria_contracts.services import CALLERS, SERVICES
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.assertion import ServiceKeys
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.keys import CallTokens, PublicKeys, SigningKey
from notechondria_shared.messaging.signatures import EventSignatures
from tests.support.client import Api, User, eventually
from tests.support.events import signatures_of
from tests.support.keys import keys_of

INTERNAL = Path(__file__).resolve().parent.parent.parent / "docs/internal"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Endpoint:
    """An internal endpoint, as the documents of all services name it."""

    service: str
    method: str
    path: str
    callers: tuple[str, ...]


def endpoints() -> Iterator[Endpoint]:
    for service in SERVICES:
        document = json.loads((INTERNAL / f"{service}.json").read_text())
        for path, operations in document["paths"].items():
            for method in METHODS:
                if operation := operations.get(method):
                    numbered = re.sub(r"\{(\w+_id|key)\}", "1", path).replace("{", "").replace("}", "")
                    yield Endpoint(service, method.upper(), numbered, tuple(operation.get("x-callers", ())))


SUPERUSER: dict[str, object] = {
    "username": "admin", "image_path": "", "editor_mode": "P", "is_staff": True, "is_superuser": True,
    "scopes": ["read", "write"], "kind": "session",
}  # fmt: skip
OPEN = ("/internal/forward-auth", "/internal/health/", "/internal/metrics")
"""What the gateway and the platform ask: it changes nothing, and shows nobody more than they know."""
ENDPOINTS = [one for one in endpoints() if not one.path.startswith(OPEN)]


@pytest.fixture
def planner(stack: Stack) -> SigningKey:
    """The key in the environment of the planner's process."""
    return SigningKey(stack.plan.settings.environment("planner")["SERVICE_KEY"])


def call(stack: Stack, service: str, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    return httpx.request(method, f"{stack.service_url(service)}{path}", headers=headers, json={}, trust_env=False)


@pytest.mark.contract("ADR 0032")
def test_every_internal_endpoint_refuses_those_that_need_it_not(stack: Stack) -> None:
    """Also with an assertion of a superuser, as if they had got hold of one."""
    identity, tried = keys_of(stack, "identity"), 0
    for endpoint in ENDPOINTS:
        assert endpoint.callers, endpoint
        for caller in set(CALLERS) - set(endpoint.callers):
            word = identity.assertion(1, SUPERUSER, endpoint.service, "web")
            headers = {**stack.internal_header(endpoint.service, caller), ASSERTION_HEADER: word}
            answer = call(stack, endpoint.service, endpoint.method, endpoint.path, headers)
            assert answer.status_code == 403, (endpoint, caller, answer.text)
            tried += 1
    assert tried > 2 * len(ENDPOINTS)


@pytest.mark.contract("ADR 0032")
def test_the_planners_environment_opens_what_the_planner_asks_and_nothing_else(
    stack: Stack, planner: SigningKey
) -> None:
    allowed = {(one.service, one.path) for one in ENDPOINTS if "planner" in one.callers}
    assert {(service, path.rpartition("/")[2]) for service, path in allowed} == {
        ("identity", "introspect"), ("notes", "reference")
    }  # fmt: skip
    environment = stack.plan.settings.environment("planner")
    others = [key for name, key in stack.plan.credentials.keys.items() if name != "planner"]
    assert not [key for key in others if key in json.dumps(environment)]
    admin = environment_of_admin(stack)
    path = f"/internal/operators/users/{admin}/code"
    for issuer in CALLERS:
        for key_id in (planner.id, SigningKey(stack.plan.credentials.keys[issuer]).id):
            token = planner.token("call+jwt", issuer, "identity")
            head, body, signature = token.split(".")
            renamed = _with_key_id(head, key_id)
            for word in (token, f"{renamed}.{body}.{signature}"):
                answer = call(stack, "identity", "POST", path, {INTERNAL_TOKEN_HEADER: word})
                assert answer.status_code == 403, (issuer, answer.text)


def environment_of_admin(stack: Stack) -> str:
    return stack.plan.settings.environment("identity")["DJANGO_SUPERUSER_USERNAME"]


def _with_key_id(head: str, key_id: str) -> str:
    from base64 import urlsafe_b64decode, urlsafe_b64encode  # noqa: PLC0415 - of one test

    header = {**json.loads(urlsafe_b64decode(head + "==")), "kid": key_id}
    return urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


@pytest.mark.contract("ADR 0032")
def test_a_token_that_a_service_got_is_of_no_use_at_another(stack: Stack) -> None:
    """What notes shows to the planner, the planner shows to identity."""
    received = stack.internal_header("planner", "notes")
    path = "/internal/operators/first-superuser"
    assert call(stack, "identity", "GET", path, received).status_code == 403
    assert call(stack, "identity", "GET", path, stack.internal_header("identity", "notes")).status_code == 200


@pytest.mark.contract("ADR 0032")
def test_the_planner_acts_for_nobody(api: Api, stack: Stack, planner: SigningKey) -> None:
    user: User = api.register()
    tokens = CallTokens("planner", planner)
    question = {"kind": "session", "digest": digest(user.token)}

    def introspected(headers: dict[str, str]) -> dict[str, object]:
        url = f"{stack.service_url('identity')}/internal/introspect"
        answer: dict[str, object] = httpx.post(url, json=question, headers=headers, trust_env=False).json()
        return answer

    own = introspected({INTERNAL_TOKEN_HEADER: tokens.token("identity")})
    assert (own["active"], own["assertions"]) == (True, {})
    assertions = introspected(stack.internal_header("identity", "mcp"))["assertions"]
    assert isinstance(assertions, dict)
    assert set(assertions) == {"identity", "notes", "planner"}
    url = f"{stack.service_url('notes')}/api/v1/notes/"
    good = httpx.get(url, headers={ASSERTION_HEADER: assertions["notes"]}, trust_env=False)
    assert good.status_code == 200, good.text
    # One that mcp sent to the planner.
    replayed = httpx.get(url, headers={ASSERTION_HEADER: assertions["planner"]}, trust_env=False)
    assert replayed.status_code == 401
    # As a token of a call it is worth nothing either.
    export = f"/internal/users/{user.id}/export"
    assert call(stack, "notes", "GET", export, {INTERNAL_TOKEN_HEADER: assertions["planner"]}).status_code == 403
    # One that the planner signs itself, in its own name and in identity's.
    public = PublicKeys(stack.plan.credentials.public_keys)
    for name in ("identity", "planner"):
        keys = ServiceKeys(name, planner, public)
        word = keys.assertion(user.id, SUPERUSER, "notes", "mcp")
        body = {"title": secrets.token_hex(4)}
        forged = httpx.post(url, json=body, headers={ASSERTION_HEADER: word}, trust_env=False)
        assert forged.status_code == 401, name
    assert [note["id"] for note in user.get("notes/").json()] == [note["id"] for note in good.json()]


def deletion(user: User, event_id: UUID) -> bytes:
    """The event that would have every service wipe a user."""
    event = UserDeleted(user_id=user.id, revision=99)
    return Envelope.of(event, event_id, datetime.now(UTC)).model_dump_json().encode()


async def send(stack: Stack, subject: str, body: bytes, headers: dict[str, str] | None) -> None:
    """Publish with all rights on the bus, as one who got past those of a service."""
    client = await nats.connect(stack.nats_url("admin"))
    try:
        await client.jetstream().publish(subject, body, headers=headers)
    finally:
        await client.close()


def letters(stack: Stack, service: str, event_id: UUID) -> list[str]:
    with psycopg.connect(stack.database_url(service)) as database:
        rows = database.execute("SELECT error FROM dead_letters WHERE event_id = %s", [event_id]).fetchall()
    return [row[0] for row in rows]


@pytest.mark.contract("ADR 0032")
@pytest.mark.parametrize("how", ["unsigned", "signed by the planner", "under another subject", "with another body"])
def test_an_event_that_its_service_did_not_sign_wipes_nobody(
    api: Api, stack: Stack, planner: SigningKey, how: str
) -> None:
    victim, event_id, subject = api.register(), uuid4(), "identity.user.deleted"
    note = victim.post("notes/", {"title": "Kept"}).json()["id"]
    body = deletion(victim, event_id)
    own = EventSignatures(planner, PublicKeys(stack.plan.credentials.public_keys))
    headers = {
        "unsigned": {},
        "signed by the planner": own.headers(subject, body),
        # What identity really signed, taken from the stream.
        "under another subject": signatures_of(stack, "identity").headers("identity.user.updated", body),
        "with another body": signatures_of(stack, "identity").headers(subject, body + b" "),
    }[how]
    asyncio.run(send(stack, subject, body, headers))
    for service in ("notes", "planner", "mcp"):
        (error,) = eventually(partial(letters, stack, service, event_id), what=f"{service} refused it")
        assert error.startswith("UnprovenEvent: ")
        assert error.endswith("identity")
    assert victim.get(f"notes/{note}/").status_code == 200
    with psycopg.connect(stack.database_url("notes")) as database:
        assert database.execute("SELECT 1 FROM deleted_users WHERE user_id = %s", [victim.id]).fetchone() is None


@pytest.mark.contract("ADR 0032")
def test_an_event_that_says_it_is_another_has_no_effect(api: Api, stack: Stack, planner: SigningKey) -> None:
    """The planner may publish and sign below its own subjects, whatever stands inside."""
    victim, event_id, subject = api.register(), uuid4(), "planner.session.opened"
    body = deletion(victim, event_id)
    own = EventSignatures(planner, PublicKeys(stack.plan.credentials.public_keys))
    asyncio.run(send(stack, subject, body, own.headers(subject, body)))
    (error,) = eventually(partial(letters, stack, "notes", event_id), what="notes refused it")
    assert "Unreadable" in error
    assert victim.get("notes/").status_code == 200
