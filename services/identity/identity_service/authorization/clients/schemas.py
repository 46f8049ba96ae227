"""The registration of a client by itself (RFC 7591)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from identity_service.authorization.clients.redirects import LONGEST_URI, MOST_URIS, may_be_registered
from identity_service.authorization.errors import OAuthError
from identity_service.authorization.metadata.schemas import AUTH_METHODS
from notechondria_shared.core.letters import is_unseen

LONGEST_NAME = 80
_Word = Annotated[str, StringConstraints(max_length=120)]
_Uri = Annotated[str, StringConstraints(max_length=LONGEST_URI)]
GRANTS = ["authorization_code", "refresh_token"]


class ClientMetadata(BaseModel):
    """What a program says of itself; what else it says is not kept."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    redirect_uris: Annotated[list[_Uri], Field(min_length=1, max_length=MOST_URIS)]
    client_name: str | None = None
    token_endpoint_auth_method: _Word | None = None
    grant_types: Annotated[list[_Word], Field(max_length=20)] | None = None
    response_types: Annotated[list[_Word], Field(max_length=20)] | None = None

    @property
    def name(self) -> str:
        """The name, in one line and without what would turn a text around."""
        text = "".join(
            " " if letter.isspace() else letter
            for letter in self.client_name or ""
            if not is_unseen(letter) or letter.isspace()
        )
        return " ".join(text.split())[:LONGEST_NAME]


def checked(document: object, *, methods: list[str]) -> ClientMetadata:
    """The metadata, or `invalid_client_metadata` / `invalid_redirect_uri` (RFC 7591 §3.2.2)."""
    try:
        client = ClientMetadata.model_validate(document)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        name = str(problem["loc"][0]) if problem["loc"] else "document"
        kind = "invalid_redirect_uri" if name == "redirect_uris" else "invalid_client_metadata"
        raise OAuthError(kind, f"{name}: {problem['msg']}.") from None
    if not all(may_be_registered(uri) for uri in client.redirect_uris):
        text = "A redirect URI is https, http on the own machine, or the scheme of an app, without a fragment."
        raise OAuthError("invalid_redirect_uri", text)
    if (client.token_endpoint_auth_method or "none") not in methods:
        raise OAuthError("invalid_client_metadata", f"token_endpoint_auth_method: one of {', '.join(methods)}.")
    if client.grant_types is not None and "authorization_code" not in client.grant_types:
        raise OAuthError("invalid_client_metadata", "grant_types: authorization_code is the one to begin with.")
    if client.response_types is not None and "code" not in client.response_types:
        raise OAuthError("invalid_client_metadata", "response_types: code is the only one.")
    return client


def checked_registration(document: object) -> ClientMetadata:
    """The metadata of a client that registers itself."""
    return checked(document, methods=AUTH_METHODS)


class Registration(BaseModel):
    """The client as it is registered (RFC 7591 §3.2.1)."""

    client_id: str
    client_id_issued_at: int
    client_name: str
    redirect_uris: list[str]
    token_endpoint_auth_method: str
    grant_types: list[str] = GRANTS
    response_types: list[str] = ["code"]
    registration_client_uri: str


class NewRegistration(Registration):
    """With what is shown this once."""

    registration_access_token: str


class NewConfidential(NewRegistration):
    """With the secret of a client that has one."""

    client_secret: str
    client_secret_expires_at: int = 0
