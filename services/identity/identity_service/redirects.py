"""Which redirect address a caller gets (identity §10.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from identity_service.settings import IdentitySettings
from notechondria_shared.core.web_addresses import urlsplit


@dataclass(frozen=True, slots=True)
class Registration:
    """What this deployment registered with a provider."""

    client_id: str
    client_secret: str
    redirect_uri: str
    redirect_uris: Sequence[str]


def registration(settings: IdentitySettings, provider: str) -> Registration:
    """The deployment's registration with `google` or `github`."""
    if provider == "google":
        return Registration(
            settings.google_oauth_client_id,
            settings.google_oauth_client_secret.get_secret_value(),
            settings.google_authorized_redirect_uri,
            settings.google_authorized_redirect_uris,
        )
    return Registration(
        settings.github_app_client_id,
        settings.github_app_client_secret.get_secret_value(),
        settings.github_authorized_redirect_uri,
        settings.github_authorized_redirect_uris,
    )


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""


def chosen_redirect(client: Registration, headers: Mapping[str, str]) -> str:
    """The entry whose origin is the caller's, else the first of the list, else the single one."""
    caller = headers.get("origin", "").lower() or _origin(headers.get("referer", ""))
    entries = list(client.redirect_uris)
    return next((entry for entry in entries if caller and _origin(entry) == caller), None) or (
        entries[0] if entries else client.redirect_uri
    )
