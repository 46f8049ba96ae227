"""Calls to the services' internal endpoints at their own ports, past the gateway."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from notechondria_cli.control import running_state
from notechondria_cli.credentials import Credentials
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_cli.operator_env import operator_environment
from notechondria_contracts.internal.headers import INTERNAL_TOKEN_HEADER
from notechondria_contracts.services import OPERATOR
from notechondria_shared.core.keys import CallTokens, SigningKey
from notechondria_shared.core.web_addresses import urlsplit

_TIMEOUT_SECONDS = 60
ModelT = TypeVar("ModelT", bound=BaseModel)
Body = Mapping[str, str | int | bool | None]
"""What is sent as a JSON object."""


@dataclass(frozen=True)
class InternalCall:
    """The internal endpoints of the services of one system; ``addresses`` is ``host:port`` by service."""

    addresses: dict[str, str]
    calls: CallTokens

    @classmethod
    def to_running(cls, data: Path | None) -> "InternalCall":
        """Reach the stack that runs on a data folder (default: the usual one). Raises StackError when none does.

        In a container, where services run elsewhere, <SERVICE>_URL of the environment says where.
        """
        env = operator_environment()
        elsewhere = {name: urlsplit(env.get(f"{name.upper()}_URL", "")).netloc for name in SERVICES_WITH_SCHEMA}
        if data is None and all(elsewhere.values()):
            return cls(elsewhere, _operator_calls(env))
        layout = Layout.of(data, env)
        state = running_state(layout)
        calls = Credentials.load_or_create(layout.credentials).calls(OPERATOR)
        return cls({name: f"127.0.0.1:{state.ports[name]}" for name in SERVICES_WITH_SCHEMA}, calls)

    def ask(self, service: str, model: type[ModelT], method: str, path: str, body: Body | None = None) -> ModelT | None:
        """Return a 2xx answer as ``model``, None for a 404; a refusal's own words become the error."""
        answer = self._send(service, method, path, body)
        try:
            return None if answer is None else model.model_validate_json(answer)
        except ValidationError as error:
            raise StackError(
                f"{service} answered {path} with what cannot be read.", "Is it of this version?"
            ) from error

    def _send(self, service: str, method: str, path: str, body: Body | None) -> bytes | None:
        connection = http.client.HTTPConnection(self.addresses[service], timeout=_TIMEOUT_SECONDS)
        headers = {INTERNAL_TOKEN_HEADER: self.calls.token(service), "Accept": "application/json"}
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, path, body=content, headers=headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StackError(f"{service} does not answer ({error}).", "See: notechondria status.") from error
        finally:
            connection.close()
        if response.status == http.client.NOT_FOUND:
            return None
        if response.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            raise StackError(
                f"{service} does not accept the operator's key.",
                "SERVICE_PUBLIC_KEYS of the services must name the public key of the operator's SERVICE_KEY.",
            )
        if response.status == http.client.BAD_REQUEST:
            raise StackError(_words(answer), "Nothing was changed.")
        if response.status >= 300:
            raise StackError(
                f"{service} answered {response.status} to {path}.", f"See: notechondria logs --part {service}."
            )
        return answer


def _operator_calls(env: Mapping[str, str]) -> CallTokens:
    try:
        return CallTokens(OPERATOR, SigningKey(env.get("SERVICE_KEY", "")))
    except ValueError:
        raise StackError(
            "SERVICE_KEY is not the operator's key.", "Take OPERATOR_SERVICE_KEY of deploy/.env."
        ) from None


def _words(answer: bytes) -> str:
    """Put a 400 of the contract's shapes into one sentence."""
    try:
        body = json.loads(answer)
    except ValueError:
        return "The service refused the request."
    if not isinstance(body, dict):
        return str(body)
    return "; ".join(
        str(texts) if field == "detail" else f"{field}: {' '.join(texts) if isinstance(texts, list) else texts}"
        for field, texts in body.items()
    )
