"""A folder for what an engine spills to disk: gone when its process is done, or with the next run after the process was killed.

What is spilled are transactions. A process that is killed cannot remove them, so each holds a lock on a file in its folder, which
the system lets go with the process, and whoever makes a folder removes those beside it that nobody holds.
"""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final

_PREFIX: Final = "casedesk-"
_HELD: Final = "held"


@contextmanager
def spill_folder(beside: Path | None = None) -> Iterator[Path]:
    """Make a folder below ``beside``, the system's temporary folder unless it is given, and remove it afterwards."""
    above = Path(beside or tempfile.gettempdir())
    _sweep(above)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        held = stack.enter_context((folder / _HELD).open("wb"))
        _lock(held)
        held.write(b"held\n")  # an empty file is one whose process has yet to lock it
        held.flush()
        yield folder


def _lock(file: IO[bytes]) -> bool:
    """Return whether nobody else holds the file."""
    try:
        locks: Any = importlib.import_module("fcntl")
        locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
    except (ImportError, OSError):  # Windows has no such lock: a folder that a killed process left stays there
        return False
    return True


def _sweep(above: Path) -> None:
    """Remove the folders whose process is gone; what cannot be removed, such as another user's, stays."""
    for held in above.glob(f"{_PREFIX}*/{_HELD}"):
        try:
            with held.open("r+b") as file:
                if file.seek(0, 2) and _lock(file):
                    shutil.rmtree(held.parent, ignore_errors=True)
        except OSError:
            continue
