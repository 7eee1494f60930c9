"""The numbers behind triage advice: dated, versioned, each with its reason. Shares are whole ten-thousandths.

They were set by judgement and fitted to nothing; what people decide against them is reported (docs/scoring.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.errors import Invalid

#: One whole, in the unit of every share here. Whole numbers, so that every machine computes the same score.
WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class AdviceTable:
    """One set of values, in force from a day on until the next one is. What it had decided is replayed with it."""

    version: int
    valid_from: date

    #: Level 1. An alert this severe, or an exposure this high, is for a person who may escalate, whatever else there is.
    alert_severity: int
    alert_exposure: int
    #: Level 1. A single alert below the severity, money below ``line_minor`` and hardly any exposure need no second look.
    reject_severity: int
    reject_exposure: int

    #: Level 2, where no model is promoted: how much each part can take of what the parts before it left open.
    severity_weight: int  # for a severity of 100: the rule itself says how far beyond its threshold it was
    kinds_weight: int  # for three kinds of alerts: independent rules that agree mean more than one that shouts
    amount_weight: int  # for the highest of ``amount_steps``: a loss has a size
    exposure_weight: int  # for an exposure of 1: money that leads to a listed party
    amount_steps: tuple[int, ...]  # minor units; each that is reached counts alike

    #: Level 2. Scores from here on are escalated, those below are dismissed, what lies between is reviewed.
    escalate_from: int
    dismiss_below: int

    #: Lowest score of each priority, 1 first; from ``urgent_minor`` on a case comes one place further up.
    priorities: tuple[int, ...]
    urgent_minor: int

    #: Below it a bank need not report (31 CFR 1020.320(a)(2)); minor units.
    line_minor: int

    @property
    def name(self) -> str:
        """How a decision names what made it."""
        return f"advice table {self.version}"


#: Every table there ever was, oldest first. A value that changes is a new table; an old one is never edited.
TABLES: Final[tuple[AdviceTable, ...]] = (
    AdviceTable(
        version=1,
        valid_from=date(2026, 1, 1),
        alert_severity=95,
        alert_exposure=8_000,
        reject_severity=25,
        reject_exposure=500,
        severity_weight=6_000,
        kinds_weight=2_500,
        amount_weight=1_500,
        exposure_weight=5_000,
        amount_steps=(500_000, 2_500_000, 10_000_000, 50_000_000),
        escalate_from=6_000,
        dismiss_below=3_000,
        priorities=(8_000, 6_000, 4_500, 3_000, 0),
        urgent_minor=10_000_000,
        line_minor=500_000,
    ),
)


class NoTable(Invalid):
    """No table was in force, or none has the version."""


def table_on(day: date) -> AdviceTable:
    """Return the table in force on a day.

    :raises NoTable: before the first.
    """
    found = [table for table in TABLES if table.valid_from <= day]
    if not found:
        raise NoTable(f"No table of advice was in force on {day.isoformat()}; the first is of {TABLES[0].valid_from}.")
    return found[-1]


def table_of(version: int) -> AdviceTable:
    """Return the table with a version, to derive again what it had decided.

    :raises NoTable: if there never was one.
    """
    for table in TABLES:
        if table.version == version:
            return table
    raise NoTable(f"There never was a table of advice {version}; have the ledger verified.")
