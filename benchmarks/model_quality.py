"""How good the model is on every labelled world at hand: python -m benchmarks.model_quality [PART...] [--markdown]

Parts: split (trained and tested on one world, by time), apart (trained on one world, tested on others that it never saw), rules
(what rules and score find together at a 3 % alert budget); all when none is named. Labels are read here, never by features or
rules. The shared data sets lie in ../shared, or where CASEDESK_SHARED_DIR says.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import quality_worlds as worlds
from casedesk.detection.engine import detect
from casedesk.detection.rules import RULES
from casedesk.domain.alerts import Alert
from casedesk.modelling import measures, model_files
from casedesk.modelling.calibration import Trust
from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import ModelFiles
from casedesk.modelling.payments import Payments
from casedesk.modelling.scorer import Scorer, account_scores
from casedesk.modelling.together import together, together_by_payment
from casedesk.modelling.training import Options
from casedesk.services.default_model import FOLDER
from casedesk.services.held_scores import trust_of
from casedesk.services.model_data import World
from casedesk.services.model_training import Learnt, Trained, train_on, with_features
from casedesk.services.offline_modelling import drift_of
from casedesk.services.offline_together import severities

SHARED: Final = Path(os.environ.get("CASEDESK_SHARED_DIR", "../shared"))
#: The share of accounts that a desk looks at.
BUDGET: Final = 0.03
_WORLDS: Final[dict[str, Callable[[], worlds.World]]] = {
    "s11": lambda: worlds.gentex(SHARED, "s11"),
    "s12": lambda: worlds.gentex(SHARED, "s12"),
    "AMLSim": lambda: worlds.amlsim(SHARED),
    "smoke": lambda: worlds.smoke(SHARED),
    "demo bank": worlds.demo,
    "seed 31": lambda: worlds.demo(seed=31, customers=600, end=date(2024, 11, 17)),
}
#: Worlds whose labels are of accounts.
_BY_ACCOUNT: Final = ("AMLSim",)


@cache
def world(name: str) -> worlds.World:
    """Return a world as the rules see it."""
    return _WORLDS[name]()


@cache
def learnt(name: str) -> Learnt:
    """Return a world as the model sees it."""
    given = world(name)
    payments = Payments.of(given.transactions)
    named = pa.array(sorted({one for pattern in given.patterns for one in pattern.transaction_ids}), pa.string())
    guilty = np.asarray(pc.is_in(payments.ids, named), bool)
    sides = [payments.table[side].to_numpy() for side in ("payer", "payee")]
    accounts = np.zeros(len(payments.accounts) + 1, bool)
    if name in _BY_ACCOUNT:
        accounts[1:] = np.asarray(pc.is_in(payments.accounts, pa.array(sorted(given.guilty), pa.string())), bool)
        guilty = accounts[sides[0]] & accounts[sides[1]]
    else:
        accounts[sides[0][guilty]] = accounts[sides[1][guilty]] = True
        accounts[0] = False
    labels = "accounts" if name in _BY_ACCOUNT else "transactions"
    return with_features(World(name, payments, guilty, accounts[1:], labels, ()))


@cache
def model(*names: str, split: str = "none", blind: bool = False, kind: str = "boosted") -> Trained:
    """Train on worlds."""
    return train_on(
        [learnt(name) for name in names], Options(blind=blind, kind=kind), split=split, name="+".join(names)
    )


def scorer(made: Trained) -> Scorer:
    """Return what scores with a model that was just trained."""
    facts = json.loads(made.contents[model_files.FACTS])
    return Scorer(ModelFiles("", facts, made.contents))


def said_of(found: Scorer, name: str) -> tuple[Any, Any]:
    """Return the probabilities of a world's payments, and the scores of its accounts, held back where the payments drifted."""
    one, trust = learnt(name), trusted(found, name)
    said = found.probabilities(one.features.matrix)
    return trust.held(said), trust.held(account_scores(one.world.payments, said))


@cache
def trusted(found: Scorer, name: str) -> Trust:
    """Return how far a model is trusted on a world."""
    features = learnt(name).features
    return trust_of(found, drift_of(found, features), len(features.ids))


@cache
def alerts(name: str) -> tuple[Alert, ...]:
    """Return what the rules find in a world."""
    return detect(world(name).transactions, world(name).accounts, rules=RULES).alerts


def by_rules(name: str) -> Any:
    """Return for each account the sum of its worst severities, one a rule."""
    worst: dict[str, dict[str, int]] = defaultdict(dict)
    for alert in alerts(name):
        before = worst[alert.account_id].get(alert.rule, 0)
        worst[alert.account_id][alert.rule] = max(before, alert.severity)
    accounts = learnt(name).world.payments.accounts.to_pylist()
    return np.array([float(sum(worst[one].values())) if one in worst else 0.0 for one in accounts])


def _by_payments(name: str) -> Any:
    """Return for each account what the alerts that name its payments make of it."""
    payments = learnt(name).world.payments
    severity = severities(payments, alerts(name))
    return account_scores(payments, together_by_payment(np.zeros(len(severity)), severity, [np.inf]))


def split(write: Write) -> None:
    """Train and test on one world, by time."""
    write(
        "Trained on the first 60 %, calibrated on the next 15 %, tested on the last 25 %",
        ("world", "model", *_HEAD, *_TRUE),
        (
            _split(name, blind, kind)
            for name, blind, kind in (
                ("s11", False, "boosted"), ("s11", False, "forest"), ("s12", False, "boosted"), ("s12", False, "forest"),
                ("AMLSim", True, "boosted"), ("smoke", False, "boosted"), ("demo bank", False, "boosted"),
            )
        ),
    )  # fmt: skip


def _split(name: str, blind: bool, kind: str) -> tuple[object, ...]:
    told = model(name, split="time", blind=blind, kind=kind).card["measured"]
    words = kind + (", amount-blind" if blind else "")
    return name, words, *_cells(told["transactions"], told["accounts"]), *_true(told["calibration"])


def apart(write: Write) -> None:
    """Train on some worlds and test on others."""
    write(
        "Trained on one world, tested on another", ("trained on", "tested on", *_HEAD, *_TRUE, *_HELD),
        (_row(_named(trained, blind), scorer(model(*trained, blind=blind)), tested) for trained, tested, blind in _APART),
    )  # fmt: skip
    write(
        "The same with what rules say of each payment, and rules without a score",
        ("trained on", "tested on", "drift", *_TOGETHER),
        (
            (_named(trained, blind), tested, *_together(scorer(model(*trained, blind=blind)), tested))
            for trained, tested, blind in _APART
        ),
    )
    shipped = Scorer(model_files.read(FOLDER, VERSION))
    write(
        "The model that ships", ("trained on", "tested on", *_HEAD, *_TRUE, *_HELD),
        (_row("default", shipped, tested) for tested in ("demo bank", "seed 31", "smoke", "s11", "s12")),
    )  # fmt: skip


def _named(trained: Sequence[str], blind: bool) -> str:
    return " + ".join(trained) + (", amount-blind" if blind else "")


def _together(found: Scorer, tested: str) -> tuple[str, ...]:
    """Measure rules alone, then rules and score, by payment and by what accounts make of their payments."""
    one = learnt(tested)
    drift = drift_of(found, one.features).values()
    severity = severities(one.world.payments, alerts(tested))
    alone = together_by_payment(np.zeros(len(severity)), severity, [np.inf])
    cells = [f"{sum(drift) / len(drift):.3f}"]
    for both in (alone, together_by_payment(found.probabilities(one.features.matrix), severity, drift)):
        payments = measures.measured(one.world.guilty, both)
        accounts = measures.measured(one.world.guilty_accounts, account_scores(one.world.payments, both))
        budgets = ", ".join(f"{share:.3f}" for share in payments["recall_at_budget"].values())
        cells += [f"{payments['pr_auc']:.3f}", budgets, f"{accounts['precision_at']['100']:.2f}"]
    return tuple(cells)


def _row(trained: str, found: Scorer, tested: str) -> tuple[object, ...]:
    one = learnt(tested).world
    said, accounts = said_of(found, tested)
    cells = _cells(measures.measured(one.guilty, said), measures.measured(one.guilty_accounts, accounts))
    before = measures.calibrated(one.guilty, found.probabilities(learnt(tested).features.matrix))["error"]
    factor = f"{trusted(found, tested).factor:.3f}"
    return trained, tested, *cells, *_true(measures.calibrated(one.guilty, said)), factor, f"{before:.4f}"


def rules(write: Write) -> None:
    """Rank accounts by rules, by score, and by both."""
    shipped = Scorer(model_files.read(FOLDER, VERSION))
    rows = []
    for name, found in (
        ("s11", scorer(model("s12"))), ("s12", scorer(model("s11"))), ("AMLSim", scorer(model("s11", "s12", blind=True))),
        ("smoke", scorer(model("s11", "s12"))), ("demo bank", shipped), ("seed 31", shipped),
    ):  # fmt: skip
        guilty = learnt(name).world.guilty_accounts
        by_own, (_, score) = by_rules(name), said_of(found, name)
        drift = drift_of(found, learnt(name).features).values()
        both = together(score, by_own, drift, _by_payments(name))
        recalls = [measures.recall_at(guilty, one, BUDGET) for one in (by_own, score, both)]
        rows.append(
            (
                name,
                f"{guilty.sum():,} of {len(guilty):,}",
                f"{sum(drift) / len(drift):.3f}",
                *(f"{one:.3f}" for one in recalls),
                "yes" if recalls[2] > recalls[0] else "NO",
            )
        )
    write(
        "Recall of labelled accounts at a budget of 3 % of accounts",
        ("world", "labelled", "drift", "rules", "score", "rules + score", "better"),
        rows,
    )


_APART: Final = (
    (("s11", "s12"), "smoke", False), (("s11", "s12"), "AMLSim", True), (("s11", "s12"), "demo bank", False),
    (("s11", "s12"), "seed 31", False), (("s11",), "s12", False), (("s12",), "s11", False),
)  # fmt: skip
_TOGETHER: Final = (
    "rules: PR-AUC", "recall 0.5, 1, 3 %", "accounts P@100", "rules + score: PR-AUC", "recall 0.5, 1, 3 %", "accounts P@100"
)  # fmt: skip
Write = Callable[[str, Sequence[str], Iterable[Sequence[object]]], None]
_HEAD: Final = ("labelled", "PR-AUC", "recall 0.5 %", "1 %", "3 %", "accounts PR-AUC", "P@50", "P@100")
_TRUE: Final = ("calibration error", "of p >= 0.05")
_HELD: Final = ("trust", "error without it")


def _cells(payments: dict[str, Any], accounts: dict[str, Any]) -> tuple[str, ...]:
    budgets = (f"{one:.3f}" for one in payments["recall_at_budget"].values())
    firsts = (f"{accounts['precision_at'][count]:.2f}" for count in ("50", "100"))
    return (
        f"{payments['guilty']:,} of {payments['count']:,}",
        f"{payments['pr_auc']:.3f}",
        *budgets,
        f"{accounts['pr_auc']:.3f}",
        *firsts,
    )


def _true(told: dict[str, Any]) -> tuple[str, str]:
    return f"{told['error']:.4f}", f"{told['error_of_the_suspicious']:.3f} ({told['suspicious']:,})"


def _markdown(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def _plain(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print(f"\n{title}\n{'  '.join(head)}")
    for row in rows:
        print("  ".join(map(str, row)), flush=True)


PARTS: Final = {"split": split, "apart": apart, "rules": rules}


def main() -> None:
    """Print the parts that were asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts")
    options.add_argument("--markdown", action="store_true")
    given = options.parse_args()
    for part in given.parts or PARTS:
        PARTS[part](_markdown if given.markdown else _plain)


if __name__ == "__main__":
    main()
