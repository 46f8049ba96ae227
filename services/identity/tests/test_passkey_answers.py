"""What a browser may send as a passkey's answer: whatever is none is refused, and is no fault (WebAuthn)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode

import cbor2
import pytest

from identity_service.factors import webauthn_protocol

HOST, ORIGIN = "h.example", "https://h.example"


def coded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


CHALLENGE = coded(b"c" * 32)
DEEP = "[" * 5000
ID = coded(b"abcd")


def answer(**response: str) -> str:
    return json.dumps({"id": ID, "rawId": ID, "type": "public-key", "response": response})


def attested(form: str, statement: dict[str, object]) -> str:
    client = {"type": "webauthn.create", "challenge": CHALLENGE, "origin": ORIGIN}
    key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: b"a" * 32, -3: b"b" * 32})
    data = hashlib.sha256(HOST.encode()).digest() + b"\x45" + bytes(4) + bytes(16) + b"\0\4abcd" + key
    return answer(
        clientDataJSON=coded(json.dumps(client).encode()),
        attestationObject=coded(cbor2.dumps({"fmt": form, "attStmt": statement, "authData": data})),
    )


ANSWERS = [
    "",
    "[]",
    DEEP,
    '{"a":' * 5000 + "1" + "}" * 5000,
    answer(),
    answer(clientDataJSON=coded(DEEP.encode()), authenticatorData="AA", signature="AA", attestationObject="AA"),
    attested("fido-u2f", {}),
    *(
        attested(form, {"ver": "2.0", "alg": -7, "sig": b"x", "response": b"[", "x5c": []})
        for form in ("packed", "fido-u2f", "tpm", "android-key", "android-safetynet", "apple")
    ),
]


@pytest.mark.parametrize("sent", ANSWERS, ids=range(len(ANSWERS)))
def test_what_is_no_answer_is_refused(sent: str) -> None:
    assert webauthn_protocol.read_registration(sent, CHALLENGE, HOST, ORIGIN) is None
    assert webauthn_protocol.read_sign_in(sent, CHALLENGE, HOST, ORIGIN, b"", 0) is None
    webauthn_protocol.credential_id_of(sent)
