"""What FinCEN's schema of the SAR batch says, as data: which element holds which, how often, and what a value may be.

Source: EFL_SARXBatchSchema.xsd, version 1.2 (17 December 2021). The tables stand by themselves; the schema is not shipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

#: The namespace of every element, and the prefix it must be written with: FinCEN compares the text, not the binding.
NAMESPACE: Final = "www.fincen.gov/base"
PREFIX: Final = "fc2"

ROOT: Final = "EFilingBatchXML"
FORM: Final = "SARX"

#: The attributes of the root element; all are required.
TOTALS: Final = ("TotalAmount", "PartyCount", "ActivityCount", "ActivityAttachmentCount", "AttachmentCount")


@dataclass(frozen=True, slots=True)
class Child:
    """One place in an element's sequence. ``kind`` names a kind of value, or the model of an element that holds others.

    ``most`` is None where the schema says unbounded.
    """

    name: str
    least: int
    most: int | None
    kind: str

    @property
    def is_leaf(self) -> bool:
        return self.kind[0].islower()


Model = Mapping[str, Child]


def _read(text: str) -> dict[str, Model]:
    models: dict[str, dict[str, Child]] = {}
    inside = ""
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            inside = line.rstrip(":")
            models[inside] = {}
            continue
        name, often, *kind = line.split()
        least, _, most = often.partition("..")
        bound = None if most == "*" else int(most or least)
        models[inside][name] = Child(name, int(least), bound, kind[0] if kind else name)
    return {name: MappingProxyType(model) for name, model in models.items()}


#: Model name to its children in the order they must stand in.
MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    _read(Path(__file__).with_name("structure.txt").read_text(encoding="utf-8"))
)

#: Code lists by the name that a kind ``code:NAME`` refers to.
CODES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: tuple(codes.split())
        for name, codes in {
            "party": "35 37 30 33 34 8 46 18 19 41",
            "organization": "1 2 3 4 5 11 12 999",
            "organization-subtype": "101 102 103 503 504 508 513 514 535 528 529 533 534 539 540 541 542 1999 5999",
            "name": "L AKA DBA",
            "account": "5 7",
            "regulator": "9 1 2 7 3 4 6 13 99",
            "identification": "1 2 4 5 6 7 9 10 11 12 13 14 28 32 33 29 999",
            "phone": "F M R W",
            "electronic": "E U",
            "activity": "1 12 3 4 5 6 7 8 9 10 11",
            "activity-subtype": (
                "106 111 112 113 114 301 304 305 308 309 310 312 320 321 322 323 324 325 401 402 403 404 405 409 "
                "501 502 504 505 506 507 601 603 604 608 609 701 801 804 805 806 807 808 809 812 820 821 822 823 824 "
                "901 903 904 905 907 908 909 910 911 913 917 920 921 922 924 925 926 927 928 "
                "1001 1003 1005 1006 1007 1101 1102 1201 1202 1203 1204 "
                "1999 3999 4999 5999 6999 7999 8999 9999 10999 11999 12999"
            ),
            "asset-subtype": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 16 17 18 19 20 30 31 32 33 34 35 36 37 38 39 41 46 47",
            "asset": "5 6",
            "attribute": "1 2 3 4",
            "cyber": "1 2 3 4 5 6 7 8 9 10 999",
            "block": "1 2 3 4 5",
        }.items()
    }
)

#: What a party of each code is, for sentences.
PARTIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "35": "transmitter",
        "37": "transmitter contact",
        "30": "filing institution",
        "33": "subject",
        "34": "institution where the activity occurred",
        "8": "contact for assistance",
        "46": "branch where the activity occurred",
        "18": "law enforcement agency contacted",
        "19": "person contacted at the agency",
        "41": "institution that holds the account",
    }
)

#: The shape of a value by its kind. ``textN`` allows N characters, no space at an end; ``blockN`` any N characters. A
#: question mark at the end of a kind says that the schema takes an empty value, too.
PATTERNS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "date": re.compile(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"),
        "birth": re.compile(r"(19|20)[0-9]{2}(0[0-9]|1[0-2])([0-2][0-9]|3[01])"),
        "time": re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"),
    }
)


@cache
def length(kind: str) -> int | None:
    """Return how many characters a value of a kind may have at most; None where its shape says it."""
    found = re.fullmatch(r"(?:text|block)([0-9]+)", kind)
    return int(found[1]) if found else None
