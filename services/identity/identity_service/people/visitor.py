"""The browser of a person on the site, as a device."""

from __future__ import annotations

from dataclasses import replace

from identity_service.sessions.devices import Device
from notechondria_contracts.internal.people import Visitor

SITE = "Notechondria site"


def site_device(visitor: Visitor) -> Device:
    """What a session of the site is called in the list of devices: `Notechondria site (Mac)`."""
    seen = Device.seen(visitor.user_agent, visitor.address)
    return replace(seen, label=f"{SITE} ({seen.label})")
