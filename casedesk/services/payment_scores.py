"""What the model in force says of single stored payments, each as of its instant, and why.

The same features, to the last bit, and the same model as when the desk scores everything, worked out from the payments around
the ones asked for. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from casedesk.domain.people import SYSTEM, Action, Person, require
from casedesk.domain.score_bands import CutOffs, cut_offs
from casedesk.errors import NotFound
from casedesk.modelling.calibration import Trust
from casedesk.modelling.scorer import Explained
from casedesk.modelling.serving import SPAN_DAYS, features_of, microseconds
from casedesk.modelling.sides import DAY
from casedesk.services.model_answers import meaning
from casedesk.services.run_trust import trust_of
from casedesk.services.scorers import InForce, Scorers
from casedesk.store.kept_legs import KeptLegs
from casedesk.store.near_payments import TooMuchAround
from casedesk.store.unit_of_work import Reading

#: So many features are told by their words, the strongest first; the others as one sum.
TOLD: Final = 5
#: How many payments are read around those that are scored together, and around all that are asked for at once.
MOST_AROUND: Final = 200_000
_MOST: Final = 1_000_000


class NoSuchTransaction(NotFound):
    """No transaction with this id is stored."""

    def __init__(self, transaction_id: str) -> None:
        super().__init__(f"There is no transaction “{transaction_id}” on this desk.")


@dataclass(frozen=True, slots=True)
class Weight:
    """What one feature says, the value it had (None where it said nothing), and what it added to the raw score."""

    means: str
    value: float | None
    part: float


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says of a payment: calibrated probability and band, and what made the raw score.

    ``start``, the parts of ``weights`` and ``others`` add up to ``raw``, the log odds before calibration. ``version_id`` is empty
    for the shipped model.

    :ivar trust: the share of its distance from the base rate, in log odds, that the probability keeps (``domain.model_trust``): a
        payment alone tells no drift, so it is that of the last run of this version over the desk.
    :ivar trust_run: that run; empty where there is none, and nothing is held back.
    :ivar base_rate: the share of payments labelled in the data that trained the model; None where nothing is held back.
    """

    version_id: str
    model_id: str
    probability: float
    band: str
    raw: float
    start: float
    weights: tuple[Weight, ...]
    others: float
    trust: float
    trust_run: str
    base_rate: float | None


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A payment without a score, and the sentence that says why."""

    why: str


#: So many of the newest payments are scored for nobody, before the first who asks.
_AS_AN_EXAMPLE: Final = 16
#: More lies around all that was asked for at once than is read for one answer.
_LEFT_OUT: Final = Unsaid(
    "So many payments lie around those that were sent with it that it was left out; ask for its score alone, or have “casedesk "
    "model run” score every account."
)


def of_payments(
    *, uow: Reading, scorers: Scorers, actor: Person, at: datetime, transaction_ids: Sequence[str]
) -> dict[str, Said | Unsaid]:
    """Score payments by the model in force, the shipped one where none is; one that is not stored is left out.

    :raises NoModelExtra: if the extra is not installed.
    :raises NoModelFiles, ModelAltered, Altered, OtherVersion, UnusableModel: if the model cannot be used.
    """
    require(actor, Action.VIEW_SCORES)
    with uow:
        model = scorers.in_force(uow)
        run = uow.models.last_run(model.version_id)
        held = _Held(model.scorer.trusted(1.0 if run is None else trust_of(run)), run.model_run_id if run else "")
        return _scored(uow, model, held, uow.near.named(transaction_ids), cut_offs(at.date()), scorers.kept)


def make_ready(*, reading: Callable[[], Reading], scorers: Scorers, at: datetime) -> None:
    """Have there what is made once a process, so that the first who asks does not wait for it.

    :raises NoModelExtra, NoModelFiles, ModelAltered, Altered, OtherVersion, UnusableModel: as of :func:`of_payments`.
    """
    with reading() as uow:
        scorers.in_force(uow)
        newest = uow.near.newest(_AS_AN_EXAMPLE)
    of_payments(uow=reading(), scorers=scorers, actor=SYSTEM, at=at, transaction_ids=newest)


def of_payment(*, uow: Reading, scorers: Scorers, actor: Person, at: datetime, transaction_id: str) -> Said:
    """Score one payment, as :func:`of_payments` does.

    :raises NoSuchTransaction: if it is not stored.
    :raises TooMuchAround: if too many payments lie around it.
    """
    found = of_payments(uow=uow, scorers=scorers, actor=actor, at=at, transaction_ids=[transaction_id])
    if transaction_id not in found:
        raise NoSuchTransaction(transaction_id)
    said = found[transaction_id]
    if isinstance(said, Unsaid):
        raise TooMuchAround
    return said


class _Held(NamedTuple):
    trust: Trust
    run_id: str


def _scored(
    uow: Reading, model: InForce, held: _Held, rows: pa.Table, cuts: CutOffs, kept: KeptLegs | None
) -> dict[str, Said | Unsaid]:
    found: dict[str, Said | Unsaid] = {}
    left, waiting = _MOST, list(_together(rows))
    while waiting:
        group = waiting.pop()
        around = uow.near.around(max(0, min(MOST_AROUND, left)), kept)
        try:
            features = features_of(around, group)
        except TooMuchAround as refusal:
            half = group.num_rows // 2
            if half and left > around.read:
                waiting += [group.slice(0, half), group.slice(half)]
            else:
                why = Unsaid(str(refusal)) if left > around.read else _LEFT_OUT
                found |= dict.fromkeys(group["transaction_id"].to_pylist(), why)
        else:
            explained = model.scorer.explained(features, TOLD, held.trust)
            found |= {one.transaction_id: _said(model, held, one, cuts) for one in explained}
        left -= around.read
    return found


def _together(rows: pa.Table) -> Iterator[pa.Table]:
    """Part payments, which come in order of booking, into those that are scored together."""
    when = microseconds(rows["booked_at"])
    start = 0
    while start < len(when):
        end = int(np.searchsorted(when, when[start] + SPAN_DAYS * DAY))
        yield rows.slice(start, end - start)
        start = end


def _said(model: InForce, held: _Held, one: Explained, cuts: CutOffs) -> Said:
    first = [Weight(meaning(part.feature), part.value, part.part) for part in one.contributions]
    return Said(
        model.version_id, model.scorer.files.model_id, one.probability, cuts.band(round(one.probability, 12)).value, one.raw,
        one.start, tuple(first), one.raw - one.start - sum(part.part for part in first), held.trust.factor, held.run_id,
        None if held.trust.factor == 1 else held.trust.base,
    )  # fmt: skip
