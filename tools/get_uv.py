"""Print the path of a uv that is new enough: the one on PATH, else one brought from PyPI into the folder given.

What is brought is of one version, and only a wheel whose SHA-256 stands in `uv.pins` is installed, whatever an index
says (`python -m tools.renew_uv` renews them). Runs on a bare Python: Debian's has no venv and no pip, so the last way
fetches the wheel itself.
"""

import hashlib
import html
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

OLDEST = (0, 8)
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
TIMEOUT_SECONDS = 60
PINS = Path(__file__).with_name("uv.pins")
LINK = re.compile(r'<a\s+href="([^"]+)"([^>]*)>\s*([^<\s]+)\s*</a>')


def works(program: Path) -> bool:
    """Return whether this is a uv of a version that the project accepts."""
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    version = re.search(r"(\d+)\.(\d+)", said)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST


def pins() -> tuple[str, dict[str, str]]:
    """Return the version that is brought, and the SHA-256 of its wheels by their names."""
    version, *lines = PINS.read_text(encoding="utf-8").split("\n")
    checksums = {name: checksum for checksum, name in (line.split() for line in lines if line.strip())}
    return version.strip(), checksums


def requirement(folder: Path) -> Path:
    """Write what pip is to install, with every checksum that it may have; pip refuses any other."""
    version, checksums = pins()
    file = folder / "requirement.txt"
    file.write_text(
        f"uv=={version} " + " ".join(f"--hash=sha256:{one}" for one in checksums.values()), encoding="utf-8"
    )
    return file


PIP_OPTIONS = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes")


def by_venv(folder: Path) -> Path:
    """Install with pip in an environment of its own."""
    run(sys.executable, "-m", "venv", str(folder))
    run(str(folder / "bin" / "python"), "-m", "pip", "install", *PIP_OPTIONS, "-r", str(requirement(folder)))
    return folder / "bin" / "uv"


def by_pip(folder: Path) -> Path:
    """Install with this Python's pip into a folder."""
    target = folder / "packages"
    run(sys.executable, "-m", "pip", "install", *PIP_OPTIONS, "--target", str(target), "-r", str(requirement(folder)))
    return target / "bin" / "uv"


def by_hand(folder: Path) -> Path:
    """Fetch the wheel for this machine from the package index and take the program out of it."""
    version, checksums = pins()
    index = next((os.environ[name] for name in INDEX_VARIABLES if os.environ.get(name)), "https://pypi.org/simple")
    page = f"{index.rstrip('/')}/uv/"
    wheel_name = re.compile(rf"uv-{re.escape(version)}-py3-none-{platform_tag()}\.whl")
    links = {name: html.unescape(address) for address, _, name in LINK.findall(fetch(page).decode())}
    name = next((one for one in checksums if wheel_name.fullmatch(one) and one in links), "")
    if not name:
        raise OSError(f"no uv {version} for this platform ({platform.system()} {platform.machine()}) at {page}")
    content = fetch(urljoin(page, links[name].partition("#")[0]))
    if hashlib.sha256(content).hexdigest() != checksums[name]:
        raise OSError(f"{name} at {page} is not the file that is known (tools/uv.pins): it is not installed")
    wheel = folder / "uv.whl"
    wheel.write_bytes(content)
    program = folder / "bin" / "uv"
    program.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        member = next(one for one in archive.namelist() if one.endswith("/scripts/uv"))
        program.write_bytes(archive.read(member))
    wheel.unlink()
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return program


def platform_tag() -> str:
    """Return the pattern of the wheel tags that fit this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if platform.system() == "Darwin":
        return r"macosx_\d+_\d+_" + ("arm64" if machine == "aarch64" else machine)
    return rf"manylinux[\w.]*_{machine}[\w.]*"


def fetch(url: str) -> bytes:
    """Return what a URL holds."""
    request = urllib.request.Request(url, headers={"Accept": "text/html"})  # noqa: S310 - the package index
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def run(*command: str) -> None:
    """Run a command with its output on stderr: stdout is for the path."""
    subprocess.run(command, check=True, stdout=sys.stderr, stderr=subprocess.DEVNULL)


def main() -> None:
    """Find or bring uv; print its path, or say why not and exit with 1."""
    folder = Path(sys.argv[1]).absolute()
    on_path = shutil.which("uv")
    for program in (*([Path(on_path)] if on_path else []), folder / "bin" / "uv", folder / "packages" / "bin" / "uv"):
        if works(program):
            print(program)
            return
    sys.stderr.write("Bringing uv, the installer, from PyPI\n")
    ways: tuple[Callable[[Path], Path], ...] = (by_venv, by_pip, by_hand)
    for way in ways:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            program = way(folder)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            reason = str(error)
            continue
        if works(program):
            print(program)
            return
    sys.exit(
        f"uv cannot be installed: {reason}. Connect to the network, or install uv yourself (https://docs.astral.sh/uv)."
    )


if __name__ == "__main__":
    main()
