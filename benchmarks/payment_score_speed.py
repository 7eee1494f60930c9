"""What scoring costs beside the rules where somebody waits: python -m benchmarks.payment_score_speed [--transactions 100000]

A SQLite desk of a made-up bank. Its last transactions come one by one, then sixteen and a thousand at once, as ``wait=true`` takes
them: the rules run over what is new, all data loaded, and then the model that ships scores it with its reasons. Printed are
milliseconds of the processor, which other programs disturb less than the clock.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy.engine import Engine

from benchmarks.model_speed import bank
from casedesk.detection.kept_texts import keep_in
from casedesk.domain.people import SYSTEM
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.services import detecting, payment_scores
from casedesk.services.scorers import Scorers
from casedesk.store.engines import make_engine
from casedesk.store.schema import upgrade
from casedesk.store.unit_of_work import Reading, Writing

#: How many transactions come at once, and how often.
STEPS: Final = ((1, 20), (16, 5), (1_000, 2))


def store(engine: Engine, rows: pa.Table) -> None:
    """Store transactions in US dollars."""
    given = {name: rows[name].to_pylist() for name in rows.column_names}
    given["booked_at"] = rows["booked_at"].cast(pa.int64()).to_pylist()
    amounts = dict.fromkeys(("amount_minor", "received_minor"), given["base_minor"])
    texts = {"currency": "USD", "received_currency": "USD", "branch": "", "reference": ""}
    with Writing(engine) as uow:
        uow.transactions.insert_new(given | amounts | {name: [text] * rows.num_rows for name, text in texts.items()})
        uow.commit()


def hold(engine: Engine, rows: pa.Table) -> None:
    """Give every account a customer."""
    names = sorted({name for side in ("from_account", "to_account") for name in rows[side].to_pylist()} - {""})
    with Writing(engine) as uow:
        uow.parties.put_customers(
            [
                Customer(f"C-{name}", name, CustomerKind.PERSON, "US", since=datetime(2019, 5, 2, tzinfo=UTC).date())
                for name in names
            ]
        )
        uow.parties.put_accounts([Account(name, f"C-{name}", name, "First", "USD", "US") for name in names])
        uow.commit()


def spent(work: Callable[[], Any]) -> float:
    """Return milliseconds of this process's work."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1_000


def measure(engine: Engine, rows: pa.Table) -> None:
    """Print what rules and model take of what comes last."""
    scorers, warm, at = Scorers(), detecting.Warm(), datetime.now(UTC)

    def look() -> None:
        detecting.detect(look=Reading(engine), uow=Writing(engine), actor=SYSTEM, at=at, base_currency="USD", warm=warm)

    def score(part: pa.Table) -> None:
        names = part["transaction_id"].to_pylist()
        payment_scores.of_payments(uow=Reading(engine), scorers=scorers, actor=SYSTEM, at=at, transaction_ids=names)

    start = rows.num_rows - sum(size * times for size, times in STEPS)
    store(engine, rows.slice(0, start))
    hold(engine, rows)
    look()
    score(rows.slice(start - 1_000, 1_000))  # the steps are made once a process
    for size, times in STEPS:
        found = []
        for _ in range(times):
            part = rows.slice(start, size)
            store(engine, part)
            found.append((spent(look), spent(lambda part=part: score(part))))  # type: ignore[misc]  # a lambda's default has no type
            start += size
        rules, model = np.median(np.array(found), axis=0)
        print(
            f"{size:5,} at once: rules {rules:,.0f} ms, model {model:,.1f} ms, {model / size:.1f} ms a payment",
            flush=True,
        )


def main() -> None:
    """Print every figure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--transactions", type=int, default=100_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="casedesk-") as folder:
        keep_in(Path(folder) / "texts")
        engine = make_engine(f"sqlite:///{folder}/desk.db")
        upgrade(engine)
        measure(engine, bank(given.transactions))
        engine.dispose()


if __name__ == "__main__":
    main()
