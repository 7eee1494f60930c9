"""A burst is found whenever it begins: no edge of an hour, a day, a month or of daylight saving cuts it in two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.velocity import Velocity
from tests.detection.bank import SMALL, Tx, arrow

#: Noon before an edge, and the minutes from one start to the next in the day that follows.
DAYS = (
    (datetime(2026, 10, 31, 12, tzinfo=UTC), 1),  # a month, and at 06:00 UTC daylight saving in New York
    (datetime(2026, 10, 24, 12, tzinfo=UTC), 11),  # daylight saving in Europe, autumn
    (datetime(2027, 3, 27, 12, tzinfo=UTC), 11),  # daylight saving in Europe, spring
    (datetime(2027, 3, 13, 19, tzinfo=UTC), 11),  # daylight saving in New York, spring
    (datetime(2026, 12, 31, 12, tzinfo=UTC), 11),  # a year
    (datetime(2028, 2, 28, 12, tzinfo=UTC), 11),  # a leap day
)
STARTS = tuple(
    noon + timedelta(minutes=minute, microseconds=minute % 3 - 1)
    for noon, step in DAYS
    for minute in range(0, 1440, step)
)

#: Each rule with how many transactions its smallest burst has, how long it may last, and a zone to write its times in.
BURSTS = (
    (Structuring(), 5, timedelta(minutes=60), "America/New_York"),
    (Velocity(), 10, timedelta(minutes=10), "UTC"),
    (Geography(), 3, timedelta(minutes=30), "Europe/Paris"),
)


def bursts(rule: Rule, number: int, length: timedelta) -> Iterator[Tx]:
    """One burst an account, from its start to exactly ``length`` later."""
    for place, start in enumerate(STARTS):
        for step in range(number):
            at = start + length * step // (number - 1)
            country = "US MX GB".split()[step % 3] if rule.name == "geography" else "US"
            yield Tx(at, "", f"A{place}", 7_000_00, "CASH", country, country, f"{place}-{step}")


@pytest.mark.parametrize(("rule", "number", "length", "zone"), BURSTS, ids=[rule.name for rule, *_ in BURSTS])
def test_a_burst_is_found_whole_whenever_it_begins(rule: Rule, number: int, length: timedelta, zone: str) -> None:
    table = arrow(list(bursts(rule, number, length)))
    told = table["booked_at"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us", zone))
    table = table.set_column(table.schema.get_field_index("booked_at"), "booked_at", told)
    names = [f"A{place}" for place in range(len(STARTS))]
    accounts = pa.table({"account_id": names, "customer_id": names})
    found = detect(table, accounts, rules=(rule,), limits=SMALL).alerts
    assert {(alert.account_id, alert.transaction_ids) for alert in found} == {
        (f"A{place}", tuple(f"{place}-{step}" for step in range(number))) for place in range(len(STARTS))
    }
    clock = detect(table, accounts, rules=(rule.with_values({"windows": "tumbling"}),), limits=SMALL).alerts
    assert len(clock) < len(found) // 10, "windows of the clock lose them, so there were edges to straddle"
