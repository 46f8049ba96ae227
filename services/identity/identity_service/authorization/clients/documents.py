"""Clients whose id is the address of a document that describes them (draft-ietf-oauth-client-id-metadata-document).

The address comes from a stranger: it is fetched only for a person who is signed in, and by an address-safe client.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass

from identity_service.authorization.clients.schemas import ClientMetadata, checked
from identity_service.authorization.errors import OAuthError
from identity_service.outside_documents import DocumentFetcher, DocumentRefused
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.body import read_json

LONGEST_ID = 512
SHORTEST_CACHE, DEFAULT_CACHE, LONGEST_CACHE = 300, 3600, 86_400
"""Seconds for which a document counts, whatever its server says."""
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")
_PLAIN = re.compile(r"[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+")


@dataclass(frozen=True, slots=True)
class Document:
    """What a program says of itself, and for how many seconds that counts."""

    metadata: ClientMetadata
    fresh_seconds: int


def is_document_id(client_id: str) -> bool:
    """Whether a client id is the address of a document: https with a path, and written in one way only."""
    if not client_id.startswith("https://") or len(client_id) > LONGEST_ID or not _PLAIN.fullmatch(client_id):
        return False
    try:
        parts = urlsplit(client_id)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None or "#" in client_id:
        return False
    segments = parts.path.split("/")
    return parts.path not in {"", "/"} and not {".", ".."} & set(segments)


async def fetched(fetcher: DocumentFetcher, client_id: str) -> Document:
    """The document of a client; `DocumentRefused` when there is none that could be used."""
    answer = await fetcher.fetch(client_id)
    return Document(_read(client_id, answer.body), _fresh_seconds(answer.cache_control))


def _read(client_id: str, body: bytes) -> ClientMetadata:
    try:
        # Some editors begin a file with the mark of UTF-8, which a reader may pass over (RFC 8259 §8.1).
        document = read_json(body.removeprefix(BOM_UTF8))
    except ValueError:
        raise DocumentRefused("Its document is no JSON.") from None
    if not isinstance(document, dict) or document.get("client_id") != client_id:
        raise DocumentRefused("Its document is of another program.")
    if "client_secret" in document:
        raise DocumentRefused("Its document holds a secret for everybody to read.")
    try:
        return checked(document, methods=["none"])
    except OAuthError as problem:
        raise DocumentRefused(f"Its document cannot be used ({problem.description})") from None


def _fresh_seconds(cache_control: str) -> int:
    """How long the document counts: as its server says, within bounds (RFC 9111 §5.2.2)."""
    said = cache_control.lower()
    if "no-store" in said or "no-cache" in said:
        return SHORTEST_CACHE
    age = _MAX_AGE.search(said)
    seconds = int(age[1]) if age else DEFAULT_CACHE
    return min(max(seconds, SHORTEST_CACHE), LONGEST_CACHE)
