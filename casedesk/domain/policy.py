"""Dated policy parameters: every number that a law, a regulator or the bank may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.errors import Invalid


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in force from a day on. ``version`` counts the values this name has had."""

    name: str
    value: int
    unit: str
    valid_from: date
    version: int
    source: str


_SAR_RULE = date(1996, 4, 1)  # the first suspicious activity report rules took effect
_DESK = date(2026, 1, 1)

#: All parameters, oldest value of a name first.
PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter("sar_days_suspect_known", 30, "calendar days", _SAR_RULE, 1, "31 CFR 1020.320(b)(3)"),
    Parameter("sar_days_suspect_unknown", 60, "calendar days", _SAR_RULE, 1, "31 CFR 1020.320(b)(3)"),
    Parameter("due_soon_days", 7, "calendar days", _DESK, 1, "desk policy"),
    Parameter(
        "narrative_min", 200, "characters", _DESK, 1, "desk policy; shorter cannot hold who, what, when, where, why"
    ),
    Parameter("narrative_max", 17_000, "characters", _DESK, 1, "FinCEN SAR electronic filing, default narrative cap"),
    Parameter(
        "unbound_figure_blocks",
        0,
        "1 blocks, 0 warns",
        _DESK,
        1,
        "desk policy; a figure in a narrative that matches no evidence is pointed out",
    ),
    Parameter("rationale_min", 20, "characters", _DESK, 1, "desk policy; a no-SAR decision is documented"),
    Parameter("text_max", 20_000, "characters", _DESK, 1, "desk policy; notes, rationales and reasons"),
    Parameter(
        "suppression_days_max", 366, "days", _DESK, 1, "desk policy; what hides alerts is decided anew each year"
    ),
    Parameter("suppression_ahead_max", 366, "days", _DESK, 1, "desk policy; as above"),
    Parameter(
        "suppression_severity_cap",
        90,
        "severity",
        _DESK,
        1,
        "desk policy; what is worse than 90 of 100 is always looked at by a person",
    ),
    Parameter("qa_rate_default", 100, "per mille", _DESK, 1, "desk policy; 10 % of closed cases"),
    Parameter("qa_rate_sar", 1000, "per mille", _DESK, 1, "desk policy; every SAR is reviewed"),
    Parameter("qa_rate_new_analyst", 1000, "per mille", _DESK, 1, "desk policy; every decision of a new analyst"),
    Parameter("qa_new_analyst_cases", 5, "closed cases", _DESK, 1, "desk policy; an analyst is new up to this many"),
)


class NoPolicy(Invalid):
    """No value of the parameter was in force on the day."""


def in_force(name: str, on: date) -> Parameter:
    """Return the value of a parameter in force on a day.

    :raises NoPolicy: if the name has no value on that day.
    """
    found = [p for p in PARAMETERS if p.name == name and p.valid_from <= on]
    if not found:
        raise NoPolicy(f"No policy value “{name}” was in force on {on.isoformat()}.")
    return found[-1]
