"""What must be true before anything is started, each failure one sentence with its remedy."""

import os
import platform
import shutil
import sys
from collections.abc import Callable

from notechondria_cli.errors import StackError
from notechondria_cli.layout import GATEWAY_STATIC, NATS_CONFIGURATION, Layout
from notechondria_cli.ports import is_free
from notechondria_shared.core.hosts import in_address

NEEDED_BYTES = 300 * 1024 * 1024
"""Free on the disk; with less nothing starts."""
Check = Callable[[], None]


def check_platform() -> None:
    """Refuse systems for which there are no wheels of the servers."""
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        raise StackError(
            "The servers that come with Notechondria need a Linux with glibc; this one has another C library (musl).",
            "Use Debian, Ubuntu, Fedora or the like, or run the containers (deploy/compose.yaml).",
        )
    if sys.platform not in ("linux", "darwin"):
        raise StackError(
            f"Notechondria runs on Linux and macOS, not on {sys.platform}.", "On Windows, run it inside WSL 2."
        )
    for file in (GATEWAY_STATIC, NATS_CONFIGURATION):
        if not file.is_file():
            raise StackError(f"{file} is missing.", "Run notechondria from a complete checkout of the project.")


def check_folder(layout: Layout) -> None:
    """Create the data folder and see that it can be written and has room."""
    try:
        layout.create()
        probe = layout.run / "probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise StackError(
            f"The data folder {layout.data} cannot be written ({error.strerror or error}).",
            "Choose another one with --data, or make room or give yourself the right to write there.",
        ) from error
    free = shutil.disk_usage(layout.data).free
    if free < NEEDED_BYTES:
        raise StackError(
            f"The disk under {layout.data} is nearly full: {free // 2**20} MiB free, {NEEDED_BYTES // 2**20} needed.",
            "Make room, or choose a folder on another disk with --data.",
        )


def check_port(host: str, port: int) -> None:
    """See that the gateway's port is free."""
    try:
        free = is_free(port, host)
    except OSError as error:
        raise StackError(f"{host} is no address of this machine ({error.strerror}).", "Give another --host.") from error
    except OverflowError as error:
        raise StackError(f"{port} is no port.", "Ports go from 1 to 65535.") from error
    if free:
        return
    if port < 1024 and os.geteuid() != 0:
        raise StackError(
            f"Port {port} may only be opened by root.",
            "Choose one above 1023, for example: notechondria up --port 8080.",
        )
    other = port + 1000 if port + 1000 < 65_536 else port - 1000
    raise StackError(
        f"Port {port} is in use by another program.",
        f"Choose another one, for example: make up PORT={other} (or notechondria up --port {other}).",
    )


def pick_public_url(host: str, port: int) -> str:
    """Return the URL under which a person on this machine opens the gateway."""
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104 - compared, not bound
    return f"http://{in_address(shown)}:{port}"
