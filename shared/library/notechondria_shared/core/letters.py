"""Characters that show nothing, by Unicode's categories.

Those that a Python does not know yet (`Cn`) are none of them: Python 3.11 has Unicode 14, 3.14 has Unicode 16, and the
signs between the two are signs in names of files, too.
"""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})


def is_unseen(character: str) -> bool:
    """Whether a character controls, turns or joins others, or is nobody's."""
    return unicodedata.category(character) in _UNSEEN
