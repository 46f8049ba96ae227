"""What authentication needs of a running service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from fastapi import FastAPI

from notechondria_shared.auth.assertion import ServiceKeys
from notechondria_shared.auth.introspection import Introspector

StateT = TypeVar("StateT", bound="AuthState")


@dataclass(kw_only=True)
class AuthState:
    """The base of every service's state."""

    keys: ServiceKeys = field(init=False)
    introspector: Introspector = field(init=False)


def state_of(app: FastAPI, kind: type[StateT]) -> StateT:
    """The state of a service, typed; nothing else is kept on the application."""
    state = app.state.service
    if not isinstance(state, kind):
        message = f"the service holds a {type(state).__name__}, not a {kind.__name__}"
        raise TypeError(message)
    return state
