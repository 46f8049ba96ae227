"""Keys for settings and applications that are made without a stack."""

from __future__ import annotations

from notechondria_contracts.services import CALLERS
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.assertion import ServiceKeys
from notechondria_shared.core.keys import PublicKeys, SigningKey

ONE_KEY = SigningKey.generate()
"""Every caller's at once: what is tried with it is never who may call what."""
KEY_SETTINGS = {
    "SERVICE_KEY": ONE_KEY,
    "SERVICE_PUBLIC_KEYS": ",".join(f"{name}:{SigningKey(ONE_KEY).public}" for name in CALLERS),
}
IDENTITY = ServiceKeys("identity", SigningKey(ONE_KEY), PublicKeys(KEY_SETTINGS["SERVICE_PUBLIC_KEYS"]))
"""identity of such an application: it signs assertions."""


def keys_of(stack: Stack, service: str) -> ServiceKeys:
    """The keys with which a service of the running stack works."""
    credentials = stack.plan.credentials
    return ServiceKeys(service, SigningKey(credentials.keys[service]), PublicKeys(credentials.public_keys))
