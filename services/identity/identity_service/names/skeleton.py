"""What a user name looks like, so that two names that look alike have one skeleton.

After Unicode TR39 (https://www.unicode.org/reports/tr39/), section 4, with the look-alikes of the letters that user
names are mostly made of. The whole table of Unicode has 6,000 rows; the one library that reads it answers another
question (which characters have look-alikes), and has had no release since January 2024.
"""

from __future__ import annotations

import unicodedata

_LOOK_ALIKES = {
    "a": "аɑαаạ",
    "b": "ЬьƅᏏ",
    "c": "сϲⅽᴄ",
    "d": "ԁⅾᏧđ",
    "e": "еҽ℮ε",
    "f": "ƒꞙẝϝ",
    "g": "ɡցƍ",
    "h": "һհᏂн",
    "j": "јϳյ",
    "k": "кκᴋ",
    # Capital I and small l are one stroke in most typefaces, and names are compared without regard to case.
    "l": "i1|ıіιӏΙⅼוןɩɪᛁⵏ",
    "m": "мⅿᴍ",
    "n": "пηոռ",
    "o": "0оοσօᴏჿ০०",
    "p": "рρϱ",
    "q": "ԛգզ",
    "r": "гᴦɾ",
    "s": "ѕꜱƽ",
    "t": "тτᴛ",
    "u": "υսᴜʋ",
    "v": "ѵνᴠⅴ",
    "w": "ԝωաᴡѡ",
    "x": "хχⅹ᙮",
    "y": "уүγʏ",
    "z": "ᴢʐ",
}
_TABLE = str.maketrans({mark: letter for letter, marks in _LOOK_ALIKES.items() for mark in marks})
_SEPARATORS = str.maketrans("", "", "-_. ")
_PAIRS = (("rn", "m"), ("vv", "w"))


def skeleton(name: str) -> str:
    """What is left of a name when look-alike letters are one, and accents, case and separators are dropped."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(character for character in folded if unicodedata.category(character) not in {"Mn", "Me", "Cf"})
    looks = plain.translate(_SEPARATORS).translate(_TABLE)
    for pair, letter in _PAIRS:
        looks = looks.replace(pair, letter)
    return looks
