"""Pin the base images by their digests: `python -m tools.renew_images [--check]`.

Asks the registry of each image (OCI Distribution Specification 1.1) which digest its tag has now, and writes
`name:tag@sha256:...` into the files; a tag alone may mean another image tomorrow. `--check` only says what differs.
Needs the network; look at what changed before you commit it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
FILES = ("deploy/Dockerfile", "deploy/compose.yaml", "deploy/k8s/components/postgres-single/postgres.yaml")
_IMAGE = re.compile(
    r"(?P<before>^FROM |^ +image: |^COPY --from=)(?P<name>(?!notechondria/)[a-z][\w./-]*):(?P<tag>[\w][\w.-]*)"
    r"(?P<digest>@sha256:[0-9a-f]{64})?(?=\s|$)",
    re.MULTILINE,
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
HUB, HUB_REGISTRY = "docker.io", "registry-1.docker.io"


@dataclass(frozen=True)
class Image:
    """An image by registry, repository and tag."""

    registry: str
    repository: str
    tag: str

    @classmethod
    def of(cls, name: str, tag: str) -> Image:
        """As Docker reads a name: without a host it is Docker Hub's, without a folder one of its library."""
        host, _, rest = name.partition("/")
        if not rest or not ("." in host or ":" in host or host == "localhost"):
            host, rest = HUB, name if "/" in name else f"library/{name}"
        return cls(host, rest, tag)


def digest_of(http: httpx.Client, image: Image, base: str = "") -> str:
    """The digest that the tag has now; `httpx.HTTPError` or ValueError when the registry does not say."""
    host = HUB_REGISTRY if image.registry == HUB else image.registry
    url = f"{base or f'https://{host}'}/v2/{image.repository}/manifests/{image.tag}"
    answer = http.head(url, headers={"Accept": _ACCEPT})
    if answer.status_code == 401:
        asked = dict(_CHALLENGE.findall(answer.headers.get("www-authenticate", "")))
        query = {name: asked[name] for name in ("service", "scope") if name in asked}
        token = http.get(asked.get("realm", ""), params=query).raise_for_status().json()
        bearer = f"Bearer {token.get('token') or token.get('access_token')}"
        answer = http.head(url, headers={"Accept": _ACCEPT, "Authorization": bearer})
    digest = answer.raise_for_status().headers.get("docker-content-digest", "")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        message = f"{image.registry}/{image.repository}:{image.tag}: the registry names no digest"
        raise ValueError(message)
    return str(digest)


def images(text: str) -> list[Image]:
    """The foreign images that a file names, stages of its own left out."""
    return [Image.of(match["name"], match["tag"]) for match in _IMAGE.finditer(text)]


def pinned(text: str, digests: dict[Image, str]) -> str:
    """The file with the digests that are known; the others stay as they are."""

    def with_digest(match: re.Match[str]) -> str:
        digest = digests.get(Image.of(match["name"], match["tag"]))
        kept = match["digest"] or ""
        return f"{match['before']}{match['name']}:{match['tag']}{f'@{digest}' if digest else kept}"

    return _IMAGE.sub(with_digest, text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew or check; 1 when something differs (`--check`) or a registry did not answer."""
    parser = argparse.ArgumentParser(description="Pin base images by digest.")
    parser.add_argument("--check", action="store_true", help="only say what differs")
    check = parser.parse_args(arguments).check
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
    digests: dict[Image, str] = {}
    failed = False
    with httpx.Client(timeout=20, follow_redirects=True) as http:
        for image in dict.fromkeys(one for text in texts.values() for one in images(text)):
            try:
                digests[image] = digest_of(http, image)
            except (httpx.HTTPError, ValueError) as error:
                failed = True
                sys.stderr.write(f"{image.registry}/{image.repository}:{image.tag}: {error}\n")
    differs = False
    for name, text in texts.items():
        renewed = pinned(text, digests)
        if renewed != text:
            differs = True
            sys.stdout.write(f"{name}: {'differs' if check else 'renewed'}\n")
            if not check:
                (ROOT / name).write_text(renewed, encoding="utf-8")
    return int(failed or (check and differs))


if __name__ == "__main__":
    sys.exit(main())
