from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from casedesk.domain.alerts import Risk, risk_rank
from casedesk.domain.cases import AlertFigures, Case, CaseStatus, Disposition
from casedesk.domain.expected_value import value_rank
from casedesk.domain.transactions import Account
from casedesk.store.queue_reader import Filters, Sort, View
from casedesk.store.unit_of_work import Reading, Writing
from tests.scenes import begun
from tests.store.builders import NOON, bank, customer

EVERYTHING = Filters("ana", NOON, include_closed=True, sees_decisions=True)


def made_up(n: int, dice: random.Random) -> Case:
    """A case with few different days and severities, so that most rows tie on something."""
    status, disposition, owner = dice.choice(
        [
            (CaseStatus.NEW, Disposition.NONE, ""),
            (CaseStatus.NEW, Disposition.NONE, ""),
            (CaseStatus.IN_REVIEW, Disposition.NONE, "ana"),
            (CaseStatus.IN_REVIEW, Disposition.NONE, "ben"),
            (CaseStatus.IN_REVIEW, Disposition.ESCALATE, ""),
            (CaseStatus.IN_REVIEW, Disposition.SAR, "ben"),
            (CaseStatus.CLOSED, Disposition.NO_SAR, "ana"),
            (CaseStatus.CLOSED, Disposition.SAR, "ben"),
        ]
    )
    at = NOON - timedelta(days=dice.choice([0, 10, 23, 24, 25, 40]))
    return Case(
        case_id=f"C-26-{n:05}",
        customer_id=f"CU-{1 + n % 3:05}",
        status=status,
        owner=owner,
        disposition=disposition,
        version=1,
        opened_at=at,
        alerted_at=at,
        suspicion_at=at,
        suspicion_event=1,
        suspicion_moved=False,
        suspect_identified=dice.random() < 0.8,
        alerts=(AlertFigures("A", dice.choice(["velocity", "structuring"]), dice.choice([10, 30, 80]), 100, 1),),
    )


@pytest.fixture
def many(engine: Engine) -> tuple[Engine, list[Case]]:
    return engine, begun(engine, ninety)


def ninety(engine: Engine) -> list[Case]:
    return insert(engine, 90)


def insert(engine: Engine, count: int) -> list[Case]:
    dice = random.Random(7)
    cases = [made_up(n, dice) for n in range(1, count + 1)]
    with Writing(engine) as uow:
        bank(uow)
        for case in dice.sample(cases, len(cases)):
            uow.cases.insert(case)
        uow.commit()
    return cases


ORDERS: dict[Sort, Callable[[Case], Any]] = {
    Sort.URGENCY: lambda c: (c.clock.due_at, risk_rank(c.severity), c.case_id),
    Sort.RISK: lambda c: (risk_rank(c.severity), c.clock.due_at, c.case_id),
    Sort.VALUE: lambda c: (value_rank(c.severity, c.amount_minor, c.clock.due_at), c.clock.due_at, c.case_id),
    Sort.NEWEST: lambda c: (-c.opened_at.timestamp(), [-ord(letter) for letter in c.case_id]),
}

VIEWS: dict[View, Callable[[Case], bool]] = {
    View.MINE: lambda c: c.owner == "ana",
    View.UNASSIGNED: lambda c: c.owner == "" and c.disposition is Disposition.NONE,
    View.DUE_SOON: lambda c: NOON <= c.clock.due_at < NOON + timedelta(days=7),
    View.OVERDUE: lambda c: c.clock.due_at < NOON,
    View.AWAITING: lambda c: c.disposition is Disposition.SAR,
    View.ESCALATED: lambda c: c.disposition is Disposition.ESCALATE,
    View.ALL: lambda c: True,
}


def is_open(case: Case) -> bool:
    return case.status is not CaseStatus.CLOSED


def ids(engine: Engine, filters: Filters, start: int = 0, limit: int = 500) -> list[str]:
    with Reading(engine) as uow:
        return [row.case_id for row in uow.queue.page(filters, start=start, limit=limit)]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_from_keys_are_the_slices_of_the_whole_order(many: tuple[Engine, list[Case]], sort: Sort) -> None:
    engine, cases = many
    expected = [case.case_id for case in sorted(cases, key=ORDERS[sort])]
    filters = replace(EVERYTHING, sort=sort)
    for size in (7, 25, 500):
        pages = [ids(engine, filters, start, size) for start in range(0, 98, size)]
        assert [case_id for page in pages for case_id in page] == expected
    assert ids(engine, filters, 90) == []
    assert ids(engine, filters, 89) == expected[-1:]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("view", list(View))
def test_every_view_lists_its_cases_in_every_order(many: tuple[Engine, list[Case]], view: View, sort: Sort) -> None:
    engine, cases = many
    wanted = [c for c in cases if is_open(c) and VIEWS[view](c)]
    assert wanted, "a view without a case shows nothing"
    filters = Filters("ana", NOON, view=view, sort=sort, sees_decisions=True)
    assert ids(engine, filters) == [case.case_id for case in sorted(wanted, key=ORDERS[sort])]
    assert ids(engine, filters, 3, 4) == [case.case_id for case in sorted(wanted, key=ORDERS[sort])][3:7]


def test_the_counters_count_the_views_whatever_else_is_filtered(many: tuple[Engine, list[Case]]) -> None:
    engine, cases = many
    with Reading(engine) as uow:
        counters = uow.queue.counters(replace(EVERYTHING, search="nobody", typology="velocity"))
    assert counters == {view: sum(is_open(c) and VIEWS[view](c) for c in cases) for view in View}


def test_the_counters_are_counted_from_indexes_alone(sqlite_engine: Engine) -> None:
    insert(sqlite_engine, 90)
    plans: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if "count(*)" in statement:
            asked = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(asked.fetchall()[0][-1])

    sa.event.listen(sqlite_engine, "before_cursor_execute", explain)
    with Reading(sqlite_engine) as uow:
        uow.queue.counters(EVERYTHING)
    assert len(plans) == len(View)
    assert [plan for plan in plans if "COVERING INDEX" not in plan] == []


def test_who_may_not_know_is_not_told_how_many_wait_for_approval(many: tuple[Engine, list[Case]]) -> None:
    engine, _ = many
    with Reading(engine) as uow:
        counters = uow.queue.counters(Filters("ana", NOON))
    assert View.AWAITING not in counters


@pytest.mark.parametrize(
    ("changed", "keeps"),
    [
        ({"status": "New"}, lambda c: c.status is CaseStatus.NEW),
        ({"status": "Closed"}, lambda c: c.status is CaseStatus.CLOSED),
        (
            {"status": "In Review"},
            lambda c: c.status is CaseStatus.IN_REVIEW and c.disposition is not Disposition.SAR,
        ),
        ({"status": "In Review", "sees_decisions": False}, lambda c: c.status is CaseStatus.IN_REVIEW),
        ({"status": "Awaiting approval"}, lambda c: is_open(c) and c.disposition is Disposition.SAR),
        ({"owner": "ben"}, lambda c: c.owner == "ben"),
        ({"owner": "-"}, lambda c: c.owner == ""),
        ({"risk": Risk.HIGH}, lambda c: c.severity == 80),
        ({"typology": "velocity"}, lambda c: c.typology == "velocity"),
        ({"include_closed": False}, is_open),
        ({"search": "c-26-0000"}, lambda c: c.case_id < "C-26-00010"),
        ({"search": "AC-00002"}, lambda c: c.customer_id == "CU-00002"),
        ({"search": " CU-00003 "}, lambda c: c.customer_id == "CU-00003"),
        ({"search": "cUSTOMER 1"}, lambda c: c.customer_id == "CU-00001"),
        ({"search": "ustomer 1", "owner": "-"}, lambda c: c.customer_id == "CU-00001" and c.owner == ""),
        ({"search": "' OR 1=1 --"}, lambda c: False),
    ],
)
def test_filters_keep_what_they_say(
    many: tuple[Engine, list[Case]], changed: dict[str, Any], keeps: Callable[[Case], bool]
) -> None:
    engine, cases = many
    filters = replace(EVERYTHING, **changed)
    expected = sorted((c for c in cases if keeps(c)), key=ORDERS[Sort.URGENCY])
    assert ids(engine, filters) == [case.case_id for case in expected]
    with Reading(engine) as uow:
        assert uow.queue.count(filters) == len(expected)
        assert list(uow.queue.ids(filters)) == [case.case_id for case in expected]


NAMES = ["100% Cash", "1000 Cash", "A_B Ltd", "AxB Ltd", "[brackets] Inc", "b Inc", "a/b", "École Zürich", "ŁÓDŹ Sp."]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100%", ["100% Cash"]),
        ("a_b", ["A_B Ltd"]),
        ("[brackets]", ["[brackets] Inc"]),
        ("[b]", []),
        ("a/b", ["a/b"]),
        ("%", ["100% Cash"]),
        ("_", ["A_B Ltd"]),
        ("éCOLE", ["École Zürich"]),
        ("zÜrich", ["École Zürich"]),
        ("łódź", ["ŁÓDŹ Sp."]),
        ("\\", []),
    ],
)
def test_a_search_takes_every_sign_for_itself(engine: Engine, text: str, found: list[str]) -> None:
    dice = random.Random(1)
    with Writing(engine) as uow:
        bank(uow, 0)
        uow.parties.put_customers([customer(n, name) for n, name in enumerate(NAMES, start=1)])
        for n in range(1, len(NAMES) + 1):
            uow.cases.insert(replace(made_up(n, dice), customer_id=f"CU-{n:05}"))
        uow.commit()
    with Reading(engine) as uow:
        assert sorted(row.customer for row in uow.queue.page(replace(EVERYTHING, search=text))) == sorted(found)


def test_an_external_account_leads_to_no_case(many: tuple[Engine, list[Case]]) -> None:
    engine, _ = many
    with Writing(engine) as uow:
        uow.parties.put_accounts([Account("EXT-1", "", "A Shop")])
        uow.commit()
    assert ids(engine, replace(EVERYTHING, search="EXT-1")) == []


def test_the_next_unassigned_is_the_most_urgent_that_is_new(many: tuple[Engine, list[Case]]) -> None:
    engine, cases = many
    new = sorted((c for c in cases if c.status is CaseStatus.NEW), key=ORDERS[Sort.URGENCY])
    with Reading(engine) as uow:
        assert uow.queue.next_unassigned() == new[0].case_id
        assert uow.queue.next_unassigned([new[0].case_id, new[1].case_id]) == new[2].case_id
        assert uow.queue.next_unassigned([case.case_id for case in new]) == ""
        mine = [c.clock.due_at for c in cases if c.owner == "ana" and is_open(c)]
        assert uow.queue.next_due("ana") == min(mine)
        assert uow.queue.next_due("nobody") is None
        assert uow.queue.typologies() == ("structuring", "velocity")


def test_a_line_shows_the_case_with_its_customer_and_owner(many: tuple[Engine, list[Case]]) -> None:
    engine, cases = many
    case = next(c for c in cases if c.owner == "ana")
    with Reading(engine) as uow:
        (row,) = uow.queue.rows([case.case_id])
    assert (row.customer, row.owner, row.owner_name) == (f"Customer {int(case.customer_id[-1])}", "ana", "Ana Lima")
    assert (row.due_at, row.opened_at, row.severity) == (case.clock.due_at, case.opened_at, case.severity)
    assert (row.status, row.disposition, row.alert_count) == (case.status.value, case.disposition.value, 1)
