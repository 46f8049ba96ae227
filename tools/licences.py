"""Licences of everything that is locked, compared with those that somebody looked at (`licences.toml`).

`python -m tools.licences` fails on a package without an entry, on one whose licence is another now, and on entries for
nothing. `--write` adds what is new and has a licence of `USUAL`; for any other a person reads it and writes it.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REVIEWED = Path(__file__).with_name("licences.toml")
USUAL = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense",
    "HPND", "MIT-CMU", "PostgreSQL", "Zlib", "CC0-1.0",
})  # fmt: skip
"""Licences that ask for a notice, or for changes of their own files, and nothing of ours."""
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
HEAD = """# The licence of each package in uv.lock, as somebody looked at it. `make lint` compares (tools/licences.py).
"""


def locked() -> set[str]:
    """Names of the packages in uv.lock that are not ours."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    return {str(one["name"]) for one in packages if "registry" in one["source"]}


def licence_of(metadata: Mapping[str, str], classifiers: list[str]) -> str:
    """The licence that a package says it has: an SPDX expression where it says one, else its own words; "" for none."""
    if expression := metadata.get("License-Expression"):
        return expression
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    known = [_CLASSIFIERS.get(one, one) for one in named if one != "OSI Approved"]
    if known:
        return " AND ".join(dict.fromkeys(known))
    words = (metadata.get("License") or "").strip().partition("\n")[0]
    return words[:80]


def installed() -> dict[str, str]:
    """Licences by name of what is installed here; a package for another system is not."""
    licences = {}
    for distribution in importlib.metadata.distributions():
        data = distribution.metadata
        fields = {name: str(data[name]) for name in ("License-Expression", "License") if data[name]}
        name = re.sub(r"[-_.]+", "-", str(data["Name"])).lower()
        licences[name] = licence_of(fields, list(data.get_all("Classifier") or ()))
    return licences


def reviewed() -> dict[str, str]:
    """The entries."""
    return {name: str(text) for name, text in tomllib.loads(REVIEWED.read_text(encoding="utf-8")).items()}


def is_usual(licence: str) -> bool:
    """Whether every part of an expression is one of `USUAL`; of alternatives one is enough."""
    return all(
        any(part in USUAL for part in re.split(r"\s+OR\s+", group.strip("() ")))
        for group in re.split(r"\s+AND\s+", licence)
    )


def problems(names: set[str], now: Mapping[str, str], entries: Mapping[str, str]) -> list[str]:
    """What somebody has to look at."""
    sentences = [f"{name}: no entry; it says {now.get(name) or 'nothing'}" for name in sorted(names - entries.keys())]
    sentences += [f"{name}: an entry for nothing that is locked" for name in sorted(entries.keys() - names)]
    return sentences + [
        f"{name}: {entries[name]} was looked at, it says {now[name] or 'nothing'} now"
        for name in sorted(names & entries.keys() & now.keys())
        if now[name] != entries[name] and now[name]
    ]


def main() -> int:
    """Compare, or with `--write` add what is usual; 1 when something is left to look at."""
    names, now, entries = locked(), installed(), reviewed()
    if sys.argv[1:] == ["--write"]:
        added = {name: now[name] for name in names - entries.keys() if is_usual(now.get(name, ""))}
        kept = {name: text for name, text in entries.items() if name in names} | added
        lines = [f'"{name}" = "{text}"\n' for name, text in sorted(kept.items())]
        REVIEWED.write_text(HEAD + "".join(lines), encoding="utf-8")
        entries = kept
    for problem in (left := problems(names, now, entries)):
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{len(entries)} licences were looked at.\n")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
