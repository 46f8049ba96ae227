"""Asking a part over HTTP whether it is there."""

import http.client
import json
import time
from collections.abc import Callable, Mapping

from notechondria_shared.core.web_addresses import urlsplit

_TIMEOUT_SECONDS = 2.0


def get(
    url: str, headers: Mapping[str, str] | None = None, seconds: float = _TIMEOUT_SECONDS
) -> tuple[int, bytes] | None:
    """Return status and body of a GET, or None when nobody answers; never a proxy, never a redirect."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def answers(url: str) -> bool:
    """Return whether a GET is answered with 200."""
    answer = get(url)
    return answer is not None and answer[0] == http.client.OK


def get_json(url: str) -> object | None:
    """Return the JSON of a 200 answer, else None."""
    answer = get(url)
    if answer is None or answer[0] != http.client.OK:
        return None
    try:
        parsed: object = json.loads(answer[1])
    except ValueError:
        return None
    return parsed


def until(condition: Callable[[], bool], seconds: float, every: float = 0.03) -> bool:
    """Wait until the condition holds; False when it did not within the seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True
