"""How a model's scores bore out: cases closed after it had scored their customers, by what it had said of the best account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from casedesk.domain.alerts import Risk
from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import Proportion, proportion
from casedesk.domain.model_versions import SHIPPED
from casedesk.domain.people import Action, Person, require
from casedesk.modelling.measures import average_precision
from casedesk.store.disposition_reader import Foreseen
from casedesk.store.unit_of_work import Reading

#: So many scored cases of each disposition there must be for a PR-AUC; fewer are only counted.
FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Performance:
    """What became of the cases that a model had scored before they were closed.

    ``bands`` counts them as (band, SAR, No SAR) by the customer's highest account, the worst band first; ``unscored`` those whose
    customer had no account in that run, as (SAR, No SAR), which count for nothing else. ``precision`` is the share of SARs among
    the High, ``recall`` the share of High among the SARs. ``pr_auc`` is None where there are too few.
    """

    version_id: str
    bands: tuple[tuple[Risk, int, int], ...]
    unscored: tuple[int, int]
    precision: Proportion
    recall: Proportion
    pr_auc: float | None

    @property
    def cases(self) -> int:
        """How many cases there are, scored or not."""
        return sum(sar + no_sar for _, sar, no_sar in self.bands) + sum(self.unscored)


def performance(*, look: Reading, actor: Person) -> tuple[Performance, ...]:
    """Return how the model in force bore out, the shipped one where none is, and then the challenger if one waits.

    :raises RoleForbids: for a role that may not see undisclosed decisions: the counts tell of reports (31 CFR 1020.320(e)).
    """
    with look:
        actor = look.people.get(actor.user_id)
        require(actor, Action.SEE_DECISIONS)
        champion, challenger = look.models.in_force(), look.models.waiting()
        ids = [champion.version_id if champion else SHIPPED, *([challenger.version_id] if challenger else [])]
        return tuple(borne_out(one, look.dispositions.foreseen(one)) for one in ids)


def borne_out(version_id: str, rows: Iterable[Foreseen]) -> Performance:
    """Count the cases of one version, each by the account that the model found most suspicious."""
    best: dict[str, Foreseen] = {}
    for row in rows:
        if row.case_id not in best or _score(row) > _score(best[row.case_id]):
            best[row.case_id] = row
    scored = [one for one in best.values() if one.band is not None]
    bands = tuple((risk, *_by_disposition(one for one in scored if one.band == risk)) for risk in Risk)
    found = {risk: (sar, no_sar) for risk, sar, no_sar in bands}
    sars, _ = _by_disposition(scored)
    hits, misses = found[Risk.HIGH]
    return Performance(
        version_id,
        bands,
        _by_disposition(one for one in best.values() if one.band is None),
        proportion(hits, hits + misses),
        proportion(hits, sars),
        _pr_auc(scored),
    )


def _score(row: Foreseen) -> int:
    return -1 if row.score is None else row.score


def _by_disposition(cases: Iterable[Foreseen]) -> tuple[int, int]:
    said = [one.disposition for one in cases]
    return said.count(Disposition.SAR), said.count(Disposition.NO_SAR)


def _pr_auc(scored: Sequence[Foreseen]) -> float | None:
    if min(_by_disposition(scored)) < FEWEST:
        return None
    guilty = np.array([one.disposition == Disposition.SAR for one in scored])
    return average_precision(guilty, np.array([float(_score(one)) for one in scored]))
