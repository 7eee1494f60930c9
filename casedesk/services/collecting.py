"""Python looks for garbage that refers to itself by walking through all objects, the more often the more are made.

A run over a large desk keeps some hundred thousand of them, and each walk takes a sixth of a second in which nothing else happens. It
lasts seconds, so what garbage there is can wait.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_under_way = 0
_was_on = False


@contextmanager
def uncollected() -> Iterator[None]:
    """Put the walks off until the last of those that asked for it is done; where they were off before, they stay off."""
    global _under_way, _was_on
    with _lock:
        if not _under_way:
            _was_on = gc.isenabled()
            gc.disable()
        _under_way += 1
    try:
        yield
    finally:
        with _lock:
            _under_way -= 1
            if not _under_way and _was_on:
                gc.enable()
