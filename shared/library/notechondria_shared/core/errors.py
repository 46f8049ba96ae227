"""The contract's error shapes (identity §3.1, notes §1, planner §0): one class per shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class ApiError(Exception):
    """An answer other than success. `body` is the JSON answered, None for an empty body.

    `commit_on_error` makes the write session commit although the request fails: a wrong code that must count as a
    try, or a code that is burnt by the attempt (identity §8.4).
    """

    status = 500

    def __init__(
        self,
        body: Any,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        commit_on_error: bool = False,
    ) -> None:
        super().__init__(body)
        self.body = body
        self.status = status or type(self).status
        self.headers = dict(headers or {})
        self.commit_on_error = commit_on_error


class DetailError(ApiError):
    """`{"detail": text}` with the class's status."""

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, commit_on_error: bool = False) -> None:
        super().__init__({"detail": detail}, headers=headers, commit_on_error=commit_on_error)
        self.detail = detail


class BadRequest(DetailError):
    """400 `{"detail": ...}`: malformed JSON and view-level refusals."""

    status = 400


class FieldErrors(ApiError):
    """400 `{"<field>": ["text", ...]}`: all failing fields together."""

    status = 400

    def __init__(self, commit_on_error: bool = False, /, **fields: str | list[str]) -> None:
        body = {name: [texts] if isinstance(texts, str) else texts for name, texts in fields.items()}
        super().__init__(body, commit_on_error=commit_on_error)


class NonFieldError(ApiError):
    """400 `{"non_field_errors": ["text"]}`: cross-field and lookup errors."""

    status = 400

    def __init__(self, text: str, *, commit_on_error: bool = False) -> None:
        super().__init__({"non_field_errors": [text]}, commit_on_error=commit_on_error)


class ListError(ApiError):
    """400 with a JSON array of one string: the two odd shapes of notes §1."""

    status = 400

    def __init__(self, text: str) -> None:
        super().__init__([text])


class Unauthorized(DetailError):
    """401 with `WWW-Authenticate: Token` (identity §2)."""

    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Token"})


class InvalidAccessToken(Unauthorized):
    """401 for a program's access token that is unknown, over, or meant for another resource (RFC 6750 §3.1)."""

    def __init__(self) -> None:
        super().__init__(INVALID_ACCESS)
        self.headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class InsufficientScope(DetailError):
    """403 for an access token that may not do this (RFC 6750 §3.1); `scopes` would allow it."""

    status = 403

    def __init__(self, detail: str, scopes: Iterable[str] = ()) -> None:
        scopes = tuple(scopes)
        needed = f', scope="{" ".join(scopes)}"' if scopes else ""
        super().__init__(detail, headers={"WWW-Authenticate": f'Bearer error="insufficient_scope"{needed}'})
        self.scopes = scopes


NOT_PROVIDED = "Authentication credentials were not provided."
INVALID_TOKEN = "Invalid token."  # noqa: S105 - a text of the contract, not a secret
INVALID_KEY = "Invalid API key."
INVALID_ACCESS = "Invalid access token."
DISABLED = "User account is disabled."


class Forbidden(DetailError):
    """403 `{"detail": ...}`."""

    status = 403


class NotFound(DetailError):
    """404 `{"detail": ...}`: unknown, or somebody else's where the contract makes no difference."""

    status = 404

    def __init__(self, detail: str = "Not found.") -> None:
        super().__init__(detail)


class RouteNotFound(ApiError):
    """404 with the three keys of an unknown path (identity §3.1)."""

    status = 404

    def __init__(self, path: str) -> None:
        super().__init__({"detail": "API route not found.", "status_code": 404, "path": path})


class Conflict(DetailError):
    """409 `{"detail": ...}`."""

    status = 409


class PreconditionFailed(DetailError):
    """412 `{"detail": ...}`, between services only (`auth.precondition`)."""

    status = 412


class UnsupportedMediaType(DetailError):
    """415 `{"detail": ...}`."""

    status = 415

    def __init__(self, content_type: str) -> None:
        super().__init__(f'Unsupported media type "{content_type}" in request.')


class TooManyRequests(DetailError):
    """429 with `Retry-After` in seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, retry_after))})


class NotImplementedHere(DetailError):
    """501: this server has not what the path is for."""

    status = 501


class Unavailable(DetailError):
    """503 with `Retry-After` in seconds: a part that this answer needs is away or full."""

    status = 503

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class StoreUnavailable(Unavailable):
    """503: the store of uploads is away, or refuses one file. An event that needs it waits its turn like any other."""
