"""A hash tree over a list: one root for all, and for each element the path that leads from it to the root (RFC 9162).

Who knows the root knows with a few hashes that an element belongs to the list. Leaves and inner nodes are hashed apart
from each other, so that neither is taken for the other (RFC 9162 §2.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32


def leaf(data: bytes) -> bytes:
    """The hash of an element."""
    return sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def tree(leaves: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The root over at least one leaf, and of each leaf its path, from the leaf up, as one string of hashes."""
    paths = [b"" for _ in leaves]
    level, reach = list(leaves), 1
    while len(level) > 1:
        for number in range(len(leaves)):
            sibling = (number // reach) ^ 1
            if sibling < len(level):
                paths[number] += level[sibling]
        # A node without a sibling moves up as it is: the tree of RFC 9162 §2.1.1, built from below.
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
        reach *= 2
    return level[0], paths


def root_of(hashed: bytes, number: int, size: int, path: bytes) -> bytes | None:
    """The root that the leaf `number` of `size` leads to (RFC 9162 §2.1.3.2); None when the path does not fit."""
    if not 0 <= number < size:
        return None
    at = 0
    while size > 1:
        if number ^ 1 < size:
            sibling = path[at : at + HASH_BYTES]
            at += HASH_BYTES
            hashed = _node(sibling, hashed) if number % 2 else _node(hashed, sibling)
        number, size = number // 2, (size + 1) // 2
    return hashed if at == len(path) else None
