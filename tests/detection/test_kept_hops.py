"""Hops that are brought up with what came since are those that are told from all transfers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pytest

from casedesk.detection.duck_hops import KeptHops
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.hops import Hopping, idle
from casedesk.detection.legs import IDLE, Views
from casedesk.detection.limits import Limits
from casedesk.detection.windows import DAY
from casedesk.store.run_copies import coded

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
NOON: Final = int(START.timestamp()) * 1_000_000
HOPPING: Final = Hopping(3 * DAY, 2, 2, 200_00)
LIMITS: Final = Limits(memory_mib=256, threads=2)


def world(seed: int) -> tuple[pa.Table, pa.Table]:
    draw = np.random.default_rng(seed)
    names = [*(f"A{n}" for n in range(8)), "X1", "X2", ""]
    sides = draw.integers(0, len(names), (2, 500))
    sides[0, :120] = draw.integers(0, 2, 120)  # two who are busy for a while
    at = [START + timedelta(hours=int(hour)) for hour in np.sort(draw.integers(0, 40 * 24, 500))]
    rows = pa.table(
        {
            "transaction_id": [f"T{n:03}" for n in range(500)],
            "booked_at": pa.array(at, pa.timestamp("us", "UTC")),
            "from_account": [names[n] for n in sides[0]],
            "to_account": [names[n] for n in sides[1]],
            "base_minor": pa.array(draw.integers(100_00, 900_00, 500), pa.int64()),
            "channel": ["WIRE"] * 500,
            "from_country": ["US"] * 500,
            "to_country": ["US"] * 500,
        }
    )
    holders = {"account_id": names[:-1], "customer_id": ["C0", "C0", *(f"C{n}" for n in range(2, 8)), "", ""]}
    return rows, pa.table(holders)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_hops_that_are_brought_up_are_those_of_all_transfers(late: bool) -> None:
    rows, accounts = world(1 + late)
    order = np.arange(500)
    if late:
        order[150:] = 150 + np.random.default_rng(7).permutation(350)
    rows = rows.take(pa.array(order))
    data, seen, found = KeptData(coded(rows.slice(0, 150)), accounts, LIMITS, "USD"), 150, 0
    for step, upto in enumerate((*range(160, 460, 15), 500)):
        new = rows.slice(seen, upto - seen)
        data.add(new, accounts.slice(0, 0), digests_of(rows.slice(0, upto), accounts, LIMITS, "USD"))
        seen = upto
        first = max(moments(rows.slice(0, upto))) - (2, 6, 20)[step % 3] * DAY
        kept = KeptHops(data._connection, data._sql, data._show_transfers, data._hops)
        kept.show("any", HOPPING, first)
        hops = data._connection.execute(f'FROM {IDLE.get_name()} WHERE "at" >= {first} ORDER BY "row"').fetchall()
        data._show_transfers(-(2**62))
        text = data._sql(lambda: idle(Views(), HOPPING), "all hops")
        expected = data._connection.execute(f'FROM ({text}) WHERE "at" >= {first} ORDER BY "row"').fetchall()
        assert hops == expected
        found += len(hops)
    assert found > 60
    data.close()


def moments(rows: pa.Table) -> list[int]:
    return [int(at.timestamp()) * 1_000_000 for at in rows["booked_at"].to_pylist()]


def test_hops_are_told_anew_where_another_account_leads() -> None:
    rows, accounts = world(3)
    data = KeptData(coded(rows.slice(0, 400)), accounts, LIMITS, "USD")
    KeptHops(data._connection, data._sql, data._show_transfers, data._hops).show("any", HOPPING, NOON)
    assert set(data._hops) == {"any"}
    others = pa.table({"account_id": ["B9"], "customer_id": ["C9"]})
    data.add(rows.slice(0, 0), others, data._digests)
    assert set(data._hops) == {"any"}
    first = pa.table({"account_id": ["A"], "customer_id": ["C0"]})  # before A0, by its id
    data.add(rows.slice(0, 0), first, data._digests)
    assert not data._hops
    data.close()


def test_a_table_that_was_emptied_and_not_filled_again_is_trusted_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, accounts = world(3)
    data = KeptData(coded(rows.slice(0, 400)), accounts, LIMITS, "USD")
    kept = KeptHops(data._connection, data._sql, data._show_transfers, data._hops)
    kept.show("any", HOPPING, NOON + 20 * DAY)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(KeptHops, "_bring_up", interrupted)
        kept.show("any", HOPPING, NOON)  # from earlier on than what is kept, so all is told anew
    kept.show("any", HOPPING, NOON + 20 * DAY)
    found = data._connection.execute(f"SELECT count(*) FROM {IDLE.get_name()}").fetchall()
    assert found != [(0,)]
    data.close()
