"""Dated policy parameters: every number that a law, a regulator or the bank may change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.errors import Invalid


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in force from a day on. ``version`` counts the values this name has had.

    ``event`` is the ledger's event that put a bank's own value in force; 0 for the values as shipped.
    """

    name: str
    value: int
    unit: str
    valid_from: date
    version: int
    source: str
    event: int = 0


_SAR_RULE = date(1996, 4, 1)  # the first suspicious activity report rules took effect
_FINCEN_SAR = date(2013, 4, 1)  # from then on the FinCEN SAR had to be used
_FAQS = date(2025, 10, 9)
_DESK = date(2026, 1, 1)

#: All parameters, oldest value of a name first.
PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter("sar_days_suspect_known", 30, "calendar days", _SAR_RULE, 1, "31 CFR 1020.320(b)(3)"),
    Parameter("sar_days_suspect_unknown", 60, "calendar days", _SAR_RULE, 1, "31 CFR 1020.320(b)(3)"),
    Parameter("continuing_report_days", 120, "calendar days", _FINCEN_SAR, 1, "FinCEN SAR FAQs, continuing activity"),
    Parameter("continuing_review_days", 90, "calendar days", _FINCEN_SAR, 1, "FinCEN SAR FAQs, continuing activity"),
    Parameter("continuing_review", 1, "1 separate, 0 optional", _FINCEN_SAR, 1, "FinCEN SAR FAQs, continuing activity"),
    Parameter("continuing_review", 0, "1 separate, 0 optional", _FAQS, 2, "interagency SAR FAQs of 9 Oct 2025"),
    Parameter("retention_years", 5, "calendar years", _SAR_RULE, 1, "31 CFR 1020.320(d) and 1010.430(d)"),
    Parameter("ctr_days", 15, "calendar days", _SAR_RULE, 1, "31 CFR 1010.306(a)(1)"),
    Parameter("ctr_line_minor", 1_000_000, "minor units, exceeded", _SAR_RULE, 1, "31 CFR 1010.311"),
    Parameter("due_soon_days", 7, "calendar days", _DESK, 1, "desk policy"),
    Parameter("remind_days_before", 7, "calendar days", _DESK, 1, "desk policy; the due day itself is 0 days before"),
    Parameter(
        "escalate_days_overdue", 1, "calendar days", _DESK, 1, "desk policy; overdue since the day after it was due"
    ),
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


#: What a bank may set itself, by a maker and a checker, and within which bounds a value is not a slip of the pen.
SETTABLE: Final[dict[str, tuple[int, int]]] = {
    "sar_days_suspect_known": (1, 120),
    "sar_days_suspect_unknown": (1, 180),
    "continuing_report_days": (1, 400),
    "continuing_review_days": (1, 400),
    "continuing_review": (0, 1),
    "retention_years": (1, 50),
    "ctr_days": (1, 60),
    "ctr_line_minor": (1, 10**12),
    "due_soon_days": (1, 60),
    "remind_days_before": (0, 60),
    "escalate_days_overdue": (1, 60),
}


class NoPolicy(Invalid):
    """No value of the parameter was in force on the day."""


class Policy:
    """The values as shipped and those that the bank put in force, by the events that did.

    A value counts for what begins on its day or later, and never for what an earlier event had started: whoever puts a new
    one in force moves no due date that anybody has seen.
    """

    __slots__ = ("_earlier", "_events", "own")

    def __init__(self, own: Iterable[Parameter] = ()) -> None:
        """Take the bank's own values, in the order of their events."""
        self.own = tuple(own)
        self._events = [parameter.event for parameter in self.own]
        self._earlier: dict[int, Policy] = {}

    def __repr__(self) -> str:
        return f"Policy({self.own!r})"

    @property
    def values(self) -> tuple[Parameter, ...]:
        """All values: those shipped, then the bank's own in the order in which they were put in force."""
        return PARAMETERS + self.own

    def known_by(self, event: int) -> Policy:
        """Return the policy as it was when an event was recorded: without what was put in force by it or after it."""
        count = bisect_left(self._events, event)
        if count == len(self.own):
            return self
        if count not in self._earlier:
            self._earlier[count] = Policy(self.own[:count])
        return self._earlier[count]

    def in_force(self, name: str, on: date) -> Parameter:
        """Return the value in force on a day: of several, the one of the latest day, and then of the latest event.

        :raises NoPolicy: if the name has no value on that day.
        """
        found = [p for p in self.values if p.name == name and p.valid_from <= on]
        if not found:
            raise NoPolicy(f"No policy value “{name}” was in force on {on.isoformat()}.")
        return max(found, key=lambda p: (p.valid_from, p.version))

    def version(self, name: str, number: int) -> Parameter:
        """Return the value of a name that has a number.

        :raises NoPolicy: if there never was one.
        """
        for parameter in self.values:
            if parameter.name == name and parameter.version == number:
                return parameter
        raise NoPolicy(f"There never was a version {number} of the policy value “{name}”; have the ledger verified.")

    def unit(self, name: str) -> str:
        """Return in what the values of a name are counted."""
        return next(p.unit for p in self.values if p.name == name)

    def next_version(self, name: str) -> int:
        """Return the number that the next value of a name gets."""
        return 1 + sum(p.name == name for p in self.values)


#: The values as shipped, for what no bank may set.
SHIPPED: Final = Policy()


def in_force(name: str, on: date) -> Parameter:
    """Return the value as shipped of a parameter in force on a day.

    :raises NoPolicy: if the name has no value on that day.
    """
    return SHIPPED.in_force(name, on)
