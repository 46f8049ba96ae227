"""What py_webauthn does for passkeys: options for the browser as JSON, and its answers checked (WebAuthn)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

_WRONG = (WebAuthnException, ValueError, TypeError, LookupError, RecursionError)


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """The public half of a new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def registration_options(
    host: str, site_name: str, handle: str, username: str, challenge: str, known: Iterable[bytes]
) -> str:
    """For a new passkey that its device finds without a name, and that sees its owner each time."""
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=site_name,
        user_id=handle.encode(),
        user_name=username,
        challenge=base64url_to_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return webauthn.options_to_json(options)


def sign_in_options(host: str, challenge: str, own: Iterable[bytes]) -> str:
    """For a passkey that is there: one of `own`, or any of the site when there are none."""
    options = webauthn.generate_authentication_options(
        rp_id=host,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in own],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def read_registration(answer: str, challenge: str, host: str, origin: str) -> MadePasskey | None:
    """The new passkey; None when the answer is not one to this challenge, from this site, by a seen owner."""
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _WRONG:
        return None
    return MadePasskey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def credential_id_of(answer: str) -> bytes | None:
    """Which passkey answers; None for what is no answer."""
    try:
        return parse_authentication_credential_json(answer).raw_id
    except _WRONG:
        return None


def read_sign_in(answer: str, challenge: str, host: str, origin: str, public_key: bytes, sign_count: int) -> int | None:
    """The passkey's new count; None for a wrong signature, another challenge or site, or a copy of the key."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _WRONG:
        return None
    return verified.new_sign_count
