"""What identity counts beside what every service counts. Imported only when metrics are on."""

from __future__ import annotations

from fastapi import FastAPI
from prometheus_client import Gauge

from identity_service.state import identity_state

PASSWORDS = Gauge(
    "notechondria_password_queue",
    "Passwords that wait to be hashed or verified.",
    ["service"],
    multiprocess_mode="livesum",
)
LIMIT = Gauge(
    "notechondria_password_queue_limit",
    "How many may wait; beyond, sign-ins are answered 429.",
    ["service"],
    multiprocess_mode="livesum",
)


def install(app: FastAPI) -> None:
    """Look at the password pool as often as at the others."""
    state = identity_state(app)
    service = state.settings.service

    def sample() -> None:
        PASSWORDS.labels(service).set(state.passwords.waiting)
        LIMIT.labels(service).set(state.passwords.queue)

    app.state.sampler.add(sample)
