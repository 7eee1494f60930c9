"""A stored batch file by its parts: each report's own bytes, and the frame around them. Pure functions over bytes.

A batch of many reports has to stay readable and provable for the others when one of them is removed. So the ledger keeps, beside
the hash of the whole file, one of each report's bytes and one of the frame: the file with nothing left of each report but the
number of its element.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Final

# The writer escapes every < of a text and writes the prefix and double quotes, so nothing else begins or ends like this.
_PART: Final = re.compile(rb'<fc2:Activity SeqNum="([0-9]+)"(?:/>|>.*?</fc2:Activity>)', re.DOTALL)


def parts(content: bytes) -> tuple[bytes, ...]:
    """Return the bytes of each report of a batch file, in its order."""
    return tuple(found[0] for found in _PART.finditer(content))


def is_removed(part: bytes) -> bool:
    """Say whether nothing is left of a report but the number of its element."""
    return part.endswith(b"/>")


def digest(part: bytes) -> str:
    """Return the SHA-256 of a report's bytes, in hex."""
    return sha256(part).hexdigest()


def without(content: bytes, places: Collection[int]) -> bytes:
    """Return a batch file without the reports at some places, counted from 1; the others keep their bytes and their places."""
    place = 0

    def left(found: re.Match[bytes]) -> bytes:
        nonlocal place
        place += 1
        return b'<fc2:Activity SeqNum="%b"/>' % found[1] if place in places else found[0]

    return _PART.sub(left, content)


def frame(content: bytes) -> str:
    """Return the SHA-256, in hex, of a batch file without any of its reports; it stays the same whichever are removed."""
    return sha256(without(content, range(1, len(parts(content)) + 1))).hexdigest()
