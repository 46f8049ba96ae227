"""Settings without which the sign-in pages lack something that the operator meant them to have."""

from collections.abc import Iterator, Mapping

from notechondria_cli.gateway_settings import web_address
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.observability.diagnosis import Finding

_PROVIDERS = {
    "google": ("Google", "GOOGLE_OAUTH_CLIENT_SECRET", "GOOGLE_AUTHORIZED_REDIRECT_URI"),
    "github": ("GitHub", "GITHUB_APP_CLIENT_SECRET", "GITHUB_AUTHORIZED_REDIRECT_URI"),
}


def hints(env: Mapping[str, str]) -> Iterator[Finding]:
    """What people miss on the pages, where these are reached by a name."""
    base = env.get("PUBLIC_BASE_URL", "").strip().rstrip("/")
    parts = web_address(base)
    if parts is None:
        return
    if parts.scheme != "https":
        yield _finding(
            "Passkeys do not work: PUBLIC_BASE_URL is not https, and browsers offer them over TLS only.",
            "Put TLS in front and give the address with https://.",
        )
    for name, (shown, secret, addresses) in _PROVIDERS.items():
        listed = f"{env.get(addresses, '')} {env.get(f'{addresses}S', '')}".replace(",", " ").split()
        if env.get(secret) and not any(_leads_back(address, base, name) for address in listed):
            yield _finding(
                f"{shown} is not offered on the sign-in pages: none of its redirect addresses is theirs.",
                f"Register {base}/account/{name}/callback/ with {shown}, and add it to {addresses}S.",
            )
    if env.get("SIGN_IN_SITE", "").strip().lower() != "off" and not _names_apps(env):
        yield _finding(
            "Apps at other addresses than PUBLIC_BASE_URL cannot sign people in: none is named.",
            "Name them in FRONTEND_ORIGIN or DJANGO_CSRF_TRUSTED_ORIGINS, with https://, or set SIGN_IN_SITE=off.",
        )


def _leads_back(address: str, base: str, name: str) -> bool:
    paths = (f"/account/{name}/callback/", f"/auth/{name}/callback", f"/auth/{name}/callback/")
    return address in {base + path for path in paths}


def _names_apps(env: Mapping[str, str]) -> bool:
    named = f"{env.get('FRONTEND_ORIGIN', '')} {env.get('DJANGO_CSRF_TRUSTED_ORIGINS', '')}".replace(",", " ").split()
    return any(urlsplit(address).scheme for address in named)


def _finding(problem: str, advice: str) -> Finding:
    return Finding(part="sign-in", problem=problem, advice=advice)
