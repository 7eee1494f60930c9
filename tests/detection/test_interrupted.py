"""Ctrl-C in the middle of a rule is Ctrl-C, not a defect."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import pytest
from ibis.expr.types import Table

from casedesk.detection.duck import loaded
from casedesk.detection.legs import Views
from casedesk.detection.rules.geography import Geography
from tests.detection.bank import SMALL, accounts_of, alerts, arrow, deposit, named


@dataclass(frozen=True)
class Endless(Geography):
    """Looks at every four deposits of an account together."""

    def evidence(self, views: Views) -> Table:
        legs = views.legs
        for place in range(3):
            others = views.legs.select(**{"account": views.legs.account, f"minor{place}": views.legs.base_minor})
            legs = legs.join(others, "account")
        sums = legs.base_minor + legs.minor0 * legs.minor1 % (legs.minor2 + 7)
        last = legs.group_by("account").aggregate(most=sums.max())
        # all legs, and not what the rule finds: joined to nothing, the sums would not be asked for
        read = views.legs.mutate(
            fired=ibis.literal(True), observed=ibis.literal(1, "int64"), needed=ibis.literal(1, "int64"),
            episode=ibis.literal(0, "int64"),
        )  # fmt: skip
        return read.join(last.filter(last.most < 0), "account").drop("most")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let Ctrl-C arrive: a suite that was started in the background hands an ignored one on to its processes."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_a_run_that_is_interrupted_within_a_query_stops_as_the_person_asked() -> None:
    assert alerts(Endless(), [deposit(0)]) == (), "its text is written now, so that the next run is in the query soon"
    bank = arrow(named(deposit(number, 1_00 + number) for number in range(1_500)))
    accounts = accounts_of([deposit(0)])
    with pytest.raises(KeyboardInterrupt), loaded(bank, accounts, SMALL) as data:
        last_resort = threading.Timer(60, data._connection.interrupt)
        last_resort.start()
        pressed = threading.Timer(0.3, _thread.interrupt_main)
        try:
            pressed.start()
            data.evidence(Endless())
        finally:
            pressed.cancel()  # Ctrl-C is for this query: what comes late would end another test, and the suite with it
            last_resort.cancel()
