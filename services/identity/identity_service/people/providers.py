"""Which providers the site offers: those with a secret, that know an address of ours to send people back to."""

from __future__ import annotations

from identity_service.origins import origin_of
from identity_service.redirects import Registration, registration
from identity_service.settings import IdentitySettings
from notechondria_contracts.internal.people import ProviderOffer

_SCOPES = {"google": "openid email profile", "github": "read:user user:email"}


def offers(settings: IdentitySettings) -> list[ProviderOffer]:
    """Google and GitHub, as far as they are configured for this site."""
    addresses = {"google": settings.google_authorize_url, "github": settings.github_authorize_url}
    offered = []
    for name, scope in _SCOPES.items():
        client = registration(settings, name)
        back = _back(settings, client, name)
        if client.client_id and client.client_secret and back:
            offered.append(
                ProviderOffer(
                    name=name,
                    authorize_url=addresses[name],
                    client_id=client.client_id,
                    redirect_uri=back,
                    scope=scope,
                )
            )
    return offered


def _back(settings: IdentitySettings, client: Registration, name: str) -> str:
    """The registered address of the site's own callback page, or of the one that hands on to it (identity §10.5)."""
    base = origin_of(settings.public_base_url)
    registered = [one for one in (*client.redirect_uris, client.redirect_uri) if one and origin_of(one) == base]
    paths = (f"/account/{name}/callback/", f"/auth/{name}/callback", f"/auth/{name}/callback/")
    return next((one for path in paths for one in registered if one.endswith(path)), "")
