"""What a sample below a line came to: the yield of each band beside that of the rule in force. Pure functions.

Only picks that were judged alone count towards a yield: a case of their own, opened for them, with nothing else in it. The
others are counted apart, with why: their case was decided on more than what the band found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import Proportion, none_found_size, proportion
from casedesk.domain.line_sampling import Band, LineTest

#: What “none found” is to rule out, in percent, at 95 % confidence.
LEVELS: Final = (5, 2, 1)


class Placement(StrEnum):
    """What became of a pick when it was drawn."""

    OPENED = "opened"  # a case of its own
    JOINED = "joined"  # the customer had an open case
    KNOWN = "known"  # the desk held an alert of the rule on this evidence


class Apart(StrEnum):
    """Why a pick does not count towards the yield of its band."""

    KNOWN = "known"
    JOINED = "joined"
    SHARED = "shared"
    GROWN = "grown"


#: In words, for a list of reasons.
WHY_APART: Final[dict[Apart, str]] = {
    Apart.KNOWN: "the desk had an alert on it before",
    Apart.JOINED: "joined a case that was open",
    Apart.SHARED: "another alert came into the case",
    Apart.GROWN: "more transactions came into the alert",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One pick as it stands now. ``disposition`` is empty while its case is open."""

    band: int
    episode: str
    placement: Placement
    case_alerts: int
    transaction_ids: frozenset[str]
    closed: bool
    disposition: str


@dataclass(frozen=True, slots=True)
class NoneFound:
    """Whether enough was judged to say, had nothing been found, that fewer than ``percent`` are hits."""

    percent: int
    needed: int
    enough: bool


@dataclass(frozen=True, slots=True)
class BandYield:
    """One band. ``productive`` is, of the cases judged alone, the share that ended in a SAR, with its exact interval.

    ``drawn`` is ``alone`` and all of ``apart`` together; ``closed`` and ``open`` split ``alone``.
    """

    number: int
    title: str
    moved: Mapping[str, Any]
    population: int
    customers: int
    drawn: int
    alone: int
    closed: int
    open: int
    productive: Proportion
    none_found: tuple[NoneFound, ...]
    apart: Mapping[Apart, int]
    apart_closed: int
    apart_sars: int
    hidden: int  # episodes that suppressions covered when the sample was drawn

    @property
    def sars(self) -> int:
        return self.productive.hits

    @property
    def whole(self) -> bool:
        """Whether every customer of the band was judged, so that the share is known and not estimated."""
        return bool(self.customers) and self.closed == self.customers


@dataclass(frozen=True, slots=True)
class AboveLine:
    """What the rule in force raised over the same period. ``productive`` counts cases, as the bands do."""

    alerts: int
    cases: int
    productive: Proportion


@dataclass(frozen=True, slots=True)
class LineReport:
    """The yields of one test."""

    test: LineTest
    drawn_at: str
    drawn_by: str
    above: AboveLine
    bands: tuple[BandYield, ...]


def band_yields(test: LineTest, standings: Iterable[Standing]) -> tuple[BandYield, ...]:
    """Count what became of the picks of each band."""
    of_band: dict[int, list[Standing]] = {}
    for standing in standings:
        of_band.setdefault(standing.band, []).append(standing)
    return tuple(_yield(n, band, of_band.get(n, [])) for n, band in enumerate(test.bands, start=1))


def _yield(number: int, band: Band, standings: Sequence[Standing]) -> BandYield:
    drawn_as = {episode.alert_id: frozenset(episode.transaction_ids) for episode in band.population}
    reasons = [(one, _why_apart(one, drawn_as.get(one.episode, frozenset()))) for one in standings]
    alone = [one for one, why in reasons if why is None]
    apart = [(one, why) for one, why in reasons if why is not None]
    closed = [one for one in alone if one.closed]
    return BandYield(
        number=number,
        title=band.title,
        moved=band.moved,
        population=len(band.population),
        customers=band.customers,
        drawn=len(standings),
        alone=len(alone),
        closed=len(closed),
        open=len(alone) - len(closed),
        productive=proportion(_sars(closed), len(closed)),
        none_found=tuple(_none_found(percent, len(closed)) for percent in LEVELS),
        apart=Counter(why for _, why in apart),
        apart_closed=sum(one.closed for one, _ in apart),
        apart_sars=_sars([one for one, _ in apart if one.closed]),
        hidden=len(band.hidden),
    )


def _why_apart(one: Standing, drawn_as: frozenset[str]) -> Apart | None:
    """Return the first reason for which a pick was not judged alone, on what was drawn."""
    if one.placement is Placement.KNOWN:
        return Apart.KNOWN
    if one.placement is Placement.JOINED:
        return Apart.JOINED
    if one.case_alerts != 1:
        return Apart.SHARED
    if one.transaction_ids != drawn_as:
        return Apart.GROWN
    return None


def _sars(closed: Sequence[Standing]) -> int:
    return sum(one.disposition == Disposition.SAR for one in closed)


def _none_found(percent: int, judged: int) -> NoneFound:
    needed = none_found_size(Fraction(percent, 100))
    return NoneFound(percent, needed, judged >= needed)
