"""Ctrl-C in the middle of a rule is Ctrl-C, not a defect."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from ibis import literal
from ibis.expr.types import Table

from casedesk.detection.duck import loaded
from casedesk.detection.legs import Views
from casedesk.detection.rules.geography import Geography
from tests.detection.bank import SMALL, accounts_of, alerts, arrow, deposit, named

#: What the process that is interrupted runs: Ctrl-C goes to it alone, and never to another test.
QUERYING = "from tests.detection.test_interrupted import query; query()"


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
            fired=literal(True), observed=literal(1, "int64"), needed=literal(1, "int64"), episode=literal(0, "int64")
        )
        return read.join(last.filter(last.most < 0), "account").drop("most")


def query() -> None:
    """Say that the query begins, and begin it."""
    # a process that was started in the background ignores Ctrl-C until it is told not to
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert alerts(Endless(), [deposit(0)]) == (), "its text is written now, so that the next run is in the query soon"
    bank = arrow(named(deposit(number, 1_00 + number) for number in range(1_500)))
    with loaded(bank, accounts_of([deposit(0)]), SMALL) as data:
        print("querying", flush=True)
        data.evidence(Endless())


def test_a_run_that_is_interrupted_within_a_query_stops_as_the_person_asked() -> None:
    process = subprocess.Popen([sys.executable, "-c", QUERYING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "querying\n", process.communicate()[1]
        time.sleep(0.5)
        assert process.poll() is None, "the query has no end"
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert said.splitlines()[-1] == "KeyboardInterrupt", said
    assert "RuntimeError" not in said
