"""What identity counts beside what every service counts. Imported only when metrics are on."""

from __future__ import annotations

from fastapi import FastAPI
from prometheus_client import Gauge

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
    service = app.state.settings.service

    def sample() -> None:
        PASSWORDS.labels(service).set(app.state.passwords.waiting)
        LIMIT.labels(service).set(app.state.passwords.queue)

    app.state.sampler.add(sample)
