"""Train a model on what the desk itself decided: the evidence of closed cases is what is known of payments here.

A case that is not closed teaches nothing, and neither does its evidence: what is being looked at is neither suspicious nor innocent
yet. That holds for one that was reopened, waits for approval, or failed its review, which opens it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.cases import Disposition, QaStatus
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Invalid
from casedesk.formats.answers import Answers
from casedesk.modelling.measures import Flags
from casedesk.modelling.payments import Payments
from casedesk.modelling.splitting import by_time
from casedesk.modelling.training import FEWEST, Options
from casedesk.services.model_data import World, held
from casedesk.services.model_training import Trained, train_on, with_features
from casedesk.store.disposition_reader import Judged
from casedesk.store.unit_of_work import Reading

__all__ = [
    "DECIDED",
    "FEWEST_CASES",
    "PASSED",
    "UNLABELLED",
    "Lessons",
    "Options",
    "TooFewDecided",
    "lessons",
    "retrain",
]

#: How much a payment counts that is evidence of a closed case.
DECIDED: Final = 1.0
#: The same where the review passed: two people who worked apart came to one answer.
PASSED: Final = 2.0
#: A payment in no case: most are innocent, but nobody looked at it, so it says less than one somebody cleared.
UNLABELLED: Final = 0.2
#: So many cases of each disposition there must be: of fewer, a model learns the customers and not their ways.
FEWEST_CASES: Final = 10
_STATEMENT: Final = "Trained on the closed cases of one desk. It says what people there would report; judge it on later cases before you rely on it."


class TooFewDecided(Invalid):
    """Too few cases were closed either way."""

    def __init__(self, sar: int, no_sar: int) -> None:
        super().__init__(
            f"{counted(sar, 'case')} closed as SAR and {no_sar:,} closed as No SAR are on this desk; at least {FEWEST_CASES} of each "
            "are needed to train on. Close more first, or train on labelled files with “casedesk model train”."
        )


@dataclass(frozen=True, slots=True)
class Lessons:
    """What cases say of payments, by transaction id.

    ``guilty`` and ``innocent`` hold how much each counts; of ``undecided`` nothing is known yet. A payment in cases of both kinds
    is guilty, and counts as its weightiest case of that kind. ``cases`` counts the closed ones by disposition and review.
    """

    guilty: dict[str, float]
    innocent: dict[str, float]
    undecided: frozenset[str]
    cases: Counter[tuple[str, str]]

    def closed(self, disposition: Disposition) -> int:
        """Count the closed cases of a disposition."""
        return sum(count for (decided, _), count in self.cases.items() if decided == disposition)

    def told(self) -> dict[str, Any]:
        """Describe them for a card: counts, and nothing of a single case."""
        return {
            "cases": [
                {"disposition": decided, "review": review, "cases": count}
                for (decided, review), count in sorted(self.cases.items())
            ],
            "weights": {"review passed": PASSED, "closed": DECIDED, "in no case": UNLABELLED},
        }


def lessons(evidence: Iterable[Judged]) -> Lessons:
    """Sort the evidence of all cases into what is known of payments."""
    known: dict[str, dict[str, float]] = {Disposition.SAR: {}, Disposition.NO_SAR: {}}
    undecided, closed = set(), {}
    for one in evidence:
        if not one.closed:
            undecided.add(one.transaction_id)
            continue
        weight = PASSED if one.qa_status == QaStatus.PASS else DECIDED
        side = known[one.disposition]
        side[one.transaction_id] = max(weight, side.get(one.transaction_id, 0.0))
        closed[one.case_id] = (one.disposition, "passed" if one.qa_status == QaStatus.PASS else "none yet")
    guilty, innocent = known[Disposition.SAR], known[Disposition.NO_SAR]
    innocent = {name: weight for name, weight in innocent.items() if name not in guilty}
    return Lessons(guilty, innocent, frozenset(undecided - guilty.keys() - innocent.keys()), Counter(closed.values()))


def retrain(*, look: Reading, actor: Person, options: Options, name: str = "model") -> Trained:
    """Train a model on every transaction of the desk, labelled by its closed cases. Nothing is stored and nothing in force changes.

    The last quarter of the payments tests where it holds enough guilty ones; otherwise nothing is kept for testing.

    :raises RoleForbids: for a role that may not propose a model.
    :raises TooFewDecided: if too few cases are closed.
    :raises NothingToLearn: if too few of their payments lie in the span that trains.
    :raises NoModelExtra: if the extra is not installed.
    """
    with look:
        actor = look.people.get(actor.user_id)
        require(actor, Action.PROPOSE_MODEL)
        require(actor, Action.SEE_DECISIONS)
        found = lessons(look.dispositions.evidence())
        sar, no_sar = found.closed(Disposition.SAR), found.closed(Disposition.NO_SAR)
        if min(sar, no_sar) < FEWEST_CASES:
            raise TooFewDecided(sar, no_sar)
        payments = Payments.of(look.run_data.transactions(look.run_data.newest()))
    world = labelled(payments, found)
    return train_on(
        [with_features(world)], options, split=_split(world), name=name, statement=_STATEMENT, dispositions=found.told()
    )


def labelled(payments: Payments, found: Lessons) -> World:
    """Label the payments of a desk; the undecided ones count for nothing, but stay as history of the others."""
    guilty, accounts = held(payments, Answers("transactions", frozenset(found.guilty)))
    weights = np.full(len(payments.ids), UNLABELLED)
    for one in (found.guilty, found.innocent, dict.fromkeys(found.undecided, 0.0)):
        place = pc.index_in(payments.ids, pa.array(list(one), pa.string()))
        there = np.asarray(place.is_valid(), bool)
        weights[there] = np.array(list(one.values()))[place.drop_null().to_numpy()]
    return World("the desk's own payments", payments, guilty, accounts, "closed cases", (), weights)


def _split(world: World) -> str:
    last: Flags = by_time(world.payments.table["at"].to_numpy()).test
    return "time" if int((world.guilty & last).sum()) >= FEWEST else "none"
