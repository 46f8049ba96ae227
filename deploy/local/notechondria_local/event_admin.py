"""The operators' side of the events: asking each service to replay, to list its dead letters, to try one again."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from notechondria_local.errors import StackError
from notechondria_local.names import SERVICES

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class EventAdmin:
    """Talks to the services' internal endpoints at their own ports, past the gateway."""

    ports: dict[str, int]
    token: str

    def replay(self, service: str | None = None) -> dict[str, int]:
        """Mark every kept event as unsent, so that the relay publishes it again; events by service."""
        marked = {}
        for name in _chosen(service):
            answer = self._call(name, "POST", "/internal/events/replay")
            if answer is not None:
                marked[name] = int(answer.get("marked", 0))
        return marked

    def dead_letters(self, service: str | None = None) -> list[dict[str, Any]]:
        """List the events that a consumer gave up on; each with the name of its ``service``."""
        found: list[dict[str, Any]] = []
        for name in _chosen(service):
            answer = self._call(name, "GET", "/internal/events/dead-letters") or {}
            found += [{"service": name, **letter} for letter in answer.get("dead_letters", [])]
        return found

    def replay_dead_letter(self, service: str, identifier: str) -> tuple[bool, str]:
        """Hand a dead letter to its consumer again; whether it went through, and else the error."""
        path = f"/internal/events/dead-letters/{quote(identifier, safe='')}/replay"
        answer = self._call(service, "POST", path)
        if answer is None:
            raise StackError(
                f"{service} has no dead letter {identifier}.", "See: notechondria events dead-letters list."
            )
        return bool(answer.get("replayed")), str(answer.get("error") or "")

    def _call(self, service: str, method: str, path: str) -> dict[str, Any] | None:
        """Return the JSON object of a 2xx answer, None for a 404."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service], timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, path, headers={"X-Internal-Token": self.token, "Accept": "application/json"})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StackError(f"{service} does not answer ({error}).", "See: notechondria status.") from error
        finally:
            connection.close()
        if response.status == http.client.NOT_FOUND:
            return None
        if response.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            raise StackError(
                f"{service} does not accept the internal token.", "Set INTERNAL_TOKEN to the value it was started with."
            )
        if response.status >= 300:
            raise StackError(
                f"{service} answered {response.status} to {path}.", f"See: notechondria logs -s {service}."
            )
        parsed = json.loads(body)
        return parsed if isinstance(parsed, dict) else {}


def _chosen(service: str | None) -> tuple[str, ...]:
    if service is None:
        return SERVICES
    if service not in SERVICES:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES)}.")
    return (service,)
