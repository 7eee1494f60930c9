"""How fast the triage page's queries are at 1,000 and at 100,000 cases on a SQLite file.

Usage: python benchmarks/queue_speed.py [--cases 100000] [--rounds 60]
Prints a Markdown table: the 95th percentile in milliseconds at both sizes, and their ratio.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casedesk.domain.alerts import Risk
from casedesk.domain.cases import AlertFigures, Case, CaseStatus, Disposition
from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.queue_reader import Filters, QueueReader, Sort, View
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, PEOPLE, account, customer

SMALL = 1_000
Measured = Callable[[QueueReader], object]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=60)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as folder:
        sizes = (SMALL, given.cases)
        engines = [filled(f"sqlite:///{folder}/queue-{size}.db", size) for size in sizes]
        print(f"| Query, SQLite, 95th percentile of {given.rounds} | {SMALL:,} cases | {given.cases:,} cases | Ratio |")
        print("|---|---|---|---|")
        for name, work in queries():
            small, large = (
                percentile(engine, scaled(work, size), given.rounds)
                for engine, size in zip(engines, sizes, strict=True)
            )
            print(f"| {name} | {small:.2f} ms | {large:.2f} ms | {large / small:.2f} |")
        for engine in engines:
            engine.dispose()


def queries() -> list[tuple[str, Callable[[int], Measured]]]:
    """The page's queries by name; each is given the number of cases, to know what is deep."""
    return [
        *((f"First page, all open, by {sort.value}", page(sort=sort)) for sort in Sort),
        *((f"First page, view {view.value}", page(view=view)) for view in View if view is not View.ALL),
        ("Page at two thirds of the open cases", deep),
        ("First page, closed included", page(include_closed=True)),
        ("First page, status In Review", page(status="In Review")),
        ("First page, risk High and one typology", page(risk=Risk.HIGH, typology="velocity")),
        ("First page, a colleague’s", page(owner="ben")),
        ("Next unassigned", lambda _: lambda q: q.next_unassigned()),
        ("Counters of all views", lambda _: lambda q: q.counters(asked())),
        ("Count of all open", lambda _: lambda q: q.count(asked())),
        ("Search by case id", by_case_id),
        ("Search by name", page(search="customer 77")),
        ("Search by name, not ASCII", page(search="čustomer 77")),
    ]


def page(**changed: object) -> Callable[[int], Measured]:
    """Ask for the first page, whatever the number of cases."""
    return lambda _size: lambda queue: queue.page(asked(**changed))


def deep(size: int) -> Measured:
    """Ask for a page that two thirds of the open cases come before; every second case is open."""
    return lambda queue: queue.page(asked(), start=size // 3)


def by_case_id(size: int) -> Measured:
    """Search for the one case in the middle."""
    return lambda queue: queue.page(asked(search=f"C-26-{size // 2:06}"))


def asked(**changed: object) -> Filters:
    values: dict[str, Any] = {"user_id": "ana", "now": NOON, "sees_decisions": True, **changed}
    return Filters(**values)


def scaled(work: Callable[[int], Measured], size: int) -> Measured:
    return work(size)


def percentile(engine: Engine, work: Measured, rounds: int) -> float:
    """Return the 95th percentile in milliseconds, unit of work included, after some rounds to warm up."""
    taken = []
    for n in range(rounds + 5):
        start = time.perf_counter()
        with Reading(engine) as uow:
            work(uow.queue)
        if n >= 5:
            taken.append((time.perf_counter() - start) * 1000)
    return statistics.quantiles(taken, n=20)[-1]


def filled(address: str, size: int) -> Engine:
    """Make a desk of ``size`` cases, half of them closed, over a fifth as many customers."""
    engine = make_engine(address)
    schema.upgrade(engine)
    customers = max(1, size // 5)
    dice = random.Random(7)
    with Writing(engine) as uow:
        for person in PEOPLE:
            uow.people.put(person)
        uow.parties.put_customers([customer(n) for n in range(1, customers + 1)])
        uow.parties.put_accounts([account(n) for n in range(1, customers + 1)])
        for n in range(size):
            uow.cases.insert(made_up(n, 1 + n % customers, dice))
        uow.commit()
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.exec_driver_sql("ANALYZE")
    return engine


def made_up(n: int, customer_number: int, dice: random.Random) -> Case:
    status, disposition, owner = dice.choices(
        [
            (CaseStatus.NEW, Disposition.NONE, ""),
            (CaseStatus.IN_REVIEW, Disposition.NONE, dice.choice(["ana", "ben", "mara"])),
            (CaseStatus.IN_REVIEW, Disposition.ESCALATE, ""),
            (CaseStatus.IN_REVIEW, Disposition.SAR, "ben"),
            (CaseStatus.CLOSED, Disposition.NO_SAR, "ana"),
            (CaseStatus.CLOSED, Disposition.SAR, "ben"),
        ],
        weights=[20, 22, 4, 4, 40, 10],
    )[0]
    at = NOON - timedelta(minutes=dice.randrange(60 * 24 * 60))
    rule = dice.choice(["velocity", "structuring", "geography"])
    return Case(
        case_id=f"C-26-{n:06}",
        customer_id=f"CU-{customer_number:05}",
        status=status,
        owner=owner,
        disposition=disposition,
        version=3,
        opened_at=at,
        alerted_at=at,
        suspicion_at=at,
        suspicion_event=n + 1,
        suspicion_moved=False,
        suspect_identified=True,
        alerts=(AlertFigures("A", rule, dice.randrange(100), 900_000, 5),),
    )


if __name__ == "__main__":
    main()
