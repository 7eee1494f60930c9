"""Fill a desk with a demo bank: import, detection and months of casework, all of it through the services."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from casedesk.bootstrap import Desk
from casedesk.domain.people import SYSTEM, Person
from casedesk.errors import CasedeskError, Conflict
from casedesk.services import advising, detecting, exporting, ingestion, people, quality, queue
from casedesk.services.audit import verify_database
from seeds import filings, governance, listing
from seeds.careers import Career, Diary, working_hour
from seeds.chance import Dice
from seeds.dataset import write_dataset
from seeds.staff import AUDITORS, BY_ID, MANAGERS, REVIEWERS, STAFF
from seeds.world import World, build_world

#: How many days ago detection ran in the demo bank: a week, so many that cases now fall due within days, and two months.
DAYS_AGO = (7, 26, 60)
#: The auditor comes so long before the demo bank opens, when everybody else has stopped.
LAST_LOOK = timedelta(minutes=30)

#: USD 5,000.00: below it a bank need not file (31 CFR 1020.320(a)(2)), and the demo desk's people mostly do not.
REPORTABLE = 500_000

Progress = Callable[[float, str], None]  # (share done, what is happening)


class NotEmpty(Conflict):
    """The desk holds cases already."""

    def __init__(self) -> None:
        super().__init__(
            "This desk holds cases already; the demo bank is only put into an empty one. "
            "Point CASEDESK_DATABASE_URL at a new database."
        )


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made."""

    customers: int
    transactions: int
    alerts: int
    cases: int
    events: int


def is_empty(desk: Desk) -> bool:
    """Say whether the desk has neither people nor cases."""
    with desk.reading() as uow:
        return not uow.people.all() and uow.ledger.head().size == 0


def build_demo(
    desk: Desk,
    *,
    customers: int = 400,
    days: int = 120,
    seed: int = 7,
    now: datetime,
    labels_dir: Path | None = None,
    progress: Progress | None = None,
) -> Demo:
    """Fill an empty desk as if a bank had used it for ``days`` days until ``now``.

    :param labels_dir: where the dataset with its labels is kept; a temporary folder when not given.
    :raises NotEmpty: if the desk is in use.
    """
    if not is_empty(desk):
        raise NotEmpty
    tell = progress or (lambda share, what: None)
    tell(0.0, "Making customers and transactions")
    world = build_world(customers=customers, days=days, seed=seed, end=now.date() - timedelta(days=1))
    with tempfile.TemporaryDirectory(prefix="casedesk-demo-") as temporary:
        folder = labels_dir or Path(temporary)
        write_dataset(world, folder)
        return _Story(desk, world, folder, Path(temporary), seed, now, tell).tell()


class _Story:
    """The months of the demo bank, one detection run after the other."""

    def __init__(
        self, desk: Desk, world: World, folder: Path, temporary: Path, seed: int, now: datetime, tell: Progress
    ) -> None:
        self.desk, self.world, self.folder, self.temporary, self.seed, self.now = (
            desk,
            world,
            folder,
            temporary,
            seed,
            now,
        )
        self.report = tell
        self.diary = Diary()
        self.dice = Dice("demo", seed)
        self.careers: dict[str, Career] = {}
        self.guilty = {label.transaction_id for label in world.labels}
        self.alerts = 0
        self.first = _instant(world.transactions[0].booked_at)

    def tell(self) -> Demo:
        start = datetime.combine(self.first.date(), time(6), UTC)
        for person in STAFF:
            people.add(uow=self.desk.writing(), actor=SYSTEM, at=start, person=person)
        for name in ("customers.csv", "accounts.csv"):
            self._import(self.folder / name, start)
        self._plan_quality(start)
        bounds = self._bounds(start)
        self._plan_governance(start, bounds)
        listing.load(self.desk, self.world, self.temporary, start + timedelta(hours=6))
        outbox = filings.Outbox(
            self.desk, self.diary, self.seed, self.now, rework=self._rework, look_into=self._look_into
        )
        outbox.plan(start)
        position = 0
        for number, bound in enumerate(bounds):
            self.report(0.1 + 0.85 * number / len(bounds), f"Living through {bound:%d %b %Y}")
            self.diary.run_until(bound)
            position = self._import_until(bound, position)
            self._detect(bound)
            if bound in bounds[-2:]:  # two runs, so that there is something to compare
                listing.score(self.desk, bound + timedelta(minutes=5))
        listing.model(self.desk, bounds[-1] + timedelta(minutes=6))
        self.diary.run_until(self.now - LAST_LOOK)
        self._hand_in(self.now - LAST_LOOK)
        self._look_around()
        self.report(0.97, "Verifying the ledger")
        report = verify_database(uow=self.desk.reading())
        if report.first is not None:
            raise CasedeskError(f"The demo bank's ledger does not verify: {report.sentence()}")
        return Demo(len(self.world.customers), len(self.world.transactions), self.alerts, report.cases, report.events)

    def _bounds(self, start: datetime) -> list[datetime]:
        """Detection runs at four in the morning of some days, and once more now."""
        mornings = [datetime.combine(self.now.date() - timedelta(days=d), time(4), UTC) for d in reversed(DAYS_AGO)]
        return [m for m in mornings if m > start + timedelta(days=2)] + [self.now - timedelta(minutes=40)]

    def _import(self, path: Path, at: datetime) -> None:
        ingestion.import_path(
            reading=self.desk.reading, writing=self.desk.writing, actor=SYSTEM, at=at, path=path,
            base_currency=self.desk.settings.base_currency,
        )  # fmt: skip

    def _import_until(self, bound: datetime, position: int) -> int:
        """Import what was booked since the last time, as the bank's nightly file would bring it."""
        rows = self.world.transactions
        end = position
        limit = bound.strftime("%Y-%m-%dT%H:%M:%SZ")
        while end < len(rows) and rows[end].booked_at < limit:
            end += 1
        if end > position:
            folder = self.temporary / f"night-{bound:%Y-%m-%d}"
            part = replace(
                self.world, customers=(), accounts=(), transactions=rows[position:end], labels=(), lookalikes=()
            )
            write_dataset(part, folder)
            self._import(folder / "transactions.csv", bound)
        return end

    def _detect(self, at: datetime) -> None:
        found = detecting.detect(
            look=self.desk.reading(), uow=self.desk.writing(), actor=SYSTEM, at=at,
            base_currency=self.desk.settings.base_currency,
        )  # fmt: skip
        advising.run(
            reading=self.desk.reading, writing=self.desk.writing, actor=SYSTEM, at=at,
            base_currency=self.desk.settings.base_currency, via="demo",
        )  # fmt: skip
        self.alerts += found.new_alerts
        if not found.cases_opened:
            return
        everything = queue.Query(include_closed=True, sort=queue.Sort.NEWEST)
        newest = queue.ids(
            uow=self.desk.reading(), actor=BY_ID[MANAGERS[0]], at=at, query=everything, limit=found.cases_opened
        )
        for case_id in sorted(newest):
            with self.desk.reading() as uow:
                evidence = {t for alert in uow.alerts.of_case(case_id) for t in alert.transaction_ids}
                amount = uow.cases.get(case_id).amount_minor
            guilty = amount >= REPORTABLE and not self.guilty.isdisjoint(evidence)
            self.careers[case_id] = Career(
                self.desk, self.diary, case_id, at, self.seed, guilty=guilty, fill_in=partial(self._fill_in, case_id)
            )

    def _fill_in(self, case_id: str, maker: Person, at: datetime) -> None:
        filings.fill_in(self.desk, maker, case_id, at, self.seed)

    def _rework(self, case_id: str, at: datetime) -> None:
        """The filing system refused a report: whoever holds the case mends it."""
        self._of_owner(case_id).rework(at)

    def _look_into(self, case_id: str, at: datetime) -> None:
        """It refused another, and the case's owner has not come further than to ask for what is missing."""
        career = self._of_owner(case_id)
        career.open_to_the_end = True
        career.look_into(at)

    def _of_owner(self, case_id: str) -> Career:
        career = self.careers[case_id]
        with self.desk.reading() as uow:
            career.analyst = uow.cases.get(case_id).owner or career.analyst
        return career

    def _plan_governance(self, start: datetime, bounds: list[datetime]) -> None:
        """One rule set comes into force before anything is booked, and one is proposed in the last days; see governance."""
        governance.open_with_own_values(self.desk, start + timedelta(hours=2))
        governance.set_policy(self.desk, start + timedelta(hours=4))
        governance.plan_records(self.desk, self.diary, self.dice, start, bounds[-1])
        last = working_hour(self.dice, bounds[-1] - timedelta(days=4))
        self.diary.plan(last, partial(governance.propose_stricter, self.desk))
        if len(bounds) > 2:
            governance.plan_suppressions(self.desk, self.diary, self.world, self.seed, bounds[-3], bounds[-1])

    def _plan_quality(self, start: datetime) -> None:
        """QA draws a sample of each half month a day after it has ended."""
        day = start.date()
        period_from = day
        while day <= self.now.date():
            tomorrow = day + timedelta(days=1)
            if tomorrow.day in (1, 16):
                at = working_hour(self.dice, datetime.combine(tomorrow, time(9), UTC))
                self.diary.plan(at, partial(self._draw, period_from, day))
                period_from = tomorrow
            day = tomorrow

    def _draw(self, period_from: date, period_to: date, at: datetime) -> None:
        dice = Dice("draw", self.seed, period_from)
        try:
            _, picks = quality.draw_sample(
                freeze=self.desk.writing(), uow=self.desk.writing(), actor=BY_ID[dice.pick(REVIEWERS)], at=at,
                period_from=period_from, period_to=period_to, rate_per_mille=100,
                seed="".join(f"{dice.below(256):02x}" for _ in range(32)),
            )  # fmt: skip
        except quality.NothingToDraw:
            return
        for pick in picks:
            if dice.happens(0.8):
                later = at + timedelta(hours=dice.between(2, 200))
                self.diary.plan(working_hour(dice, later), self.careers[pick.case_id].review)

    def _hand_in(self, at: datetime) -> None:
        """An analyst at work hands in a last report, so that one waits for approval. After it no planned step runs."""
        for _, career in sorted(self.careers.items(), key=lambda item: (not item[1].guilty, item[0])):
            if career.hand_in(at):
                return

    def _look_around(self) -> None:
        """The auditor takes some cases along, so that the list of downloads is not empty."""
        auditor = BY_ID[AUDITORS[0]]
        with self.desk.reading() as uow:
            closed = [c for c in sorted(self.careers) if uow.queue.rows([c])[0].status == "Closed"]
        for number, case_id in enumerate(self.dice.some(closed, 3)):
            at = self.now - LAST_LOOK + timedelta(minutes=7 * number)
            exporting.audit_csv(uow=self.desk.writing(), actor=auditor, at=at, case_id=case_id, via="demo")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
