"""A small bank with a case in every state, built once through the services and copied for each test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from casedesk.bootstrap import Desk, open_desk, upgrade_database
from casedesk.domain.alerts import Alert, alert_id
from casedesk.domain.cases import Disposition
from casedesk.domain.casework import CHECKLIST, Review
from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.services import assignment, decisions, intake, people, quality
from casedesk.settings import Settings
from casedesk.store.run_store import Run

NOW = datetime.now(UTC).replace(microsecond=0)
NARRATIVE = "Between 24 October and 5 November the customer deposited cash below the threshold. " * 4
MARKUP = "<script>alert(1)</script> **bold** [link](http://elsewhere.example) =cmd|' /C calc'!A0"
PEOPLE = (
    Person("grace", "Grace Adeyemi", Role.ANALYST, True, "grace@bank.example"),
    Person("luis", "Luis Ferreira", Role.ANALYST, True, "luis@bank.example"),
    Person("tomasz", "Tomasz Wójcik", Role.ANALYST, True, "tomasz@bank.example"),
    Person("samir", "Samir Haddad", Role.QA, True, "samir@bank.example"),
    Person("marta", "Marta Kowalczyk", Role.MANAGER, True, "marta@bank.example"),
    Person("omar", "Omar Nasser", Role.MANAGER, True, "omar@bank.example"),
    Person("ines", "Ines Duarte", Role.AUDITOR, True, "ines@bank.example"),
    Person("piet", "Piet Gone", Role.ANALYST, False, "piet@bank.example"),
)
BY_ID = {person.user_id: person for person in PEOPLE}
NAMES = (
    "Northgate Currency & Remittance Services LLC",
    "Zażółć Gęślą Przedsiębiorstwo Usługowo-Handlowe Spółka z ograniczoną odpowiedzialnością",
    "<b>Bold</b> *star* [link](http://elsewhere.example)",
    *(f"Customer {number:02}" for number in range(3, 12)),
)


@dataclass(frozen=True)
class Bank:
    """Where the database is, and the case that stands in each state."""

    path: Path
    cases: dict[str, str]

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def desk(self) -> Desk:
        return open_desk(Settings(database_url=self.url, lock_timeout_seconds=1))


def build(path: Path) -> Bank:
    settings = Settings(database_url=f"sqlite:///{path}")
    upgrade_database(settings)
    desk = open_desk(settings)
    for person in PEOPLE:
        people.add(uow=desk.writing(), actor=SYSTEM, at=NOW - timedelta(days=60), person=person)
    alerts = _money(desk)
    cases = [
        intake.open_case(
            uow=desk.writing(),
            actor=SYSTEM,
            at=NOW - timedelta(days=20, hours=n),
            alert_ids=[a.alert_id for a in group],
        ).case_id
        for n, group in enumerate(alerts)
    ]
    named = dict(
        zip(("new", "second", "held", "awaiting", "escalated", "closed", "filed", "third", "luis", "old", "spare",
             "last"), cases, strict=True)
    )  # fmt: skip
    _work(desk, named)
    desk.close()
    return Bank(path, named)


def _money(desk: Desk) -> list[list[Alert]]:
    customers = [
        Customer(f"K-{n}", name, CustomerKind.BUSINESS, "US", "cash business", "", date(2019, 1, 2))
        for n, name in enumerate(NAMES)
    ]
    own = [Account(f"DDA-{n}", f"K-{n}", name, "0114", "USD", "US") for n, name in enumerate(NAMES)]
    others = [Account(f"X-{n}", "", f"Payee {n}", "0200", "USD", "VN" if n == 3 else "DE") for n in range(5)]
    rows: list[tuple[str, datetime, str, str, int, str, str, str]] = []
    for n in range(len(NAMES)):
        for k in range(12):
            at = NOW - timedelta(days=30 - k, hours=n)
            if k % 3:
                rows.append((f"T{n:02}{k:02}", at, "", f"DDA-{n}", 950_000 + k, "CASH", "US", "Branch 0127"))
            else:
                rows.append((f"T{n:02}{k:02}", at, f"DDA-{n}", f"X-{k % 5}", 120_000 + k, "WIRE", "DE", ""))
    with desk.writing() as uow:
        uow.parties.put_customers(customers)
        uow.parties.put_accounts(own + others)
        uow.transactions.insert_new(_columns(rows))
        uow.runs.add(Run("R-1", NOW, None, "0" * 64, "{}", "0" * 64, "duckdb", len(rows), len(NAMES) + 1, 0))
        alerts = [[_alert(n, "structuring", 80 - 7 * n, 8)] for n in range(len(NAMES))]
        alerts[2].append(_alert(2, "geography", 30, 3))
        uow.alerts.insert([alert for group in alerts for alert in group])
        uow.commit()
    return alerts


def _columns(rows: list[tuple[str, datetime, str, str, int, str, str, str]]) -> dict[str, list[object]]:
    return {
        "transaction_id": [row[0] for row in rows],
        "booked_at": [int(row[1].timestamp() * 1_000_000) for row in rows],
        "from_account": [row[2] for row in rows],
        "to_account": [row[3] for row in rows],
        **{name: [row[4] for row in rows] for name in ("amount_minor", "received_minor", "base_minor")},
        **{name: ["USD"] * len(rows) for name in ("currency", "received_currency")},
        "channel": [row[5] for row in rows],
        "from_country": ["US"] * len(rows),
        "to_country": [row[6] for row in rows],
        "branch": [row[7] for row in rows],
        "reference": [""] * len(rows),
    }


def _alert(n: int, rule: str, severity: int, size: int) -> Alert:
    ids = tuple(f"T{n:02}{k:02}" for k in range(size))
    start = NOW - timedelta(days=30, hours=n)
    return Alert(
        alert_id(rule, f"DDA-{n}", ids[0]), rule, "1", "{}", f"K-{n}", f"DDA-{n}", start, start + timedelta(days=size),
        ids, 950_000 * size, severity, f"{size} cash deposits below 10,000.00.", "R-1", NOW - timedelta(days=28 - 2 * n),
    )  # fmt: skip


def _work(desk: Desk, case: dict[str, str]) -> None:
    def take(who: str, name: str, hours: int) -> datetime:
        at = NOW - timedelta(days=10, hours=-hours)
        assignment.take(uow=desk.writing(), actor=BY_ID[who], at=at, case_id=case[name], seen_version=None)
        return at + timedelta(minutes=10)

    def decide(who: str, name: str, hours: int, what: Disposition, text: str) -> datetime:
        at = take(who, name, hours)
        decisions.set_disposition(
            uow=desk.writing(),
            actor=BY_ID[who],
            at=at,
            case_id=case[name],
            seen_version=None,
            disposition=what,
            text=text,
            base_currency="USD",
        )
        return at + timedelta(minutes=10)

    at = take("grace", "held", 0)
    decisions.add_note(
        uow=desk.writing(), actor=BY_ID["grace"], at=at, case_id=case["held"], seen_version=None, text=MARKUP
    )
    take("luis", "luis", 1)
    decide("luis", "awaiting", 2, Disposition.SAR, NARRATIVE)
    decide("luis", "escalated", 3, Disposition.ESCALATE, "A relative of a director is involved.")
    rationale = "Seasonal takings; the documents fit."
    decide("tomasz", "closed", 4, Disposition.NO_SAR, rationale)
    decide("grace", "old", 5, Disposition.NO_SAR, rationale)
    at = decide("luis", "filed", 6, Disposition.SAR, NARRATIVE)
    decisions.approve(uow=desk.writing(), actor=BY_ID["marta"], at=at, case_id=case["filed"], seen_version=None)
    quality.draw_sample(
        freeze=desk.writing(), uow=desk.writing(), actor=BY_ID["samir"], at=NOW - timedelta(days=1),
        period_from=(NOW - timedelta(days=30)).date(), period_to=(NOW - timedelta(days=1)).date(), rate_per_mille=1000,
        seed="5" * 64,
    )  # fmt: skip
    form = Review(True, frozenset(CHECKLIST), "")
    quality.review(uow=desk.writing(), actor=BY_ID["samir"], at=NOW, case_id=case["old"], seen_version=None, form=form)
