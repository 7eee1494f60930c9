"""FinCEN's codes with their titles, as data. The file beside this one is the table."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final


def _read(text: str) -> dict[str, dict[str, str]]:
    lists: dict[str, dict[str, str]] = {}
    inside = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            inside = line.rstrip(":")
            lists[inside] = {}
            continue
        code, title = line.strip().split(" ", 1)
        lists[inside][code] = title
    return lists


_LISTS: Final = _read(files(__package__).joinpath("codes.txt").read_text(encoding="utf-8"))


def _list(name: str) -> Mapping[str, str]:
    return MappingProxyType(_LISTS[name])


ACTIVITY_TYPES: Final = _list("activity")
ACTIVITY_SUBTYPES: Final = _list("activity-subtype")
PRODUCTS: Final = _list("product")
ATTRIBUTES: Final = _list("attribute")
CYBER_INDICATORS: Final = _list("cyber")
REGULATORS: Final = _list("regulator")
INSTITUTION_TYPES: Final = _list("institution")
INSTITUTION_SUBTYPES: Final = _list("institution-subtype")

#: Payment mechanisms among the products; the others are financial products. 1 and 41 say “other”, as 30 does of products.
MECHANISMS: Final = frozenset("31 32 33 34 35 36 37 38 39 41".split())
#: Products that mean “other” and so need words.
OTHER_PRODUCTS: Final = frozenset({"1", "30", "41"})

_OTHER: Final = 999


def type_of(subtype: str) -> str:
    """Return the type that a subtype of an activity or an institution belongs to: 114 to 1, 10999 to 10."""
    number = int(subtype)
    return str(number // 1000 if is_other(subtype) else number // 100)


def is_other(subtype: str) -> bool:
    """Say whether a subtype means “other” and so needs words; none does not."""
    return int(subtype or 0) % 1000 == _OTHER


def activity_title(subtype: str) -> str:
    """Write an activity as the form does: type, then subtype."""
    return f"{ACTIVITY_TYPES[type_of(subtype)]}: {ACTIVITY_SUBTYPES[subtype]}"
