"""A small bank for the store's and the ledger's tests, built with the stores themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.engine import Engine

from casedesk.domain import events
from casedesk.domain.alerts import Alert, alert_digest, alert_id
from casedesk.domain.cases import Case
from casedesk.domain.events import Event
from casedesk.domain.history import after
from casedesk.domain.moments import canonical
from casedesk.domain.people import Person, Role
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.store.run_store import Run
from casedesk.store.transaction_store import COLUMNS
from casedesk.store.unit_of_work import Writing

#: Microseconds that DATETIME and a float would lose.
NOON = datetime(2026, 7, 1, 12, 0, 0, 123457, tzinfo=UTC)

ANA = Person("ana", "Ana Lima", Role.ANALYST, email="ana@bank.example")
BEN = Person("ben", "Ben Okoye", Role.ANALYST)
QUINN = Person("quinn", "Quinn Ito", Role.QA)
MARA = Person("mara", "Mara Weiß", Role.MANAGER)
PEOPLE = (ANA, BEN, QUINN, MARA)


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def customer(n: int, name: str = "") -> Customer:
    return Customer(f"CU-{n:05}", name or f"Customer {n}", CustomerKind.PERSON, "US", "retail", "", date(2020, 1, 31))


def account(n: int) -> Account:
    return Account(f"AC-{n:05}", f"CU-{n:05}", f"Customer {n}", "Desk Bank", "USD", "US", date(2021, 2, 28))


def transactions(ids: Sequence[str], **changed: Any) -> dict[str, list[Any]]:
    """Cash deposits into AC-00001, a minute apart; ``changed`` replaces a column."""
    size = len(ids)
    columns: dict[str, list[Any]] = {
        "transaction_id": list(ids),
        "booked_at": [micros(NOON) + 60_000_000 * i for i in range(size)],
        "from_account": [""] * size,
        "to_account": ["AC-00001"] * size,
        "amount_minor": [900_000 + i for i in range(size)],
        "currency": ["USD"] * size,
        "received_minor": [900_000 + i for i in range(size)],
        "received_currency": ["USD"] * size,
        "base_minor": [900_000 + i for i in range(size)],
        "channel": ["CASH"] * size,
        "from_country": ["US"] * size,
        "to_country": ["US"] * size,
        "branch": ["Main Street"] * size,
        "reference": ["deposit"] * size,
    }
    assert set(columns) == set(COLUMNS)
    return columns | changed


def alert(n: int, severity: int = 80, rule: str = "structuring") -> Alert:
    """An alert about customer ``n`` with three transactions as evidence, in no alphabetical order."""
    ids = (f"T-{n}-c", f"T-{n}-a", f"T-{n}-b")
    return Alert(
        alert_id=alert_id(rule, f"AC-{n:05}", ids[0]),
        rule=rule,
        rule_version="1",
        parameters='{"days":7}',
        customer_id=f"CU-{n:05}",
        account_id=f"AC-{n:05}",
        window_start=NOON,
        window_end=NOON + timedelta(minutes=2),
        transaction_ids=ids,
        amount_minor=2_700_003,
        severity=severity,
        sentence="Three cash deposits below 10,000 in two minutes.",
        run_id="R-1",
        raised_at=NOON + timedelta(hours=1, microseconds=n),
    )


def bank(uow: Writing, customers: int = 3) -> None:
    """Store people, customers, accounts, the evidence, a run and one alert for each customer. Nothing is committed."""
    for person in PEOPLE:
        uow.people.put(person)
    numbers = range(1, customers + 1)
    uow.parties.put_customers([customer(n) for n in numbers])
    uow.parties.put_accounts([account(n) for n in numbers])
    for n in numbers:
        ids = sorted(alert(n).transaction_ids)
        uow.transactions.insert_new(transactions(ids, to_account=[f"AC-{n:05}"] * 3))
    uow.runs.add(Run("R-1", NOON, None, "0" * 64, "{}", "f" * 64, "test", 3 * customers, customers, 0))
    uow.alerts.insert([alert(n) for n in numbers])


def open_case(uow: Writing, *alerts: Alert, at: datetime = NOON) -> Case:
    """Open a case from alerts of one customer."""
    opening = events.CaseOpened(
        customer_id=alerts[0].customer_id,
        alerted_at=canonical(NOON),
        suspicion_at=canonical(NOON),
        suspect_identified=True,
    )
    case_id = uow.cases.next_id(at.year)
    case = after(None, uow.ledger.append(opening, stream=case_id, user="system", at=at))
    uow.cases.insert(case)
    for one in alerts:
        uow.alerts.set_case([one.alert_id], case_id)
        case = step(uow, case, attached(one), "system", at)
    return case


def attached(one: Alert) -> events.AlertAttached:
    return events.AlertAttached(
        alert_id=one.alert_id,
        rule=one.rule,
        rule_version=one.rule_version,
        severity=one.severity,
        amount_minor=str(one.amount_minor),
        transactions=len(one.transaction_ids),
        digest=alert_digest(one),
        notes=one.sentence,
    )


def step(uow: Writing, case: Case, event: Event, user: str, at: datetime = NOON) -> Case:
    """Append an event and save what the case becomes, as every use case does."""
    changed = after(case, uow.ledger.append(event, stream=case.case_id, user=user, at=at))
    if changed.version != case.version:
        uow.cases.save(changed, over=case, alerts=event.action.startswith("alert_"))
    return changed


def note(text: str = "Called the branch.") -> events.NoteAdded:
    return events.NoteAdded(notes=text, via="app")


def whole_life(uow: Writing, case: Case) -> Case:
    """Walk a case through every kind of step and leave it closed as a SAR that QA passed."""
    later = [NOON + timedelta(days=day, microseconds=day) for day in range(1, 30)]
    story: Iterable[tuple[Event, str]] = (
        (events.CaseTaken(owner="ana", via="app"), "ana"),
        (note("First look; “quotes”, a comma, =1+1\r\nand a second line ✓ 🏦 e\u0301"), "ana"),
        (events.CaseHandedOver(owner="ben", previous="ana", via="app", notes="Holiday"), "ana"),
        (events.CaseReleased(previous="ben", via="app"), "ben"),
        (events.CaseAssigned(owner="ana", previous="", escalation=False, bulk="", via="app"), "mara"),
        (events.DispositionSet(disposition="Escalate", approval="required", via="app", notes="Too large"), "ana"),
        (events.CaseAssigned(owner="ana", previous="", escalation=False, bulk="B-1", via="app"), "mara"),
        (
            events.SuspicionMoved(
                suspicion_at=canonical(NOON - timedelta(days=3)),
                suspect_identified=False,
                previous=canonical(NOON),
                via="app",
                notes="Seen earlier",
            ),
            "ana",
        ),
        (events.DispositionSet(disposition="No SAR", approval="required", via="app", notes="Salary"), "ana"),
        (
            events.ReviewFailed(
                checklist=("alerts",), severity="Major", draw_id="", owner="ana", via="app", notes="Not his salary"
            ),
            "quinn",
        ),
        (events.DispositionSet(disposition="SAR", approval="required", via="app", notes="Structured cash."), "ana"),
        (events.DispositionReturned(maker="ana", via="app", notes="Name the branch"), "mara"),
        (events.DispositionSet(disposition="SAR", approval="required", via="app", notes="Structured at Main."), "ana"),
        (events.NarrativeRead(via="app"), "mara"),
        (events.DispositionApproved(maker="ana", via="app"), "mara"),
        (
            events.ReviewPassed(
                checklist=("alerts", "funds"), severity="Minor", draw_id="", via="app", notes="Good work"
            ),
            "quinn",
        ),
        (events.CaseExported(what="audit", sha256="a" * 64, via="app"), "mara"),
    )
    for (event, user), at in zip(story, later, strict=False):
        case = step(uow, case, event, user, at)
    return case


def filled(engine: Engine) -> None:
    """A committed bank with an untouched case, one at work, one with its whole life behind it, and desk events."""
    with Writing(engine) as uow:
        bank(uow, 4)
        open_case(uow, alert(1))
        step(uow, open_case(uow, alert(2)), events.CaseTaken(owner="ben", via="app"), "ben")
        whole_life(uow, open_case(uow, alert(3)))
        desk = events.PersonAdded(user_id="ana", role="Analyst", active=True)
        uow.ledger.append(desk, stream=events.DESK, user="system", at=NOON)
        uow.commit()
