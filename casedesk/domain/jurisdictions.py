"""Countries under a FATF call for action or increased monitoring, by the day the list was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class FatfList:
    """Both lists of one plenary, as ISO 3166-1 alpha-2 codes."""

    valid_from: date
    call_for_action: frozenset[str]
    increased_monitoring: frozenset[str]


#: Oldest first. Source: FATF, High-Risk Jurisdictions subject to a Call for Action, and Jurisdictions under Increased
#: Monitoring, both of 19 June 2026.
FATF_LISTS: Final = (
    FatfList(
        date(2026, 6, 19),
        frozenset({"KP", "IR", "MM"}),
        frozenset("AO BO BA BG CM CI CD HT IQ KE KW LA LB MC NP PG SS SY VE VN VG YE".split()),
    ),
)


def high_risk(country: str, on: date) -> bool:
    """Say whether a country stands on one of the lists in force on a day; before the first list, on the first."""
    in_force = [listed for listed in FATF_LISTS if listed.valid_from <= on] or [FATF_LISTS[0]]
    newest = in_force[-1]
    return country in newest.call_for_action or country in newest.increased_monitoring
