"""The metadata of the authorization server (RFC 8414 §2, OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from identity_service.authorization.resources import issuer_of
from notechondria_contracts.scopes import SCOPES

AUTH_METHODS = ["none", "client_secret_basic", "client_secret_post"]


class ServerMetadata(BaseModel):
    """What a program learns at `/.well-known/oauth-authorization-server`."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    scopes_supported: list[str] = list(SCOPES)
    response_types_supported: list[str] = ["code"]
    response_modes_supported: list[str] = ["query"]
    grant_types_supported: list[str] = ["authorization_code", "refresh_token"]
    token_endpoint_auth_methods_supported: list[str] = AUTH_METHODS
    revocation_endpoint_auth_methods_supported: list[str] = AUTH_METHODS
    code_challenge_methods_supported: list[str] = ["S256"]
    authorization_response_iss_parameter_supported: Literal[True] = True
    client_id_metadata_document_supported: Literal[True] = True

    @classmethod
    def addresses(cls, public_base_url: str) -> dict[str, str]:
        """The addresses below the issuer."""
        issuer = issuer_of(public_base_url)
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "registration_endpoint": f"{issuer}/oauth/register",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "jwks_uri": f"{issuer}/oauth/jwks",
        }


class OpenIdMetadata(ServerMetadata):
    """The same at the address that some programs ask instead. No id tokens are given, so `openid` is no scope."""

    subject_types_supported: list[str] = ["public"]
    id_token_signing_alg_values_supported: list[str] = ["EdDSA"]


class KeySet(BaseModel):
    """`/oauth/jwks` (RFC 7517 §5): empty, for access tokens are looked up and no others are given."""

    keys: list[dict[str, str]] = []
