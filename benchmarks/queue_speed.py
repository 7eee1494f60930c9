"""How fast the queries of the triage page and of the calendar are at 1,000 and at 100,000 cases on a SQLite file.

Usage: python benchmarks/queue_speed.py [--cases 100000] [--rounds 60] [--processor]
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
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casedesk.domain.alerts import Risk
from casedesk.domain.cases import AlertFigures, Case, CaseStatus, Disposition
from casedesk.domain.events import CaseOpened
from casedesk.domain.moments import canonical
from casedesk.services import calendar, retention
from casedesk.services.calendar import Asked, Days
from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.queue_reader import NEWS, Filters, Sort, View
from casedesk.store.tables import clocks
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, PEOPLE, account, customer

SMALL = 1_000
Measured = Callable[[Reading], object]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--processor", action="store_true", help="this process’s own time, where others run beside it")
    given = options.parse_args()
    clock = time.process_time if given.processor else time.perf_counter
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as folder:
        sizes = (SMALL, given.cases)
        engines = [filled(f"sqlite:///{folder}/queue-{size}.db", size) for size in sizes]
        print(f"| Query, SQLite, 95th percentile of {given.rounds} | {SMALL:,} cases | {given.cases:,} cases | Ratio |")
        print("|---|---|---|---|")
        for name, work in queries():
            small, large = (
                percentile(engine, scaled(work, size), given.rounds, clock)
                for engine, size in zip(engines, sizes, strict=True)
            )
            print(f"| {name} | {small:.2f} ms | {large:.2f} ms | {large / small:.2f} |")
        for name, asked_for in calendar_pages():
            small, large = (timed(partial(asked_for, engine), given.rounds, clock) for engine in engines)
            print(f"| {name} | {small:.2f} ms | {large:.2f} ms | {large / small:.2f} |", flush=True)
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
        ("Next unassigned", lambda _: lambda uow: uow.queue.next_unassigned()),
        ("Counters of all views", lambda _: lambda uow: uow.queue.counters(asked())),
        ("Count of all open", lambda _: lambda uow: uow.queue.count(asked())),
        ("Search by case id", by_case_id),
        ("Search by name", page(search="customer 77")),
        ("Search by name, not ASCII", page(search="čustomer 77")),
        ("Look whether the ledger grew", lambda _: lambda uow: uow.ledger.head()),
        ("What is new behind the last 20 events", news),
        ("First page, only what is new behind them", lambda size: page(since=size - 20, sort=Sort.NEWEST)(size)),
    ]


def page(**changed: object) -> Callable[[int], Measured]:
    """Ask for the first page, whatever the number of cases."""
    return lambda _size: lambda uow: uow.queue.page(asked(**changed))


def deep(size: int) -> Measured:
    """Ask for a page that two thirds of the open cases come before; every second case is open."""
    return lambda uow: uow.queue.page(asked(), start=size // 3)


def by_case_id(size: int) -> Measured:
    """Search for the one case in the middle."""
    return lambda uow: uow.queue.page(asked(search=f"C-26-{size // 2:06}"))


def news(size: int) -> Measured:
    """Count what came behind all events but twenty, as an open page does when the ledger grew."""
    return lambda uow: uow.figures.happened(NEWS, after=size - 20, upto=size)


def asked(**changed: object) -> Filters:
    values: dict[str, Any] = {"user_id": "ana", "now": NOON, "sees_decisions": True, **changed}
    return Filters(**values)


def scaled(work: Callable[[int], Measured], size: int) -> Measured:
    return work(size)


def calendar_pages() -> list[tuple[str, Callable[[Engine], object]]]:
    """What the calendar asks for, by name; each opens its own unit of work, as the page does."""
    mara = next(person for person in PEOPLE if person.user_id == "mara")
    first, last = NOON.date().replace(day=1), calendar.following(NOON.date()) - timedelta(days=1)
    monday = NOON.date() - timedelta(days=NOON.weekday())
    asked = {"everybody’s": Asked(), "one owner’s": Asked(owner="ben")}

    def week(engine: Engine, whose: Asked) -> object:
        days = shown(engine, whose, monday, monday + timedelta(days=6))
        return calendar.by_day(uow=Reading(engine), actor=mara, at=NOON, days=days, asked=whose, most=8)

    def shown(engine: Engine, whose: Asked, start: date, end: date) -> Days:
        return calendar.shown(uow=Reading(engine), actor=mara, at=NOON, first=start, last=end, asked=whose)

    def listed(engine: Engine, whose: Asked, due: str | tuple[date, date], start: int = 0) -> object:
        return calendar.listed(
            uow=Reading(engine), actor=mara, at=NOON, due=due, asked=whose, start=start, limit=50
        )  # fmt: skip

    found: list[tuple[str, Callable[[Engine], object]]] = []
    for word, whose in asked.items():
        found += [
            (f"Calendar, month, {word}", partial(shown, whose=whose, start=first, end=last)),
            (f"Calendar, week with its cases, {word}", partial(week, whose=whose)),
            (f"Calendar, list of the month, {word}", partial(listed, whose=whose, due=(first, last))),
            (f"Calendar, list of what is overdue, {word}", partial(listed, whose=whose, due="overdue")),
        ]
    deep = partial(listed, whose=Asked(), due="overdue", start=1_000)
    figure = partial(lambda engine: calendar.pressing(uow=Reading(engine), actor=mara, at=NOON))
    retained = partial(lambda engine: retention.due(uow=Reading(engine), actor=mara, at=NOON, limit=50))
    return [*found, ("Calendar, line 1,000 of what is overdue", deep), ("Figure beside Calendar", figure),
            ("Retention, first page", retained)]  # fmt: skip


def due_dates(case: Case, n: int, dice: random.Random) -> list[dict[str, Any]]:
    """Due dates besides its report's: most closed cases are kept for five years, a tenth was reported, a twentieth has cash."""
    closed = case.status is CaseStatus.CLOSED
    found = []
    if dice.random() < 0.05:
        found.append(("currency report", "ctr_days", 15, not closed))
    if closed:
        found.append(("retention", "retention_years", dice.randrange(-30, 1_825), True))
    if closed and case.disposition is Disposition.SAR:
        found.append(("continuing report", "continuing_report_days", dice.randrange(-30, 120), True))
    return [
        {"case_id": case.case_id, "kind": kind, "source_event": n + 1, "source": f"event {n + 1}, made up",
         "started_on": case.opened_at.date(), "due_at": NOON.replace(hour=0) + timedelta(days=days), "rule": rule,
         "rule_version": 1, "stands": stands}
        for kind, rule, days, stands in found
    ]  # fmt: skip


def percentile(engine: Engine, work: Measured, rounds: int, clock: Callable[[], float]) -> float:
    """Return the 95th percentile in milliseconds, unit of work included, after some rounds to warm up."""
    return timed(partial(in_unit, engine, work), rounds, clock)


def in_unit(engine: Engine, work: Measured) -> None:
    with Reading(engine) as uow:
        work(uow)


def timed(work: Callable[[], object], rounds: int, clock: Callable[[], float]) -> float:
    """Return the 95th percentile in milliseconds, after some rounds to warm up."""
    taken = []
    for n in range(rounds + 5):
        start = clock()
        work()
        if n >= 5:
            taken.append((clock() - start) * 1000)
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
        rows = []
        for n in range(size):
            case = made_up(n, 1 + n % customers, dice)
            uow.cases.insert(case)
            uow.ledger.append(opened(case), stream=case.case_id, user="system", at=case.opened_at)
            rows += due_dates(case, n, random.Random(n))
        uow.commit()
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.execute(sa.insert(clocks), rows)
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.exec_driver_sql("ANALYZE")
    return engine


def opened(case: Case) -> CaseOpened:
    """Return the event by which a case begins."""
    at = canonical(case.opened_at)
    return CaseOpened(customer_id=case.customer_id, alerted_at=at, suspicion_at=at, suspect_identified=True)


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
