"""Secrets that can be read again."""

from __future__ import annotations

import base64

import pytest

from notechondria_shared.core.encryption import Cipher, UndecipherableError
from notechondria_shared.core.keys import SigningKey

KEY = SigningKey(SigningKey.generate()).derive(b"test")


@pytest.mark.parametrize("text", ["", "ann:pässword", "x" * 10_000])
def test_a_text_comes_back_and_never_looks_alike(text: str) -> None:
    cipher = Cipher(KEY)
    first, second = cipher.encrypt(text, "a"), cipher.encrypt(text, "a")
    assert first != second
    assert cipher.decrypt(first, "a") == Cipher(KEY).decrypt(second, "a") == text
    assert not text or text not in first


def test_nobody_else_reads_it() -> None:
    stored = Cipher(KEY).encrypt("ann:secret", "https://campus.example/a.ics")
    raw = bytearray(base64.b64decode(stored[2:]))
    raw[-1] ^= 1
    for cipher, text, belongs_to in (
        (Cipher(bytes(32)), stored, "https://campus.example/a.ics"),
        (Cipher(KEY), stored, "https://evil.example/a.ics"),
        (Cipher(KEY), "1." + base64.b64encode(raw).decode(), "https://campus.example/a.ics"),
        (Cipher(KEY), stored[:20], "https://campus.example/a.ics"),
        (Cipher(KEY), "ann:secret", "https://campus.example/a.ics"),
        (Cipher(KEY), "1.é", "https://campus.example/a.ics"),
    ):
        with pytest.raises(UndecipherableError):
            cipher.decrypt(text, belongs_to)


def test_marks_are_equal_for_equal_texts_and_need_the_key() -> None:
    assert Cipher(KEY).mark("ann:a") == Cipher(KEY).mark("ann:a") != Cipher(KEY).mark("ann:b")
    assert Cipher(KEY).mark("ann:a") != Cipher(bytes(32)).mark("ann:a")
