"""What authentication needs of a running service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from fastapi import FastAPI

from notechondria_shared.auth.assertion import AssertionKey
from notechondria_shared.auth.introspection import Introspector

StateT = TypeVar("StateT", bound="AuthState")


@dataclass(kw_only=True)
class AuthState:
    """The base of every service's state."""

    assertion_key: AssertionKey
    introspector: Introspector


def state_of(app: FastAPI, kind: type[StateT]) -> StateT:
    """The state of a running service, which its lifespan has made."""
    state = app.state.service
    if not isinstance(state, kind):
        message = f"the service holds a {type(state).__name__}, not a {kind.__name__}"
        raise TypeError(message)
    return state
