"""Signatures of events: only the service's own, over subject and body (ADR 0032)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.messaging.signatures import (
    GRACE,
    SIGNATURE_HEADER,
    EventSignatures,
    SignatureCheck,
    UnprovenEvent,
)

SUBJECT, BODY = "notes.note.created", b'{"id": 1}'
NOTES, PLANNER = SigningKey(SigningKey.generate()), SigningKey(SigningKey.generate())
PUBLIC = PublicKeys(f"notes:{NOTES.public},planner:{PLANNER.public}")
LEARNED = datetime(2026, 11, 29, 8, tzinfo=UTC)


def message(signature: str | None, *, subject: str = SUBJECT, body: bytes = BODY, at: datetime = LEARNED) -> Any:
    headers = None if signature is None else {SIGNATURE_HEADER: signature}
    return SimpleNamespace(subject=subject, data=body, headers=headers, metadata=SimpleNamespace(timestamp=at))


def check(unsigned_until: datetime | None) -> SignatureCheck:
    made = SignatureCheck(EventSignatures(NOTES, PUBLIC), None, None)  # type: ignore[arg-type]
    made._unsigned_until = unsigned_until
    return made


def signed(key: SigningKey = NOTES, subject: str = SUBJECT, body: bytes = BODY) -> str:
    return EventSignatures(key, PUBLIC).headers(subject, body)[SIGNATURE_HEADER]


@pytest.mark.contract("ADR 0032")
def test_what_the_service_signed_passes_whenever() -> None:
    for until in (None, LEARNED, LEARNED - timedelta(days=9)):
        check(until).require(message(signed()))


def changed(signature: str) -> str:
    """With one letter that is another: the last ones would not do, of which some bits do not count."""
    return f"{signature[:-20]}{'B' if signature[-20] == 'A' else 'A'}{signature[-19:]}"


FORGED = (
    "",
    "x",
    "." + "A" * 86,
    changed(signed()),
    signed() + "A",
    signed(PLANNER),
    signed(subject="notes.note.updated"),
    signed(body=BODY + b" "),
    signed(subject=f"{SUBJECT}\n", body=BODY[1:]),
    f"{NOTES.id}.{signed(PLANNER).partition('.')[2]}",
    f"{NOTES.id}.!!!",
    f"{NOTES.id}." + "é" * 20,
    f"{NOTES.id}." + "A" * 100_000,
)


@pytest.mark.contract("ADR 0032")
@pytest.mark.parametrize("number", range(len(FORGED)))  # keys are made anew in each process: no names from them
def test_nothing_else_passes(number: int) -> None:
    with pytest.raises(UnprovenEvent):
        check(None).require(message(FORGED[number] or None))


@pytest.mark.contract("ADR 0032")
def test_unsigned_events_of_the_release_before_pass_by_the_brokers_clock() -> None:
    before = check(LEARNED + GRACE)
    before.require(message(None, at=LEARNED - timedelta(days=3)))
    before.require(message(None, at=LEARNED + GRACE))
    with pytest.raises(UnprovenEvent, match="not signed by notes"):
        before.require(message(None, at=LEARNED + GRACE + timedelta(seconds=1)))
    with pytest.raises(UnprovenEvent, match="not that of notes"):
        before.require(message(signed(PLANNER), at=LEARNED - timedelta(days=3)))


@pytest.mark.contract("ADR 0032")
def test_a_changed_key_passes_as_long_as_it_is_named() -> None:
    new = SigningKey(SigningKey.generate())
    both = PublicKeys(f"notes:{NOTES.public},notes:{new.public}")
    for key in (NOTES, new):
        assert EventSignatures(key, both).is_signed(SUBJECT, BODY, signed(key))
    assert not EventSignatures(new, PublicKeys(f"notes:{new.public}")).is_signed(SUBJECT, BODY, signed(NOTES))
