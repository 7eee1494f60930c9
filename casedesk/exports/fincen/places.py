"""States and provinces, and the shape of postal codes, of the three countries for which FinCEN takes them.

Sources: USPS Publication 28, appendix B (states, territories, military); Canada Post (provinces); ISO 3166-2:MX, of which
FinCEN uses the letters after the hyphen. DIF is the former code of Mexico City (CMX since 2017).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

#: US territories that are countries of ISO 3166-1 as well: as a country they take their own code as a state, or none.
TERRITORIES: Final = frozenset("AS FM GU MH MP PR PW UM VI".split())

STATES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "US": TERRITORIES
        | frozenset(
            "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH "
            "OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AA AE AP".split()
        ),
        "CA": frozenset("AB BC MB NB NL NS NT NU ON PE QC SK YT".split()),
        "MX": frozenset(
            "AGU BCN BCS CAM CHH CHP CMX COA COL DIF DUR GRO GUA HID JAL MEX MIC MOR NAY NLE OAX PUE QUE ROO SIN SLP SON "
            "TAB TAM TLA VER YUC ZAC".split()
        ),
        **{code: frozenset({code}) for code in TERRITORIES},
    }
)


@dataclass(frozen=True, slots=True)
class PostalCode:
    """The shape of a country's postal code, and that shape in words."""

    pattern: re.Pattern[str]
    words: str


_ZIP: Final = PostalCode(re.compile(r"(?!0{5})[0-9]{5}([0-9]{4})?"), "5 or 9 digits, not all of them zero")

POSTAL_CODES: Final[Mapping[str, PostalCode]] = MappingProxyType(
    {
        "US": _ZIP,
        "CA": PostalCode(re.compile(r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"), "letters and digits as in K1A0B1"),
        "MX": PostalCode(re.compile(r"[0-9]{5}"), "5 digits"),
        **dict.fromkeys(TERRITORIES, _ZIP),
    }
)
