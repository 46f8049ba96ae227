"""The client of the notes service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient


class NotesClient(ServiceClient):
    """What every service offers; nothing else is asked of notes yet."""

    service = "notes"
