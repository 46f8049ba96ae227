"""What identity counts beside what every service counts. Imported only when metrics are on."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Gauge

from identity_service.passwords import PasswordPool

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


def password_sample(passwords: PasswordPool, service: str) -> Callable[[], None]:
    """What looks at the password pool as often as at the others."""

    def sample() -> None:
        PASSWORDS.labels(service).set(passwords.waiting)
        LIMIT.labels(service).set(passwords.queue)

    return sample
