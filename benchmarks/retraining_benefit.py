"""What retraining from a desk's own decisions is worth when the typologies shift: python -m benchmarks.retraining_benefit [--seeds N...]

A made-up bank launders in one way until half of its time, and in other ways from then on. Its desk works the alerts of the rules and
errs; reviews find most errors of the cases they look at. One model learns from the cases closed before the shift, another from
those closed a quarter later, and both are tested on the last quarter, which no case taught. The reviews' weight is left out once,
to see what it is worth. How often people err is made up too: ``WRONG``, ``REVIEWED`` and ``SEEN`` below.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from random import Random
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import quality_worlds as worlds
from benchmarks.model_quality import scorer
from casedesk.detection.engine import detect
from casedesk.detection.rules import RULES
from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Disposition, QaStatus
from casedesk.formats.answers import Answers
from casedesk.modelling import measures, model_files
from casedesk.modelling.building import Features
from casedesk.modelling.features import VERSION
from casedesk.modelling.measures import Flags
from casedesk.modelling.payments import Payments
from casedesk.modelling.scorer import Scorer
from casedesk.modelling.training import Options
from casedesk.services.default_model import FOLDER
from casedesk.services.model_data import World, held
from casedesk.services.model_training import Learnt, of_span, train_on, with_features
from casedesk.services.retraining import DECIDED, Lessons, labelled, lessons
from casedesk.store.disposition_reader import Judged

#: How the bank launders until the shift; every other way comes after it.
EARLY: Final = frozenset({"structuring", "structuring_days", "round_amounts", "fan_in", "dormant_awakening"})
#: How many decisions are wrong, how many cases are reviewed, and how many errors a review sees.
WRONG, REVIEWED, SEEN = 0.15, 0.3, 0.9


#: Seed, model, how many closed cases taught it; PR-AUC and recall of payments, PR-AUC and precision of accounts.
Row: TypeAlias = tuple[int, str, int, float, float, float, float]


def shifted(seed: int) -> worlds.World:
    """Make a bank whose typologies change at half of its time."""
    made = worlds.demo(seed=seed, customers=600, days=180, end=date(2024, 11, 17))
    at = dict(zip(made.transactions["transaction_id"].to_pylist(), _micros(made).tolist(), strict=True))
    shift = _instant(made, 0.5)
    kept, gone = [], set[str]()
    for one in made.patterns:
        if (one.typology in EARLY) == (max(at[name] for name in one.transaction_ids) < shift):
            kept.append(one)
        else:
            gone |= one.transaction_ids
    stays = pc.invert(pc.is_in(made.transactions["transaction_id"], pa.array(sorted(gone), pa.string())))
    return replace(made, transactions=made.transactions.filter(stays), patterns=tuple(kept))


def _micros(world: worlds.World) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(world.transactions["booked_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()))


def _instant(world: worlds.World, share: float) -> int:
    at = _micros(world)
    return int(at.min() + share * (at.max() - at.min()))


def decided(alerts: Iterable[Alert], guilty: frozenset[str], random: Random) -> list[Judged]:
    """Return the evidence of the alerts, each a case that somebody decided."""
    found = []
    for one in sorted(alerts, key=lambda alert: alert.alert_id):
        true = not guilty.isdisjoint(one.transaction_ids)
        wrong, reviewed = random.random() < WRONG, random.random() < REVIEWED
        caught = wrong and reviewed and random.random() < SEEN
        sar = true if caught or not wrong else not true
        status = QaStatus.PASS if reviewed and not caught else QaStatus.NONE
        word = Disposition.SAR if sar else Disposition.NO_SAR
        found += [Judged(one.alert_id, True, word, status, name) for name in one.transaction_ids]
    return found


def until(one: Learnt, instant: int, taught: Lessons) -> Learnt:
    """Return what a desk knew at an instant: the payments before it, labelled by its cases."""
    payments, early = one.world.payments, one.world.payments.table["at"].to_numpy() < instant
    chosen = pa.array(early)
    part = Payments(payments.table.filter(chosen), payments.ids.filter(chosen), payments.accounts)
    return Learnt(labelled(part, taught), Features(part.ids, one.features.matrix[early]))


def unweighted(taught: Lessons) -> Lessons:
    """Return the same lessons, with what passed its review counting like any other."""
    return replace(
        taught, guilty=dict.fromkeys(taught.guilty, DECIDED), innocent=dict.fromkeys(taught.innocent, DECIDED)
    )


def measured(seed: int) -> list[Row]:
    """Train and test on one bank; return a row for each model."""
    made = shifted(seed)
    payments = Payments.of(made.transactions)
    names = frozenset(name for one in made.patterns for name in one.transaction_ids)
    whole = with_features(World("bank", payments, *held(payments, Answers("transactions", names)), "transactions", ()))
    shift, day = _instant(made, 0.5), _instant(made, 0.75)
    test: Flags = payments.table["at"].to_numpy() >= day
    alerts = detect(made.transactions, made.accounts, rules=RULES).alerts
    rows = []
    for words, instant, weigh in (
        ("before the shift", shift, True),
        ("retrained", day, True),
        ("retrained, unweighted", day, False),
    ):
        closed = decided((a for a in alerts if a.window_end.timestamp() * 1e6 < instant), names, Random(seed))
        taught = lessons(closed)
        known = until(whole, instant, taught if weigh else unweighted(taught))
        found = scorer(train_on([known], Options(), split="none", name=words))
        rows.append((seed, words, sum(taught.cases.values()), *_figures(found, whole, test)))
    return [(seed, "as shipped", 0, *_figures(Scorer(model_files.read(FOLDER, VERSION)), whole, test)), *rows]


def _figures(found: Scorer, whole: Learnt, test: Flags) -> tuple[float, float, float, float]:
    guilty, said, accounts, by_account = of_span(found, whole, test)
    payments, people = measures.measured(guilty, said), measures.measured(accounts, by_account)
    return payments["pr_auc"], payments["recall_at_budget"]["0.01"], people["pr_auc"], people["precision_at"]["50"]


def _write(rows: Iterable[Row]) -> None:
    head = ("seed", "model", "cases closed", "PR-AUC of payments", "recall at 1 %", "accounts PR-AUC", "P@50")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for row in rows:
        found[row[1]].append(row[3:])
        print("|", " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row), "|", flush=True)
    for words, figures in found.items():
        print(f"| mean | {words} | |", " | ".join(f"{one:.3f}" for one in np.mean(figures, axis=0)), "|")


def main() -> None:
    """Print a table of all seeds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", nargs="+", type=int, default=[41, 42, 43])
    _write(row for seed in options.parse_args().seeds for row in measured(seed))


if __name__ == "__main__":
    main()
