"""What a service refused, as people read it beside a form."""

from __future__ import annotations

import re

from pydantic import JsonValue, ValidationError

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import ConfirmationRefusal

_TAG = re.compile(r": (?:Backend|Notes|Planner|Mcp)\.[\w./-]+ — ")


def problems(body: JsonValue) -> dict[str, list[str]]:
    """The texts of a refusal's body by field; `""` for those of no field."""
    if not isinstance(body, dict):
        return {"": [str(text) for text in body] if isinstance(body, list) else []}
    texts = {
        name: [str(text) for text in value] if isinstance(value, list) else [str(value)] for name, value in body.items()
    }
    general = texts.pop("non_field_errors", []) + texts.pop("detail", [])
    return {**texts, **({"": general} if general else {})}


def sentence(body: JsonValue) -> str:
    """A refusal in one line."""
    return " ".join(f"{name}: {text}" if name else text for name, texts in problems(body).items() for text in texts)


def plain(text: str) -> str:
    """A refusal without the name of the code that refused (identity §3.1): `Sign-in refused: the password is wrong.`"""
    return _TAG.sub(": ", text, count=1)


def plain_problems(refusal: ServiceRefused | None) -> dict[str, list[str]]:
    """The texts of a refusal by field, for people; empty without one."""
    said = problems(refusal.body) if refusal else {}
    return {name: [plain(text) for text in texts] for name, texts in said.items()}


def needs_confirmation(refusal: ServiceRefused) -> bool:
    """Whether a service asks for password and second factor first."""
    try:
        ConfirmationRefusal.model_validate(refusal.body)
    except ValidationError:
        return False
    return refusal.status == 403


def kept_headers(refusal: ServiceRefused | None) -> dict[str, str]:
    """What of a service's refusal is passed on: when to come back."""
    wait = refusal.headers.get("retry-after") if refusal else None
    return {"Retry-After": wait} if wait else {}
