"""A desk under test: people, customers, alerts and cases, walked to where a test begins, all through the services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.alerts import Alert
from casedesk.domain.alerts import alert_id as alert_id_of
from casedesk.domain.cases import Case, Disposition, Stage
from casedesk.domain.casework import CHECKLIST, Review
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.domain.verification import Report
from casedesk.services import assignment, audit, decisions, intake, people, quality
from casedesk.store.run_store import Run
from casedesk.store.tables import metadata
from casedesk.store.unit_of_work import Reading, Writing

#: When every test starts. The microseconds are there because a database that rounds them must be found out.
START = datetime(2026, 7, 1, 9, 0, 0, 123457, tzinfo=UTC)

RATIONALE = "Salary of two employers; the deposits match the pay slips on file."
NARRATIVE = (
    "Between 3 June and 5 June 2026 the customer made eleven cash deposits of just under 10,000 at four branches, "
    "together 104,500. The funds left within two hours by wire to a company abroad. The stated occupation does not "
    "explain the cash, and the customer declined to name its source."
)
PASS = Review(passed=True, checklist=frozenset(CHECKLIST), notes="")
FAIL = Review(
    passed=False, checklist=frozenset({"alerts"}), notes="The source of funds is not explained.", severity="Major"
)


@dataclass(frozen=True)
class Move:
    """One transaction in few words; ``minutes`` counts from the start of the test's clock."""

    transaction_id: str
    minutes: float
    amount_minor: int
    to_account: str = ""
    from_account: str = ""
    channel: str = "CASH"
    from_country: str = "US"
    to_country: str = "US"


class TestDesk:
    """Short words for a desk over one database. Its clock moves on by a second with every step."""

    __test__ = False

    def __init__(self, engine: Engine, start: datetime = START) -> None:
        self.engine = engine
        self.now = start
        self.alerts = 0
        self.people: dict[str, Person] = {"system": SYSTEM}
        #: What happened here so far, where it was nothing but scenes (tests/scenes.py), and when the last of them ended.
        self.scenes: tuple[Any, ...] = ()
        self.scenes_end = start

    # time, units of work, what is stored

    def at(self, **ahead: float) -> datetime:
        """Return the next moment, ``ahead`` further on."""
        self.now += timedelta(seconds=1, **ahead)
        return self.now

    def reading(self) -> Reading:
        return Reading(self.engine)

    def writing(self) -> Writing:
        return Writing(self.engine)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table but the runs' copy, to compare before with after."""
        with self.engine.connect() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
                for table in metadata.sorted_tables
                if table.name != "run_copies"
            }

    def tamper(self, statement: sa.Executable) -> None:
        """Change a row behind the desk's back."""
        with self.engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
            connection.execute(statement)

    def verify(self) -> Report:
        return audit.verify_database(uow=self.reading())

    def case(self, case_id: str) -> Case:
        with self.reading() as uow:
            return uow.cases.get(case_id)

    def stage(self, case_id: str) -> Stage:
        return self.case(case_id).stage

    def history(self, stream: str) -> tuple[Recorded, ...]:
        with self.reading() as uow:
            return uow.ledger.of(stream)

    def actions(self, stream: str) -> list[str]:
        return [event.action for event in self.history(stream)]

    def size(self) -> int:
        with self.reading() as uow:
            return uow.ledger.head().size

    # people, customers, alerts

    def hire(self, role: Role, *user_ids: str, active: bool = True) -> None:
        """Add people, or give those who are there another role."""
        for user_id in user_ids:
            person = Person(user_id, user_id.capitalize(), role, active)
            people.add(uow=self.writing(), actor=SYSTEM, at=self.at(), person=person)
            self.people[user_id] = person

    def staff(self) -> None:
        """Hire two of each: ann and ben, queenie and quentin, mia and max, and the auditor otto."""
        self.hire(Role.ANALYST, "ann", "ben")
        self.hire(Role.QA, "queenie", "quentin")
        self.hire(Role.MANAGER, "mia", "max")
        self.hire(Role.AUDITOR, "otto")

    def customer(self, customer_id: str = "K-1", name: str = "Kim Roe", accounts: Sequence[str] = ()) -> str:
        """Add a customer with accounts; without names given, one account ``<customer_id>/1``."""
        with self.writing() as uow:
            uow.parties.put_customers([Customer(customer_id, name, CustomerKind.PERSON, "US", since=date(2019, 5, 2))])
            uow.parties.put_accounts(
                [Account(a, customer_id, name, "First", "USD", "US") for a in accounts or [f"{customer_id}/1"]]
            )
            uow.commit()
        return customer_id

    def book(self, moves: Iterable[Move]) -> None:
        """Store transactions as an import does."""
        moves = list(moves)
        with self.writing() as uow:
            uow.transactions.insert_new(
                {
                    "transaction_id": [m.transaction_id for m in moves],
                    "booked_at": [int((START + timedelta(minutes=m.minutes)).timestamp() * 1e6) for m in moves],
                    "from_account": [m.from_account for m in moves],
                    "to_account": [m.to_account for m in moves],
                    "amount_minor": [m.amount_minor for m in moves],
                    "currency": ["USD"] * len(moves),
                    "received_minor": [m.amount_minor for m in moves],
                    "received_currency": ["USD"] * len(moves),
                    "base_minor": [m.amount_minor for m in moves],
                    "channel": [m.channel for m in moves],
                    "from_country": [m.from_country for m in moves],
                    "to_country": [m.to_country for m in moves],
                    "branch": [""] * len(moves),
                    "reference": [""] * len(moves),
                }
            )
            uow.commit()

    def alert(
        self, customer_id: str = "K-1", *, severity: int = 60, rule: str = "structuring", raised_at: datetime | None = None,
        sentence: str = "Five deposits within an hour, each under 10,000.",
    ) -> str:  # fmt: skip
        """Store an alert of two transactions that no case holds, and return its id."""
        self.alerts = number = self.alerts + 1
        account = f"{customer_id}/1"
        moves = [Move(f"T-{number}-{i}", 10 * number + i, 950_000, to_account=account) for i in (1, 2)]
        self.book(moves)
        at = raised_at or self.at()
        alert = Alert(
            alert_id=alert_id_of(rule, account, moves[0].transaction_id),
            rule=rule,
            rule_version="1",
            parameters="{}",
            customer_id=customer_id,
            account_id=account,
            window_start=START + timedelta(minutes=moves[0].minutes),
            window_end=START + timedelta(minutes=moves[1].minutes),
            transaction_ids=tuple(m.transaction_id for m in moves),
            amount_minor=sum(m.amount_minor for m in moves),
            severity=severity,
            sentence=sentence,
            run_id=f"R-test-{number}",
            raised_at=at,
        )
        with self.writing() as uow:
            uow.runs.add(Run(alert.run_id, at, None, "0" * 64, "{}", "0" * 64, "test", 2, 1, 0))
            uow.alerts.insert([alert])
            uow.commit()
        return alert.alert_id

    # steps on cases; who acts comes first, the seen version is the newest unless a test says otherwise

    def open(self, customer_id: str = "K-1", *, by: str = "system", severity: int = 60, **alert: Any) -> str:
        """Open a case of one new alert, and return its id."""
        found = self.alert(customer_id, severity=severity, **alert)
        return intake.open_case(uow=self.writing(), actor=self.people[by], at=self.at(), alert_ids=[found]).case_id

    def who(self, user_id: str, case_id: str, **ahead: float) -> dict[str, Any]:
        """Return the arguments that every step on a case takes."""
        return {
            "uow": self.writing(),
            "actor": self.people[user_id],
            "at": self.at(**ahead),
            "case_id": case_id,
            "seen_version": self.case(case_id).version,
        }

    def take(self, who: str, case_id: str) -> None:
        assignment.take(**self.who(who, case_id))

    def assign(self, who: str, case_id: str, to: str) -> None:
        assignment.assign(**self.who(who, case_id), to=to, reason="Yours.")

    def release(self, who: str, case_id: str) -> None:
        assignment.release(**self.who(who, case_id), reason="Leave.")

    def note(self, who: str, case_id: str, text: str = "Called the branch.") -> None:
        decisions.add_note(**self.who(who, case_id), text=text)

    def decide(self, who: str, case_id: str, what: Disposition, text: str = "", **ahead: float) -> None:
        text = text or {Disposition.NO_SAR: RATIONALE, Disposition.SAR: NARRATIVE}.get(what, "Too large for me.")
        decisions.set_disposition(**self.who(who, case_id, **ahead), disposition=what, text=text, base_currency="USD")

    def approve(self, who: str, case_id: str) -> None:
        decisions.approve(**self.who(who, case_id))

    def send_back(self, who: str, case_id: str, reason: str = "Name the branches.") -> None:
        decisions.send_back(**self.who(who, case_id), reason=reason)

    def reopen(self, who: str, case_id: str) -> None:
        decisions.reopen(**self.who(who, case_id), reason="A subpoena came in.")

    def review(self, who: str, case_id: str, form: Review = PASS) -> None:
        quality.review(**self.who(who, case_id), form=form)

    # whole ways

    def closed(
        self, customer_id: str = "K-1", *, maker: str = "ann", sar_approver: str = "", severity: int = 60
    ) -> str:
        """Walk a new case to its close: No SAR, or a SAR that ``sar_approver`` approves. Return its id."""
        case_id = self.open(customer_id, severity=severity)
        self.take(maker, case_id)
        self.decide(maker, case_id, Disposition.SAR if sar_approver else Disposition.NO_SAR)
        if sar_approver:
            self.approve(sar_approver, case_id)
        return case_id

    def awaiting(self, customer_id: str = "K-1", *, maker: str = "ann") -> str:
        """Walk a new case to where its SAR waits for approval."""
        case_id = self.open(customer_id)
        self.take(maker, case_id)
        self.decide(maker, case_id, Disposition.SAR)
        return case_id

    def escalated(self, customer_id: str = "K-1", *, maker: str = "ann") -> str:
        """Walk a new case into the managers' queue."""
        case_id = self.open(customer_id)
        self.take(maker, case_id)
        self.decide(maker, case_id, Disposition.ESCALATE)
        return case_id

    def dismiss(self, user_id: str) -> None:
        """Switch a person's access off."""
        person = replace(self.people[user_id], active=False)
        people.add(uow=self.writing(), actor=SYSTEM, at=self.at(), person=person)
        self.people[user_id] = person
