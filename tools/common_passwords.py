"""Write the passwords that the account pages refuse, the 10,000 most common ones, into identity's data.

    uv run --with zxcvbn==4.5.0 python -m tools.common_passwords

They come from the frequency list of zxcvbn (MIT licence, https://github.com/dwolfhub/zxcvbn-python), in its order; what
is shorter than a password may be is left out, for nobody can choose it.
"""

from __future__ import annotations

import gzip
import importlib
from pathlib import Path

MOST = 10_000
SHORTEST = 8
FILE = Path(__file__).resolve().parent.parent / "services/identity/identity_service/common_passwords/list.txt.gz"


def main() -> None:
    """Write the file; the same list makes the same bytes."""
    known: list[str] = importlib.import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS["passwords"]
    chosen = list(dict.fromkeys(word.lower() for word in known if len(word) >= SHORTEST))[:MOST]
    FILE.write_bytes(gzip.compress("\n".join(chosen).encode(), mtime=0))
    print(f"{len(chosen)} passwords")


if __name__ == "__main__":
    main()
