"""Which apps get a code: those at origins that this server serves, compared exactly (apps §3, RFC 9700 §4.1)."""

from __future__ import annotations

from urllib.parse import SplitResult

from identity_service.settings import IdentitySettings
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.hosts import in_address, is_loopback
from notechondria_shared.core.web_addresses import urlsplit

NOT_SERVED = (
    "Not signed in: Backend.Auth/sign_in_site.redirect_uri — this server does not know the app that asks. Its operator "
    "names the address of an app in FRONTEND_ORIGIN or DJANGO_CSRF_TRUSTED_ORIGINS."
)
NO_ADDRESS = (
    "Not signed in: Backend.Auth/sign_in_site.redirect_uri — the app asks for the answer at what is no plain address "
    "of a page: http or https, at most 2048 characters of ASCII, without a part after # and without a name before @."
)
_LONGEST = 2048
_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """`scheme://host[:port]` as browsers write it in `Origin`; "" for what is no address of a web page."""
    parts = _split(address)
    if parts is None:
        return ""
    host = parts.hostname or ""
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{in_address(host)}{port}"


def app_origin(settings: IdentitySettings, redirect_uri: str) -> str:
    """The origin of an app's page; 400 for any other, before anybody is sent anywhere."""
    origin = "" if "#" in redirect_uri or not redirect_uri.isascii() else origin_of(redirect_uri)
    if not origin:
        raise BadRequest(NO_ADDRESS)
    if not (origin in _served(settings) or _of_a_developer(settings, origin)):
        raise BadRequest(NOT_SERVED)
    return origin


def _served(settings: IdentitySettings) -> set[str]:
    named = (settings.public_base_url, settings.frontend_origin, *settings.django_csrf_trusted_origins)
    return {origin_of(one) for one in named} - {""}


def _of_a_developer(settings: IdentitySettings, origin: str) -> bool:
    """On a developer's own machine an app may be at any port of it."""
    return is_loopback(urlsplit(settings.public_base_url).hostname) and is_loopback(urlsplit(origin).hostname)


def _split(address: str) -> SplitResult | None:
    if len(address) > _LONGEST or any(character <= " " or character == "\\" for character in address):
        return None
    try:
        parts = urlsplit(address)
        usable = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if usable else None
