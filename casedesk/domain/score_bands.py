"""Bands of a model's score: which probability is high, medium, low or minimal, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.domain.alerts import Risk


@dataclass(frozen=True, slots=True)
class CutOffs:
    """The lowest calibrated probability of each band, worst first, from a day on."""

    since: date
    lowest: tuple[tuple[float, Risk], ...]

    def band(self, probability: float) -> Risk:
        """Name the band of a probability from 0 to 1."""
        return next(risk for least, risk in self.lowest if probability >= least)


#: Never edit one: add a newer one. High means that about every second such payment is what it looks like.
CUT_OFFS: Final = (
    CutOffs(date(2026, 11, 29), ((0.5, Risk.HIGH), (0.2, Risk.MEDIUM), (0.05, Risk.LOW), (0.0, Risk.MINIMAL))),
)


def cut_offs(day: date) -> CutOffs:
    """Return the cut-offs of a day; before the first ones, those."""
    fit = [one for one in CUT_OFFS if one.since <= day]
    return fit[-1] if fit else CUT_OFFS[0]
