"""Addresses with a user name and a password in them (planner §5.2): kept apart, encrypted, shown to nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass

from notechondria_shared.auth.assertion import ServiceKeys
from notechondria_shared.core.encryption import Cipher, UndecipherableError

UNREADABLE = "Its user name and password can no longer be read: enter its address again."
_WITH_CREDENTIALS = re.compile(r"([^/?#]*//)([^/?#]*)@")
_PURPOSE = b"notechondria.planner.calendar-credentials.v1"


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """Where a calendar is, without its credentials; `credentials` are encrypted, `mark` differs where they do."""

    url: str
    credentials: str | None = None
    mark: str = ""


class Addresses:
    """Takes addresses apart and puts them together again."""

    def __init__(self, keys: ServiceKeys) -> None:
        self._cipher = Cipher(keys.derive(_PURPOSE))

    def split(self, address: str) -> SourceAddress:
        """An address as somebody wrote it, apart."""
        url, credentials = without_credentials(address)
        if not credentials:
            return SourceAddress(url)
        return SourceAddress(url, self._cipher.encrypt(credentials, url), self._cipher.mark(credentials))

    def stored(self, url: str, credentials: str | None) -> SourceAddress:
        """One that was taken apart before; its credentials are dropped when they cannot be read any more."""
        try:
            return self.split(self.whole(url, credentials))
        except UndecipherableError:
            return SourceAddress(url)

    def whole(self, url: str, credentials: str | None) -> str:
        """The address with its credentials, to fetch it; `UndecipherableError` when they cannot be read any more."""
        if credentials is None:
            return url
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{self._cipher.decrypt(credentials, url)}@{rest}"


def without_credentials(address: str) -> tuple[str, str]:
    """An address without what stands before its host, and that."""
    match = _WITH_CREDENTIALS.match(address)
    return (match[1] + address[match.end() :], match[2]) if match else (address, "")
