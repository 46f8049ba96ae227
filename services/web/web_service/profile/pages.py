"""The pages of the profile."""

from __future__ import annotations

from web_service.site.pages import Pages

PROFILE = "/account/profile/"
_NAMES = {"google": "Google", "github": "GitHub"}


def provider_name(provider: str) -> str:
    """What people call a provider."""
    return _NAMES.get(provider, provider)


PAGES = Pages("web_service.profile")
PAGES.add_filters(provider=provider_name)
