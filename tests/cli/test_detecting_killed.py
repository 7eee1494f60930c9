"""A run that is killed, wherever it was: what was there stays, no alert comes twice, and none is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from casedesk.domain.verification import Verdict
from casedesk.store.engines import make_engine
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command, environment
from tests.cli.sticking import after_call, kill

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is sent here")

At = Callable[[str], Command]

#: One rule does for what is tried here, and is ready much sooner than all of them.
DETECT = ("detect", "--rule", "structuring")

PLACES = [
    "casedesk.detection.duck:LoadedData:evidence",
    "casedesk.store.run_store:RunStore:record_findings",
    "casedesk.store.alert_store:AlertStore:insert",
    "casedesk.store.ledger_store:Ledger:flush",
    "casedesk.store.unit_of_work:Writing:commit",
]


def prepared(desk: TestDesk, at: At, address: str) -> None:
    """A desk whose last run knows one of three bursts: the next one is built upon it, with an alert to grow and two new."""
    for customer in ("K-1", "K-2", "K-3"):
        desk.customer(customer)
    desk.book(Move(f"K-1-{n}", 8 * n, 950_000, to_account="K-1/1") for n in range(5))
    assert at(address)(*DETECT).code == 0
    for customer, first in (("K-1", 5), ("K-2", 0), ("K-3", 0)):
        desk.book(
            Move(f"{customer}-{first + n}", 8 * (first + n), 950_000, to_account=f"{customer}/1") for n in range(5)
        )


def content(desk: TestDesk) -> dict[str, Any]:
    """What a run may determine: no times of its own and no hashes over them."""
    tables = desk.dump()
    del tables["ledger_head"]
    times = ("alerted_at", "suspicion_at", "digest")
    tables["case_events"] = [
        (*row[:3], row[4], row[5], {k: v for k, v in json.loads(row[7]).items() if k not in times})
        for row in tables["case_events"]
    ]
    tables["cases"] = [(row[0], row[1], row[5]) for row in tables["cases"]]
    tables["alerts"] = [(*row[:12], *row[13:]) for row in tables["alerts"]]
    tables["advice"] = [(*row[:3], *row[4:]) for row in tables["advice"]]
    tables["detection_runs"] = [(row[0], *row[2:-1]) for row in tables["detection_runs"]]
    return tables


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_run_leaves_the_last_state_and_the_next_one_ends_as_if_never_killed(
    at: At, sqlite_address: str, other_address: str, desk: TestDesk, place: str
) -> None:
    prepared(desk, at, sqlite_address)
    before = desk.dump()
    kill(environment(sqlite_address), DETECT, after_call, place)
    after = desk.dump()
    assert (after == before) is (":commit" not in place)
    again = at(sqlite_address)(*DETECT, "--json").json
    assert again["since"]
    engine = make_engine(other_address)
    whole = TestDesk(engine)
    whole.staff()
    prepared(whole, at, other_address)
    stored = ":commit" in place  # whole, before the kill: this run had nothing left to do but to advise
    once = at(other_address)(*DETECT, "--json", "--no-advise" if stored else "--advise").json
    if stored:
        assert (again["new_alerts"], again["grown_alerts"], again["unchanged_alerts"]) == (0, 0, 3)
        assert (once["new_alerts"], once["grown_alerts"]) == (2, 1)
        at(other_address)(*DETECT)
    else:
        assert again == once
    assert content(desk) == content(whole)
    assert desk.verify().verdict is Verdict.VERIFIED
    engine.dispose()
