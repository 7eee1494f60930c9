"""In whatever order transactions arrive, the alerts that stand are those of one run over all of them, by every rule."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from casedesk.anchors.folder import CheckpointFolder
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.domain.verification import Verdict
from casedesk.services import casefile, detecting
from casedesk.services.detecting import Warm
from casedesk.store.engines import make_engine
from tests.builders import START, Move, TestDesk
from tests.databases import Sqlite
from tests.detection.test_subjects import RULES_HERE, small_world
from tests.exports.packets import Sealing, edited, verdicts

LIMITS = Limits(memory_mib=512, threads=1)
Standing = list[tuple[str, str, tuple[str, ...], int, str]]


def furnished(kind: Sqlite, accounts: pa.Table) -> TestDesk:
    desk = TestDesk(make_engine(kind.fresh()))
    desk.staff()
    with desk.writing() as uow:
        rows = accounts.to_pylist()
        customers = {row["customer_id"]: None for row in rows if row["customer_id"]}
        uow.parties.put_customers([Customer(one, one, CustomerKind.PERSON, "US") for one in customers])
        uow.parties.put_accounts(
            [
                Account(
                    row["account_id"], row["customer_id"], row["customer_id"] or row["account_id"],
                    opened_on=date.fromisoformat(row["opened_on"]) if row["opened_on"] else None,
                )
                for row in rows
            ]
        )  # fmt: skip
        uow.commit()
    return desk


def moves(world: pa.Table) -> list[Move]:
    return [
        Move(
            row["transaction_id"], (row["booked_at"] - START).total_seconds() / 60, row["base_minor"], row["to_account"],
            row["from_account"], row["channel"], row["from_country"], row["to_country"],
        )
        for row in world.to_pylist()
    ]  # fmt: skip


def detect(desk: TestDesk, warm: Warm | None = None, rules: Sequence[Rule] = RULES_HERE) -> Any:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD", rules=rules,
        limits=LIMITS, warm=warm,
    )  # fmt: skip


def standing(desk: TestDesk) -> Standing:
    """What stands: rule, account, evidence, severity and sentence. An id tells which payment was the first when it was raised."""
    with desk.reading() as uow:
        found = [alert for alert in uow.alerts.everything() if not alert.lapsed_in]
    return sorted((one.rule, one.account_id, one.transaction_ids, one.severity, one.sentence) for one in found)


@pytest.fixture(scope="module")
def at_once(sqlite_kind: Sqlite) -> tuple[list[Move], pa.Table, Standing]:
    world, accounts = small_world(9)
    desk = furnished(sqlite_kind, accounts)
    desk.book(moves(world))
    detect(desk)
    found = standing(desk)
    desk.engine.dispose()
    assert {rule for rule, *_ in found} >= {rule.name for rule in RULES_HERE} - {
        "cash_aggregation",
        "structuring_over_days",
    }
    return moves(world), accounts, found


def arrivals(all_of_it: list[Move], chance: random.Random) -> Iterator[list[Move]]:
    left = chance.sample(all_of_it, len(all_of_it))
    while left:
        size = chance.randint(1, 150)
        yield left[:size]
        left = left[size:]


def test_the_alerts_that_stand_are_those_of_one_run_over_everything(
    sqlite_kind: Sqlite, at_once: tuple[list[Move], pa.Table, Standing], tmp_path: Path
) -> None:
    all_of_it, accounts, expected = at_once
    desk, warm = furnished(sqlite_kind, accounts), Warm()
    lapsed = 0
    for part in arrivals(all_of_it, random.Random(2)):
        desk.book(part)
        lapsed += detect(desk, warm).lapsed_alerts
    warm.forget()
    assert standing(desk) == expected
    assert lapsed > 10
    assert desk.verify().verdict is Verdict.VERIFIED
    assert detect(desk).lapsed_alerts == 0
    _tells_of_what_lapsed(desk, tmp_path)
    desk.engine.dispose()


def _tells_of_what_lapsed(desk: TestDesk, folder: Path) -> None:
    """The case's events, its line in the queue and its packet say the same, and a packet that does not is found."""
    with desk.reading() as uow:
        lapsed = next(alert for alert in uow.alerts.everything() if alert.lapsed_in)
        (row,) = uow.queue.rows([lapsed.case_id])
        assert row.lapsed_count == sum(1 for alert in uow.alerts.of_case(lapsed.case_id) if alert.lapsed_in)
    said = [event.data for event in desk.history(lapsed.case_id) if event.action == "alert_lapsed"]
    assert (lapsed.alert_id, lapsed.lapsed_in) in [(one["alert_id"], one["run_id"]) for one in said]
    opened = casefile.read(uow=desk.reading(), actor=desk.people["mia"], case_id=lapsed.case_id)
    assert opened.chain.verdict is Verdict.VERIFIED
    packet = Sealing(desk, CheckpointFolder(folder), (lapsed.case_id,)).case()
    assert (verdicts(packet)["cases"], verdicts(packet)["alerts"]) == ("VERIFIED", "VERIFIED")
    forged = edited(packet, "alerts", lambda found: [one.update(lapsed_in="") for one in found] and None)
    assert verdicts(forged)["alerts"] == "TAMPERED"
