"""The plan of an XML message: its reader gives the desk's own fields, so little is left to say."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from casedesk.domain.money import MINOR_DIGITS
from casedesk.domain.transactions import Channel
from casedesk.formats.camt053 import CAMT053
from casedesk.formats.pacs008 import PACS008
from casedesk.formats.plans import Plan, country_code
from casedesk.formats.xml_messages import XML_COLUMNS

MESSAGES: Final = (CAMT053, PACS008)

_PREFIXES: Final = {CAMT053.name: "CA", PACS008.name: "PC"}


def xml_plan(name: str, zone: ZoneInfo) -> Plan:
    """Read the rows of a message. A day without a time is its midnight in ``zone``."""
    fields = [field for field in XML_COLUMNS if field not in ("transaction_id", "branch")]
    return Plan(
        format=name,
        wanted=tuple(XML_COLUMNS.index(field) for field in fields),
        sources={field: (position,) for position, field in enumerate(fields)},
        currency=lambda word: word if word in MINOR_DIGITS else None,
        channel=lambda word: word if word in Channel.__members__ else None,
        country=country_code,
        zone=zone,
        id_prefix=_PREFIXES[name],
        banked=True,
    )
