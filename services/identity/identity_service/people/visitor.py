"""The browser of a person on the site, as a device; and who asks for it."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Depends

from identity_service.sessions.devices import Device
from identity_service.sign_ins.service import Started
from notechondria_contracts.internal.people import PersonSession, SignInOutcome, Visitor
from notechondria_shared.web.internal import CalledBy

ASKED_BY_WEB = Depends(CalledBy("web"))
SITE = "Notechondria site"


def site_device(visitor: Visitor) -> Device:
    """What a session of the site is called in the list of devices: `Notechondria site (Mac)`."""
    seen = Device.seen(visitor.user_agent, visitor.address)
    return replace(seen, label=f"{SITE} ({seen.label})")


def outcome_of(started: Started) -> SignInOutcome:
    """A session for the browser."""
    row = started.row
    return SignInOutcome(session=PersonSession(token=started.token, session_id=row.id, user_id=row.user_id))
