"""Signatures of events: only the service's own, over subject and body (ADR 0032)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from notechondria_shared.core import hash_tree
from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.messaging.signatures import (
    BATCH_HEADER,
    GRACE,
    KNOWN_ROOTS,
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


BATCH = [(SUBJECT, b'{"id": %d}' % number) for number in range(7)]


def in_batch(key: SigningKey = NOTES) -> list[str]:
    return [headers[BATCH_HEADER] for headers in EventSignatures(key, PUBLIC).batch_headers(BATCH)]


@pytest.mark.contract("ADR 0032")
def test_events_sent_together_pass_each_by_the_signature_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made = EventSignatures(NOTES, PUBLIC)
    headers = made.batch_headers(BATCH)
    # Whoever knows no batches finds the signature of each beside it.
    assert all(made.is_signed(*sent, own[SIGNATURE_HEADER]) for sent, own in zip(BATCH, headers, strict=True))
    checked: list[str] = []
    verify = PublicKeys.verify

    def counted(public: PublicKeys, name: str, signature: str, data: bytes) -> bool:
        checked.append(signature)
        return verify(public, name, signature, data)

    monkeypatch.setattr(PublicKeys, "verify", counted)
    assert all(made.is_signed(*sent, "", own[BATCH_HEADER]) for sent, own in zip(BATCH, headers, strict=True))
    assert len(checked) == 1
    assert BATCH_HEADER not in made.batch_headers(BATCH[:1])[0]


def _parts(header: str) -> list[str]:
    return header.split(".")


def _joined(*parts: str) -> str:
    return ".".join(parts)


NOT_OF_THE_BATCH = (
    lambda own, other: other,  # the path of another event
    lambda own, other: changed(own),
    lambda own, other: own + "AAAA",
    lambda own, other: _joined(*_parts(own)[:4], ""),
    lambda own, other: _joined(*_parts(own)[:4], "A"),  # no base64
    lambda own, other: _joined(*_parts(own)[:2], "9", "9", _parts(own)[4]),
    lambda own, other: _joined(*_parts(own)[:2], "3", "0", _parts(own)[4]),
    lambda own, other: _joined(*_parts(own)[:2], "3", "6", _parts(own)[4]),
    lambda own, other: _joined(*_parts(own)[:2], "99999", "99999", "A" * 900),
    lambda own, other: _joined(*_parts(signed())[:2], *_parts(own)[2:]),  # signed, but no root
    lambda own, other: _joined(*_parts(in_batch(PLANNER)[3])),
    lambda own, other: _joined(PLANNER.id, *_parts(own)[1:]),
    lambda own, other: own + "A" * 2000,
    lambda own, other: "x",
)


@pytest.mark.contract("ADR 0032")
@pytest.mark.parametrize("number", range(len(NOT_OF_THE_BATCH)))
def test_nothing_else_passes_as_one_of_a_batch(number: int) -> None:
    headers = in_batch()
    made = EventSignatures(NOTES, PUBLIC)
    assert made.is_signed(*BATCH[3], "", headers[3])  # the root is known by now
    assert not made.is_signed(*BATCH[3], "", NOT_OF_THE_BATCH[number](headers[3], headers[4]))
    assert not made.is_signed(SUBJECT, b'{"id": 33}', "", headers[3])
    assert not made.is_signed("notes.note.updated", BATCH[3][1], "", headers[3])
    # What a root is signed as is no event, nor is a root's signature that of one.
    assert not made.is_signed("batch", b"", _joined(*_parts(headers[3])[:2]))


@pytest.mark.contract("ADR 0032")
def test_only_the_latest_batches_are_remembered() -> None:
    made = EventSignatures(NOTES, PUBLIC)
    for number in range(KNOWN_ROOTS + 9):
        batch = [(SUBJECT, b"%d.%d" % (number, each)) for each in range(2)]
        headers = made.batch_headers(batch)
        assert made.is_signed(*batch[1], "", headers[1][BATCH_HEADER])
    assert len(made._known_roots) == KNOWN_ROOTS


@pytest.mark.parametrize("size", range(1, 20))
def test_each_leaf_of_a_hash_tree_leads_to_its_root_and_to_no_other(size: int) -> None:
    leaves = [hash_tree.leaf(b"%d" % number) for number in range(size)]
    root, paths = hash_tree.tree(leaves)
    for number, path in enumerate(paths):
        assert hash_tree.root_of(leaves[number], number, size, path) == root
        assert hash_tree.root_of(hash_tree.leaf(b"other"), number, size, path) != root
        assert hash_tree.root_of(leaves[number], number, size, path + bytes(32)) is None
        assert hash_tree.root_of(leaves[number], size, size, path) is None


def test_a_hash_tree_is_that_of_the_standard() -> None:
    """The vectors of certificate-transparency's reference implementation for its first three leaves."""
    leaves = [hash_tree.leaf(bytes.fromhex(data)) for data in ("", "00", "10")]
    roots = [hash_tree.tree(leaves[:size])[0].hex() for size in (1, 2, 3)]
    assert roots == [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    ]
