"""Refusals as programs read them (RFC 6749 §5.2): `{"error", "error_description"}`."""

from __future__ import annotations

from notechondria_shared.core.errors import ApiError

NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""Of every answer with a token in it (RFC 6749 §5.1)."""


UNKNOWN_CLIENT = "The client is not known (any more), or did not authenticate as it registered: register anew."
NO_CLIENT_ID = "client_id is missing."
WRONG_GRANT = (
    "The code or token is unknown, used, too old, or of another client; or redirect_uri or code_verifier are not those "
    "that the code was asked with."
)


class OAuthError(ApiError):
    """400 with an error code of the protocol."""

    status = 400

    def __init__(self, error: str, description: str, *, commit_on_error: bool = False) -> None:
        body = {"error": error, "error_description": description}
        super().__init__(body, headers=NOT_KEPT, commit_on_error=commit_on_error)
        self.error, self.description = error, description


class InvalidClient(OAuthError):
    """401: the client is not known (any more), or did not prove who it is; it may register again."""

    status = 401

    def __init__(self, description: str = UNKNOWN_CLIENT, *, by_header: bool = False) -> None:
        super().__init__("invalid_client", description)
        if by_header:
            self.headers["WWW-Authenticate"] = 'Basic realm="oauth"'


class InvalidGrant(OAuthError):
    """400: the code or refresh token is unknown, used, too old, or somebody else's."""

    def __init__(self, *, commit_on_error: bool = False) -> None:
        super().__init__("invalid_grant", WRONG_GRANT, commit_on_error=commit_on_error)
