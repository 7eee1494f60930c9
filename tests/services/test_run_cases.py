"""What a run makes of many cases at once is what it would have made of them one by one, in a few statements."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.detection.reconcile import Grown, Lapsed, Reconciliation
from casedesk.domain import events
from casedesk.domain.alerts import Alert, alert_id
from casedesk.domain.cases import Disposition
from casedesk.domain.deadlines import CASH_RULE
from casedesk.domain.events import Event
from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.domain.verification import Verdict
from casedesk.services import intake, policies, run_cases, steps
from casedesk.store import case_store, clock_store, ledger_store
from casedesk.store.case_store import StaleCase
from casedesk.store.engines import make_engine
from casedesk.store.known_tips import known_tips
from casedesk.store.run_store import Run
from casedesk.store.tables import cases
from casedesk.store.unit_of_work import Writing
from tests.builders import START, Move, TestDesk
from tests.databases import Kind

#: An alert's transactions at first, and with what comes later.
FIRST, LATER = ("a", "b"), ("a", "b", "c")
RULES = ("structuring", "velocity", CASH_RULE, "geography")


def found(customer: int, rule: str, run_id: str, at: datetime, *parts: str, severity: int = 60) -> Alert:
    ids = tuple(f"T-{customer:03}-{RULES.index(rule)}{part}" for part in parts or FIRST)
    account = f"K-{customer:03}/1"
    return Alert(
        alert_id=alert_id(rule, account, ids[0]),
        rule=rule,
        rule_version="1",
        parameters="{}",
        customer_id=f"K-{customer:03}",
        account_id=account,
        window_start=START,
        window_end=START + timedelta(minutes=len(ids)),
        transaction_ids=ids,
        amount_minor=900_000 * len(ids),
        severity=severity,
        sentence=f"{len(ids)} payments of {severity}.",
        run_id=run_id,
        raised_at=at,
    )


def bank(desk: TestDesk, customers: range) -> None:
    """Let the desk know customers with an account each, and all payments that alerts of them may be about."""
    desk.hire(Role.ANALYST, "ann")
    desk.hire(Role.MANAGER, "mia", "max")
    for number in customers:
        desk.customer(f"K-{number:03}")
    desk.book(
        Move(f"T-{number:03}-{rule}{part}", 10 * rule, 900_000, to_account=f"K-{number:03}/1")
        for number in customers
        for rule in range(len(RULES))
        for part in LATER
    )


Storing = Callable[[Writing, Sequence[Alert], Reconciliation, str, Person, datetime], tuple[int, int]]


def ran(desk: TestDesk, storing: Storing, run_id: str, new: Sequence[Alert], **plan: Any) -> tuple[int, int]:
    """Store what a run found, as a run does in a process that has written nothing yet."""
    known_tips(desk.engine).remember({}, {}, "")
    with desk.writing() as uow:
        uow.runs.add(Run(run_id, desk.at(), None, "0" * 64, "{}", "0" * 64, "test", 0, len(new), 0))
        done = storing(uow, new, Reconciliation(**{"new": tuple(new), "grown": (), "unchanged": (), "absorbed": ()} | plan),
                       run_id, SYSTEM, desk.now)  # fmt: skip
        uow.ledger.append(
            events.PersonAdded(user_id="x", role="QA", active=True), stream="DESK", user="mia", at=desk.now
        )
        uow.commit()
    return done


def one_by_one(
    uow: Writing, new: Sequence[Alert], plan: Reconciliation, run_id: str, actor: Person, at: datetime
) -> tuple[int, int]:
    """Do what a run does by single steps on single cases, each read before it and stored after it."""
    uow.alerts.insert(new)
    opened = joined = 0
    for customer_id in dict.fromkeys(alert.customer_id for alert in new):
        alerts = [alert for alert in new if alert.customer_id == customer_id]
        if case_id := uow.cases.open_of(customer_id):
            for alert in alerts:
                intake.attach(uow, uow.cases.get(case_id), alert, actor, at)
            joined += 1
        else:
            intake.start_case(uow, alerts, actor, at)
            opened += 1

    def step(case_id: str, event: Event) -> None:
        if case_id:
            steps.record(uow, uow.cases.get(case_id), event, actor, at)

    for kind, changed in ((events.AlertGrown, [one.alert for one in plan.grown]), (events.AlertRevised, plan.revised)):
        for now in changed:
            (was,) = uow.alerts.get_many([now.alert_id])
            alert = replace(now, customer_id=was.customer_id)
            uow.alerts.grow([(was, alert)])
            step(alert.case_id, intake.told(kind, alert))
    for one in plan.lapsed:
        uow.alerts.lapse([one.alert_id], run_id)
        step(one.case_id, events.AlertLapsed(alert_id=one.alert_id, rule=one.rule, run_id=run_id, by=one.by))
    return opened, joined


def two_runs(desk: TestDesk, storing: Storing) -> list[tuple[int, int]]:
    """Let a run open cases; let people work on some; let another run open more, join some, and tell of alerts that were there."""
    bank(desk, range(12))
    first = [found(n, rule, "R-1", desk.now, severity=50 + n) for n in range(8) for rule in RULES[: 1 + n % 3]]
    done = [ran(desk, storing, "R-1", [alert for alert in first if alert.customer_id != "K-007"])]
    with desk.writing() as uow:
        uow.runs.add(Run("R-0", desk.at(), None, "0" * 64, "{}", "0" * 64, "test", 0, 1, 0))
        uow.alerts.insert([replace(first[-1], run_id="R-0")])  # of K-007, and no case has it
        homes = {customer: uow.cases.open_of(customer) for customer in (f"K-{n:03}" for n in range(12))}
        uow.commit()
    desk.take("ann", homes["K-001"])
    desk.take("ann", homes["K-002"])
    desk.decide("ann", homes["K-002"], Disposition.NO_SAR)  # closed, so that what comes opens another case
    desk.note("ann", homes["K-004"])
    tighter(desk)  # for cases that are opened from now on
    at, alerts = desk.at(), {(alert.customer_id, alert.rule): alert for alert in first}

    def known(n: int, rule: str, *parts: str, severity: int) -> Alert:
        stored = alerts[f"K-{n:03}", rule]
        now = found(n, rule, "R-2", at, *parts, severity=severity)
        return replace(now, case_id="" if n == 7 else homes[stored.customer_id], customer_id="K-011")

    new = [
        *(found(n, "velocity", "R-2", at, severity=70 - n) for n in (9, 3, 0, 10)),
        *(found(n, CASH_RULE, "R-2", at, severity=99) for n in (10, 1, 4)),
        found(2, "geography", "R-2", at),
    ]
    grown = [known(5, CASH_RULE, *LATER, severity=88), known(1, "structuring", *LATER, severity=20),
             known(7, "velocity", *LATER, severity=61)]  # fmt: skip
    revised = (known(4, "velocity", "a", severity=10), known(5, "structuring", *FIRST, severity=3))
    lapsed = [(5, "velocity", ""), (6, "structuring", grown[0].alert_id), (4, "structuring", "")]
    done.append(
        ran(
            desk,
            storing,
            "R-2",
            new,
            grown=tuple(Grown(alert, alert.transaction_ids[2:]) for alert in grown),
            revised=revised,
            lapsed=tuple(
                Lapsed(alerts[f"K-{n:03}", rule].alert_id, homes[f"K-{n:03}"], rule, by) for n, rule, by in lapsed
            ),
        )
    )
    return done


def tighter(desk: TestDesk) -> None:
    """Give the bank a policy of its own."""
    who: Iterator[dict[str, Any]] = (
        {"uow": desk.writing(), "actor": desk.people[name], "at": desk.at()} for name in ("mia", "max")
    )
    proposal = policies.propose(
        **next(who),
        name="sar_days_suspect_known",
        value=21,
        valid_from=START.date(),
        source="Board",
        reason="Nine days are left for the filing.",
    )
    policies.put_in_force(**next(who), proposal=proposal.event_id)


@contextmanager
def desks(kind: Kind, number: int) -> Iterator[list[TestDesk]]:
    """Give empty desks, all of one kind of database."""
    addresses = [kind.fresh() for _ in range(number)]
    engines = [make_engine(address) for address in addresses]
    try:
        yield [TestDesk(engine) for engine in engines]
    finally:
        for engine, address in zip(engines, addresses, strict=True):
            engine.dispose()
            kind.drop(address)


@pytest.mark.parametrize("together", [500, 2])
def test_what_is_stored_is_what_single_steps_on_single_cases_would_store(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    dumps, done = [], []
    with desks(kind, 2) as both:
        for desk, storing in zip(both, (one_by_one, run_cases.store), strict=True):
            numbers = itertools.count()
            monkeypatch.setattr(
                "casedesk.store.ledger_store.secrets.token_hex",
                lambda size, numbers=numbers: sha256(str(next(numbers)).encode()).hexdigest()[: 2 * size],
            )
            if storing is run_cases.store:
                monkeypatch.setattr(case_store, "CHUNK", together)
                monkeypatch.setattr(ledger_store, "CHUNK", together)
                monkeypatch.setattr(clock_store, "_TOGETHER", together)
            done.append(two_runs(desk, storing))
            assert desk.verify().verdict is Verdict.VERIFIED
            dumps.append(desk.dump())
    assert done == [[(7, 0), (3, 4)]] * 2
    assert len(dumps[0]["clocks"]) > 3
    assert dumps[1] == dumps[0]


class _Heard(sqlite3.Cursor):
    """Counts what is sent to SQLite."""

    sent = 0

    def execute(self, *statement: Any) -> Any:
        _Heard.sent += 1
        return super().execute(*statement)

    def executemany(self, *statement: Any) -> Any:
        _Heard.sent += 1
        return super().executemany(*statement)


class _Hearing(sqlite3.Connection):
    def cursor(self, *_: Any) -> Any:
        return super().cursor(_Heard)


class _HeardByPostgres(psycopg.Cursor[Any]):
    """Counts the trips to PostgreSQL."""

    def execute(self, *statement: Any, **how: Any) -> Any:
        _Heard.sent += 1
        return super().execute(*statement, **how)

    def executemany(self, *statement: Any, **how: Any) -> None:
        _Heard.sent += 1
        super().executemany(*statement, **how)


def heard(engine: Engine) -> None:
    """Count from now on what the engine's connections send."""

    @sa.event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options |= {"factory": _Hearing} if dialect.name == "sqlite" else {"cursor_factory": _HeardByPostgres}


def test_ten_times_the_alerts_take_no_more_statements(kind: Kind) -> None:
    sent = []
    with desks(kind, 2) as both:
        for desk, size in zip(both, (15, 150), strict=True):
            if desk.engine.dialect.name == "mssql":
                pytest.skip(
                    "SQL Server's drivers do not count what a batch changes, so there cases are stored one by one"
                )
            heard(desk.engine)
            bank(desk, range(size))
            first = [found(n, "structuring", "R-1", desk.now) for n in range(size // 3 * 2)]
            ran(desk, run_cases.store, "R-1", first)
            with desk.reading() as uow:
                homes = {alert.alert_id: alert.case_id for alert in uow.alerts.everything()}
            at, third = desk.at(), size // 3
            new = [found(n, CASH_RULE, "R-2", at) for n in range(third, size)]  # two thirds, half of them join
            grown = [found(n, "structuring", "R-2", at, *LATER) for n in range(third)]
            grown = [replace(alert, case_id=homes[alert.alert_id]) for alert in grown]
            lapsed = [Lapsed(one.alert_id, homes[one.alert_id], one.rule, "") for one in first[third:]]
            before = _Heard.sent
            done = ran(desk, run_cases.store, "R-2", new, lapsed=tuple(lapsed),
                       grown=tuple(Grown(alert, alert.transaction_ids[2:]) for alert in grown))  # fmt: skip
            sent.append(_Heard.sent - before)
            assert done == (third, third)
            assert len(new) + len(grown) + len(lapsed) == 4 * third
    assert sent[0] <= 35
    assert sent[1] == sent[0]


@pytest.mark.parametrize("further", [1, 7])
def test_a_case_that_changes_meanwhile_is_named_and_nothing_is_stored(
    any_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, further: int
) -> None:
    desk = any_desk
    bank(desk, range(6))
    ran(desk, run_cases.store, "R-1", [found(n, "structuring", "R-1", desk.now) for n in range(4)])
    with desk.reading() as uow:
        case_id = uow.cases.open_of("K-002")
    before, real = desk.dump(), steps.Together.save
    # one version further is what the run makes of the case itself
    change = sa.update(cases).where(cases.c.case_id == case_id).values(version=cases.c.version + further)

    def after_another(self: steps.Together) -> None:
        self._uow.cases._connection.execute(change)
        real(self)

    monkeypatch.setattr(steps.Together, "save", after_another)
    at = desk.at()
    with pytest.raises(StaleCase, match=f"^Case {case_id} changed since you opened it. its row was replaced"):
        ran(desk, run_cases.store, "R-2", [found(n, "velocity", "R-2", at) for n in range(6)])
    assert desk.dump() == before
    monkeypatch.undo()
    assert ran(desk, run_cases.store, "R-2", [found(n, "velocity", "R-2", at) for n in range(6)]) == (2, 4)
    assert desk.verify().verdict is Verdict.VERIFIED
