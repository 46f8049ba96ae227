"""What the gateway reads of the operator's settings: looked at before a start, for its templates refuse nothing."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult

from notechondria_cli.errors import StackError
from notechondria_cli.operator_env import whole_number
from notechondria_shared.core.hosts import is_loopback
from notechondria_shared.core.web_addresses import urlsplit

_NUMBERS = {
    "AUTH_RATE_PER_MINUTE": (60, 1_000_000),
    "GATEWAY_PATIENCE_SECONDS": (10, 3600),
    "REQUESTS_PER_CLIENT": (100, 1_000_000),
    "HSTS_SECONDS": (31_536_000, 1_000_000_000),
}
_LISTS = ("DJANGO_ALLOWED_HOSTS", "DJANGO_CSRF_TRUSTED_ORIGINS", "TRUSTED_PROXIES")
_ADDRESSES = {
    "PUBLIC_BASE_URL": "Give it as people open it: https://notes.example.org.",
    "AI_SERVICE_URL": "Give such as http://ai.internal:9000, or leave it out.",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Give the collector's address, such as http://127.0.0.1:4318, or leave it out.",
    "ACME_DIRECTORY": "Give the CA's directory, or leave it out.",
}


def web_address(text: str) -> SplitResult | None:
    """Return the parts of an address with http(s) and a host; None for anything else."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if fits and not re.search(r"[\s\"'\\{}|`]", text) else None


def host_name(text: str) -> str:
    """Return the host of an address, "" for what is none."""
    parts = web_address(text)
    return (parts.hostname or "") if parts else ""


def proxies(env: Mapping[str, str]) -> list[str]:
    """Return the addresses and networks of TRUSTED_PROXIES."""
    return [word for word in re.split(r"[\s,]+", env.get("TRUSTED_PROXIES", "")) if word]


def is_network(word: str) -> bool:
    """Return whether a word is an address or a network."""
    try:
        ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False
    return True


def checked(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with plain numbers, and lists on one line; raises StackError for what cannot be used.

    The gateway's templates would take `abc`, ` 60` or `08` for 0, which is no limit at all.
    """
    for refusal in refusals(env):
        raise refusal
    numbers = {name: str(whole_number(env, name, *limits)) for name, limits in _NUMBERS.items()}
    lists = {name: " ".join(env[name].split()) for name in _LISTS if name in env}
    return {**env, **lists, **numbers, "TLS_PUBLIC_PORT": str(whole_number(env, "TLS_PUBLIC_PORT", 443, 65_535))}


def refusals(env: Mapping[str, str]) -> Iterator[StackError]:
    """Yield all that cannot be used, not only the first."""
    for name, remedy in _ADDRESSES.items():
        value = env.get(name, "").strip()
        if value and web_address(value) is None:
            yield StackError(f"{name}={value} is no address.", remedy)
    for word in proxies(env):
        if not is_network(word):
            yield StackError(f"TRUSTED_PROXIES: {word} is no address and no network.", "Give such as 10.0.0.0/8.")
    for name, limits in {**_NUMBERS, "TLS_PUBLIC_PORT": (443, 65_535)}.items():
        try:
            if whole_number(env, name, *limits) == 0 and name == "TLS_PUBLIC_PORT":
                yield StackError("TLS_PUBLIC_PORT=0 is no port.", "Give the one people see, or leave it out: 443.")
        except StackError as error:
            yield error


NO_TLS = "Passwords, codes and notes go over the network in plain text: whoever shares it can read and change them."
NO_TLS_ADVICE = (
    "Set TLS_CERT_FILE and TLS_KEY_FILE, or ACME_EMAIL, or let a server in front speak TLS (TRUSTED_PROXIES); "
    "see docs/operations.md, Gateway."
)


def is_open_without_tls(host: str, env: Mapping[str, str]) -> bool:
    """True when the gateway listens to a network and neither it nor a proxy in front speaks TLS."""
    return not is_loopback(host) and tls_port(env) is None and not env.get("TRUSTED_PROXIES")


def tls_port(env: Mapping[str, str]) -> int | None:
    """Return the port for TLS; None when there is no certificate and no way to one."""
    has_tls = env.get("TLS_CERT_FILE") or env.get("ACME_EMAIL")
    return whole_number(env, "TLS_PORT", 8443, 65_535) if has_tls else None
