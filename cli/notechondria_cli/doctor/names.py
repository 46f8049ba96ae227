"""Settings that are not what they look like: names that nobody reads, lines of .env that are none."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from notechondria_cli.layout import PROJECT
from notechondria_shared.observability.diagnosis import Finding

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
_UNCLOSED = re.compile(r"""\s*(?:"[^"]*|'[^']*)""")
_LISTED = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
_OURS = ("SMTP_", "TLS_", "ACME_", "CLOUDFLARE_", "NOTECHONDRIA_", "DJANGO_SUPERUSER_")
"""Beginnings of names that nobody else uses: with these the environment is looked at too, not only .env."""
_OF_OTHERS = re.compile(
    r"(OTEL|AWS|LC|PYTHON|MALLOC|COMPOSE|DOCKER|UV|XDG|GIT|COVERAGE)_"
    r"|(SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|PATH|HOME|LANG|LANGUAGE|TZ|TZDIR|TMPDIR|TERM|NO_COLOR|COLUMNS|GO[A-Z]+)$"
    r"|\w+_(PROXY|proxy)$"
)
_BESIDE = {"NOTECHONDRIA_DATA", "NOTECHONDRIA_UNIT", "NOTECHONDRIA_SYSTEMD_FOLDER"}
_BESIDE |= {"NOTECHONDRIA_FORBID_NETWORK_IN_TRANSACTION"}
ServiceCheck = Callable[[Mapping[str, str]], Iterator[tuple[str, str, str]]]
"""Yields service, variable and text of what would keep a service from starting."""
_checks: list[ServiceCheck] = []


def use_service_check(check: ServiceCheck) -> None:
    """Have settings looked at by the services' own code, where services are installed."""
    _checks[:] = [check]


def refused(env: Mapping[str, str]) -> Iterator[Finding]:
    """What the services themselves refuse, each problem once."""
    problems: dict[tuple[str, str], list[str]] = {}
    for check in _checks:
        for service, variable, text in check(env):
            if text.startswith("PUBLIC_BASE_URL="):
                continue  # said for the gateway, in the same words
            problems.setdefault((variable, text), []).append(service)
    for (variable, text), services in problems.items():
        start = f"{', '.join(services)} cannot start: "
        named = text if variable in ("environment", "") or variable in text else f"{variable}: {text}"
        yield _finding(f"{start}{named}.", "Correct it, or leave it out; sample.env lists all settings.")


def file_problems(path: Path) -> Iterator[Finding]:
    """Lines of the file that are no settings, and names that stand in it twice."""
    seen: dict[str, int] = {}
    for number, line in _lines(path):
        match = _LINE.match(line)
        if match is None:
            yield _finding(
                f"Line {number} of {path} is no NAME=value, so it does nothing.",
                "Put a # before it, or write it as one line.",
            )
        elif match[1] in seen:
            yield _finding(
                f"{match[1]} stands twice in {path} (lines {seen[match[1]]} and {number}); the last one counts.",
                "Take one of them out.",
            )
        if match:
            seen[match[1]] = number
            if _UNCLOSED.fullmatch(line[match.end() :]):
                yield _finding(
                    f"Line {number} of {path}: the mark that quotes {match[1]} is not closed, and counts.",
                    "Close it, or leave it out.",
                )


def unknown(env: Mapping[str, str], path: Path) -> Iterator[Finding]:
    """Names that nothing here reads, with the one that may have been meant."""
    known = _known()
    if not known:
        return
    in_file = {match[1] for _, line in _lines(path) if (match := _LINE.match(line))}
    suspects = in_file | {name for name in env if name.startswith(_OURS)}
    for name in sorted(suspects - known - _BESIDE):
        if _OF_OTHERS.match(name):
            continue
        close = difflib.get_close_matches(name.upper(), known, 1, 0.75)
        advice = f"Did you mean {close[0]}?" if close else "sample.env lists all settings."
        yield _finding(f"{name} is no setting, so it does nothing.", advice)


def _known() -> set[str]:
    try:
        return set(_LISTED.findall((PROJECT / "sample.env").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that say something."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.strip().startswith("#"):
            yield number, line.strip()


def _finding(problem: str, advice: str) -> Finding:
    return Finding(part="settings", problem=problem, advice=advice)
