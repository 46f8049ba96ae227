"""What a process that has just started does with the memory that the start needed."""

from __future__ import annotations

import ctypes
import gc
import sys


def settle() -> None:
    """Call when all is loaded: later collections pass over what is there now, and what is free goes back to the system.

    What a start makes stays for good: hundreds of thousands of objects that a full collection would look at, with all
    requests waiting meanwhile (50 ms and more).
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
