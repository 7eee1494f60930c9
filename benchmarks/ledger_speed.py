"""How fast the ledger is written and verified, as ratios to a named baseline of the same run.

Usage: python benchmarks/ledger_speed.py [--events 200000] [--appends 200] [--postgres]
Prints a Markdown table. Figures of one run compare with each other, not with those of another machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casedesk.bootstrap import collect_seldom
from casedesk.domain import events
from casedesk.domain.alerts import Alert
from casedesk.domain.events import Event
from casedesk.domain.history import Folding, freeze
from casedesk.domain.moments import canonical
from casedesk.domain.verification import Verdict, Verifier
from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.known_tips import known_tips
from casedesk.store.tables import case_events
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, attached, bank, note, open_case, step

EVENTS_A_CASE = 10


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=200_000)
    options.add_argument("--appends", type=int, default=200)
    options.add_argument("--postgres", action="store_true", help="also on a PostgreSQL started for it, with fsync on")
    given = options.parse_args()
    collect_seldom()  # as every process does that opens a desk
    print("| Measured | Figure | Baseline of the same run | Ratio |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as folder:
        engine = make_engine(f"sqlite:///{folder}/append.db")
        schema.upgrade(engine)
        appends("SQLite file, fsync at each commit", engine, given.appends)
        engine.dispose()
        engine = make_engine(f"sqlite:///{folder}/verify.db")
        schema.upgrade(engine)
        verification(engine, given.events)
        engine.dispose()
    if given.postgres:
        from tests.postgres_server import PostgresServer

        server = PostgresServer(durable=True)
        try:
            engine = make_engine(server.url("postgres"))
            schema.upgrade(engine)
            appends("PostgreSQL 18, fsync on", engine, given.appends)
            engine.dispose()
        finally:
            server.stop()


def appends(name: str, engine: Engine, times: int) -> None:
    """Compare a step on a case with inserting the same event row, each in a transaction of its own.

    The step locks the head, links and hashes the event, saves the case over the version that was seen, and moves the head.
    Where nobody else wrote since, the end of the case's chain is known; else it is asked for. The baseline puts the same
    columns into a table of the same shape and commits.
    """
    bare = case_events.to_metadata(sa.MetaData(), name="bare_events")
    bare.indexes.clear()  # the one there is holds none of these rows, and its name is taken
    for constraint in bare.constraints:
        constraint.name = None  # the copied names are taken
    with Writing(engine) as uow:
        bank(uow, 1)
        case = open_case(uow, alert(1))
        row = uow.ledger.append(note(), stream="DESK", user="ana", at=NOON)
        uow.commit()
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        bare.create(connection)
    insert = sa.insert(bare)
    values = row._asdict()
    done = [case]
    count = [0]

    def one_insert() -> None:
        count[0] += 1
        values.update(event_id=count[0], case_seq=count[0], prev_hash=f"{count[0]:064x}")
        with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
            connection.execute(insert, values)

    def one_step() -> None:
        with Writing(engine) as uow:
            done[0] = step(uow, done[0], note(), "ana")
            uow.commit()

    def one_step_after_others() -> None:
        known_tips(engine).remember({}, {}, "")
        one_step()

    inserts, *steps = alternating(times, one_insert, one_step, one_step_after_others)
    for who, taken in zip(("", ", after another process wrote"), steps, strict=True):
        print(
            f"| Append with state change{who}, {name} | {taken * 1000:.2f} ms, {1 / taken:,.0f}/s "
            f"| bare insert of the same row and commit: {inserts * 1000:.2f} ms, {1 / inserts:,.0f}/s "
            f"| **{inserts / taken:.2f}** |"
        )


def alternating(times: int, *works: Callable[[], None]) -> list[float]:
    """Return the median seconds of each, measured in turn so that a busy moment hits all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for round_ in range(times + 20):
        for work, into in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            if round_ >= 20:
                into.append(time.perf_counter() - start)
    return [statistics.median(one) for one in taken]


def verification(engine: Engine, wanted: int) -> None:
    """Verify a ledger of cases with alerts, notes and decisions, read from the database, on one core.

    By the clock, and by the processor time of this process, which is all that the database takes, too: SQLite runs in it.
    """
    fill(engine, wanted)
    begun = _Moment.now()
    with Reading(engine) as uow:
        read = sum(1 for _ in uow.ledger.everything())
    reading = _Moment.now() - begun

    begun = _Moment.now()
    with Reading(engine) as uow:
        verifier = Verifier()
        verifier.check_all(uow.ledger.everything())
        events_done = _Moment.now()
        head = uow.ledger.head()
        verifier.check_head(head.size, head.root, head.frontier)
        for case_id, columns in uow.cases.projections():
            verifier.check_case(case_id, columns)
        cases_done = _Moment.now()
        for case_id, alert_id, digest in uow.alerts.projections():
            verifier.check_alert(case_id, alert_id, digest)
        verifier.check_complete()
    alerts_done = _Moment.now()
    report = verifier.report()
    assert report.verdict is Verdict.VERIFIED, report.sentence()
    assert report.events == read
    for name, end in (
        ("events: hashes, columns, chains, tree, replay", events_done),
        ("and the rows of the cases compared", cases_done),
        ("and the alerts with their evidence", alerts_done),
    ):
        taken = end - begun
        print(
            f"| Verify {read:,} events of {report.cases:,} cases, {name} "
            f"| {taken.clock:.2f} s, {read / taken.clock:,.0f} events/s; {read / taken.processor:,.0f} a second of processor time "
            f"| the same rows only read: {reading.clock:.2f} s | {reading.processor / taken.processor:.2f} |"
        )


class _Moment(NamedTuple):
    """Seconds, by the clock and of the processor."""

    clock: float
    processor: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, earlier: _Moment) -> _Moment:
        return _Moment(self.clock - earlier.clock, self.processor - earlier.processor)


def fill(engine: Engine, wanted: int) -> None:
    """Write the ledger's rows and, once for each case, the state they add up to."""
    cases = wanted // EVENTS_A_CASE
    with Writing(engine) as uow:
        bank(uow, 1)
        uow.commit()
    for start in range(0, cases, 1000):
        numbers = range(start, min(start + 1000, cases))
        found = {f"C-26-{n:05}": replace(alert(1), alert_id=f"A-{n:07}", case_id=f"C-26-{n:05}") for n in numbers}
        with Writing(engine) as uow:
            for case_id, one in found.items():
                folding = Folding(case_id)
                for event, user in life(one):
                    row = uow.ledger.append(event, stream=case_id, user=user, at=NOON)
                    folding.add(row, row.data)
                uow.cases.insert(freeze(folding))
            uow.alerts.insert(list(found.values()))
            uow.commit()


def life(one: Alert) -> Iterator[tuple[Event, str]]:
    """Ten events of one case."""
    start = canonical(NOON)
    opening = events.CaseOpened(
        customer_id=one.customer_id, alerted_at=start, suspicion_at=start, suspect_identified=True
    )
    yield opening, "system"
    yield attached(one), "system"
    yield events.CaseTaken(owner="ana", via="app"), "ana"
    for k in range(5):
        yield note(f"Note {k}: the customer’s branch was called about the deposits of {one.alert_id}."), "ana"
    yield events.DispositionSet(disposition="SAR", approval="required", via="app", notes="Structured cash."), "ana"
    yield events.DispositionApproved(maker="ana", via="app"), "mara"


if __name__ == "__main__":
    main()
