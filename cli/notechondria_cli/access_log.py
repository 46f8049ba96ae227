"""The gateway's JSON access log as the line people know: status, duration, method, path."""

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notechondria_cli.errors import StackError
from notechondria_shared.core.access_line import access_level, access_line


@dataclass(frozen=True)
class Request:
    """One request as the gateway saw it."""

    at: datetime
    status: int
    duration_ms: float
    method: str
    path: str
    service: str
    request_id: str
    user_id: int | None = None
    size: int = 0
    """Bytes of the answer's body."""

    @property
    def level(self) -> str:
        """``CRITICAL``, ``WARNING`` or ``INFO``, as in the services' own access lines."""
        return logging.getLevelName(access_level(self.status, self.duration_ms))


@dataclass(frozen=True)
class RequestFilter:
    """Which requests to show."""

    service: str | None = None
    min_ms: float = 0
    status: str | None = None
    user_id: int | None = None

    def __post_init__(self) -> None:
        """Raise StackError for a status that is neither a number nor a class."""
        if self.status is not None and not re.fullmatch(r"[1-5](\d\d|[xX]{2})", self.status):
            raise StackError(f"{self.status!r} is no status.", "Give a number such as 404, or a class such as 5xx.")

    def accepts(self, request: Request | None) -> bool:
        """Return whether a request is to be shown; None is a line without one, shown when all are."""
        if request is None:
            return self == RequestFilter()
        status = str(request.status)
        fits = self.status is None or self.status == status or self.status.lower() == f"{status[0]}xx"
        fits = fits and self.user_id in (None, request.user_id)
        return fits and request.duration_ms >= self.min_ms and self.service in (None, request.service)


def parse(line: str) -> Request | None:
    """Read a line of the access log; None for what is not one (cut short by a full disk, say)."""
    try:
        entry = json.loads(line[line.index("{") :])  # docker compose puts the container's name before it
        return Request(
            at=datetime.fromisoformat(str(entry["StartUTC"])[:26].rstrip("Z")).replace(tzinfo=UTC),
            status=int(entry["DownstreamStatus"]),
            duration_ms=int(entry["Duration"]) / 1_000_000,
            method=str(entry["RequestMethod"]),
            path=str(entry["RequestPath"]).partition("?")[0],
            service=str(entry.get("ServiceName", "")).partition("@")[0] or "-",
            request_id=str(entry.get("downstream_X-Request-Id") or "-"),
            user_id=_user(entry),
            size=int(entry.get("DownstreamContentSize", 0)),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _user(entry: dict[str, Any]) -> int | None:
    """Return who called. Where no service answered nobody was recognised, and the header is the client's own."""
    said = str(entry.get("request_X-User-Id", ""))
    return int(said) if entry.get("ServiceName") and said.isdecimal() else None


def render(request: Request, *, colour: bool) -> str:
    """Return the line of a request: time, level, then the four fields, then who answered."""
    # A path is the caller's to choose: control characters in it must not reach the terminal.
    path = "".join(sign if sign.isprintable() else "?" for sign in request.path)
    text = access_line(request.status, request.duration_ms, request.method, path, color=colour)
    time = request.at.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    user = f" user={request.user_id}" if request.user_id else ""
    return f"{time} {request.level:<8} {text}  [{request.service} {request.request_id}{user}]"
