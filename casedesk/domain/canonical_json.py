"""JSON in the one form that is hashed: RFC 8785 (JSON Canonicalization Scheme). Pure functions.

``rfc8785`` writes any JSON. For what the ledger mostly holds, texts, whole numbers below 2**53, booleans, null, and lists and
objects of them under ASCII keys, ``orjson`` provably writes the same bytes, several times faster: it escapes exactly the
characters that RFC 8785 section 3.2.2.2 names, with the same short forms, and ASCII keys have one order in UTF-8 and UTF-16.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
import rfc8785

# Whatever is not JSON by itself is passed to no converter and refused, as is a number of more than 53 bits.
_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def canonical_json(value: Any) -> bytes:
    """Write a JSON value that holds no fractions in its canonical form.

    :raises rfc8785.CanonicalizationError: for what JSON cannot carry.
    """
    try:
        text = orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return rfc8785.dumps(value)
    return text if text.isascii() else rfc8785.dumps(value)  # a key outside ASCII may have another place in UTF-16


__all__ = ["canonical_json"]
