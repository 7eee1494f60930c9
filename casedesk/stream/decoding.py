"""What a message must be to be a transaction: one JSON object, or what the registry's schema makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import orjson

from casedesk.errors import Invalid

#: Turns a message's bytes into one JSON object, as bytes.
#: It raises :class:`Unreadable` for what will never be one, and ``Unavailable`` if that cannot be told now.
Decode: TypeAlias = Callable[[bytes], bytes]


class Unreadable(Invalid):
    """The message is no transaction, whatever is done to it."""


def plain(value: bytes) -> bytes:
    """Let one JSON object through.

    :raises Unreadable: for everything else.
    """
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise Unreadable("The message is not JSON in UTF-8; send one transaction as a JSON object.") from None
    if not isinstance(found, dict):
        raise Unreadable("The message is JSON, but no object; send one transaction a message.")
    return value
