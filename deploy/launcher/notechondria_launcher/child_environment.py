"""The environment of a child process: no secret of another part (docs/security.md, "One part compromised").

Whoever reads the environment of one process must not learn the secrets of the others: each child gets the variables it
reads, and those of the operating system.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from notechondria_cli.layout import GATEWAY_ROUTES

_VARIABLES = Path(__file__).with_name("service_variables.json")
"""Made by tools/service_variables.py from the settings of the services."""
_SYSTEM = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "TERM", "VIRTUAL_ENV",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
        "GOMEMLIMIT", "GOGC", "GOMAXPROCS", "GODEBUG",
    }
)  # fmt: skip
_SYSTEM_PREFIXES = ("LC_", "PYTHON", "COVERAGE_", "MALLOC_", "NOTECHONDRIA_")
_SERVICE_PREFIXES = ("OTEL_",)
_STORE_PREFIX = "AWS_"
_TEMPLATE_VARIABLE = re.compile(r'env "([A-Z_]+)"')


def system_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what every child gets: paths, language, certificates of others, limits of the runtime."""
    return _chosen(env, _SYSTEM, _SYSTEM_PREFIXES)


def service_environment(name: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return what a service gets of the operator's settings; keys of the store of uploads only where it has one."""
    variables = service_variables()[name]
    stores = (_STORE_PREFIX,) if "MEDIA_STORE_URL" in variables else ()
    return system_environment(env) | _chosen(env, variables, (*_SERVICE_PREFIXES, *stores))


def gateway_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what Traefik gets: what its templates ask for. Its static configuration is rendered by us."""
    return system_environment(env) | _chosen(env, _template_variables(GATEWAY_ROUTES), ("OTEL_", "ACME_"))


@cache
def service_variables() -> dict[str, frozenset[str]]:
    """Return the names that each service reads, by service."""
    listed: dict[str, list[str]] = json.loads(_VARIABLES.read_text(encoding="utf-8"))
    return {name: frozenset(names) for name, names in listed.items()}


@cache
def _template_variables(routes: Path) -> frozenset[str]:
    names_read: set[str] = set()
    for file in sorted(routes.glob("*.yaml")):
        names_read.update(_TEMPLATE_VARIABLE.findall(file.read_text(encoding="utf-8")))
        # The templates read lists of names too: {{ range $name := list "A" "B" }}{{ env $name }}
        for names in re.findall(r":= list ([^}]*)", file.read_text(encoding="utf-8")):
            names_read.update(re.findall(r'"([A-Z][A-Z_]+)"', names))
    return frozenset(names_read)


def _chosen(env: Mapping[str, str], names: Iterable[str], prefixes: tuple[str, ...]) -> dict[str, str]:
    known = frozenset(names)
    return {key: value for key, value in env.items() if key in known or key.startswith(prefixes)}
