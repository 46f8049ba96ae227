"""The addresses of this deployment as programs know them, and the resources that tokens are for (RFC 8707)."""

from __future__ import annotations

from notechondria_shared.auth.scopes import API, MCP


def issuer_of(public_base_url: str) -> str:
    """The issuer: the public address, without a slash at its end (RFC 8414 §2)."""
    return public_base_url.rstrip("/")


def audience_named(public_base_url: str, resource: str | None) -> str | None:
    """Which resource an address names; MCP for a client that names none, None for one of somebody else.

    A slash at the end makes no difference, nor do capitals in scheme and host. Several addresses, with spaces between
    them, have to name the same one: a token is for one resource.
    """
    if resource is None:
        return MCP
    named = {_audience(public_base_url, one) for one in resource.split()}
    return named.pop() if len(named) == 1 else None


def not_here(public_base_url: str) -> str:
    """What is said of a resource that is none, or of several."""
    base = issuer_of(public_base_url)
    return f"resource has to be one of this server: {base}/mcp or {base}/api/v1."


def _audience(public_base_url: str, resource: str) -> str | None:
    base = issuer_of(public_base_url)
    named = resource.rstrip("/")
    head = named[: len(base)].lower() + named[len(base) :]
    return {f"{base.lower()}/mcp": MCP, f"{base.lower()}/api/v1": API}.get(head)
