"""Backups that only the holder of a key can read: age (https://age-encryption.org/v1), by the library pyrage."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from notechondria_cli.errors import StackError

_HEADER = b"age-encryption.org/v1"
_HOW = "Give a public key of age (age1...; made by age-keygen) or of ssh (ssh-ed25519 ...)."


def recipient_of(text: str) -> object:
    """Return for whom something is encrypted. Raises StackError for what is no public key."""
    import pyrage  # noqa: PLC0415 - only these backups need it

    try:
        kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
        recipient: object = kind.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise StackError(f"{text[:80]} is no public key.", _HOW) from error
    return recipient


def identities_of(file: Path) -> list[object]:
    """Return the private keys of a file, as age-keygen or ssh-keygen writes it. Raises StackError."""
    import pyrage  # noqa: PLC0415 - see above

    try:
        content = file.read_bytes()
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode().splitlines()]
        keys: list[object] = [
            pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")
        ]
    except (OSError, ValueError, pyrage.IdentityError) as error:
        raise StackError(f"{file} holds no private key that can be used.", "Give the file of age-keygen.") from error
    return keys


def is_encrypted(file: Path) -> bool:
    """Return whether a file is one of age's."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(_HEADER)) == _HEADER
    except OSError:
        return False


@contextmanager
def encrypting(target: IO[bytes], recipient: str) -> Iterator[IO[bytes]]:
    """Give what is written to be encrypted into ``target``; nothing of it lies on a disk unencrypted."""
    import pyrage  # noqa: PLC0415 - see above

    public = recipient_of(recipient)
    reading, writing = os.pipe()
    problems: list[BaseException] = []

    def encrypt() -> None:
        with os.fdopen(reading, "rb") as source:
            try:
                pyrage.encrypt_io(source, target, [public])
            except BaseException as error:
                problems.append(error)

    thread = threading.Thread(target=encrypt, name="encrypt-backup")
    thread.start()
    try:
        with os.fdopen(writing, "wb") as pipe:
            yield pipe
    finally:
        thread.join()
        if problems:
            raise OSError(str(problems[0])) from problems[0]


def decrypt(source: Path, target: Path, key_file: Path | None) -> None:
    """Write what an encrypted file holds into another one, mode 0600. Raises StackError."""
    import pyrage  # noqa: PLC0415 - see above

    if key_file is None:
        raise StackError(f"{source} is encrypted.", "Give the private key: --age-key-file FILE.")
    keys = identities_of(key_file)
    try:
        with source.open("rb") as encrypted, _closed_to_others(target) as plain:
            pyrage.decrypt_io(encrypted, plain, keys)
    except pyrage.DecryptError as error:
        raise StackError(f"{source} cannot be decrypted ({error}).", "Give the key that it was made for.") from error
    except OSError as error:
        raise StackError(
            f"{source} cannot be read ({error.strerror or error}).", "Make room, or see its rights."
        ) from error


def _closed_to_others(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
