"""AMLworld's half hour of everyday business does not fill the queue."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casedesk.detection.engine import detect
from casedesk.detection.rules import RULES
from tests.detection.bank import SMALL, Tx, accounts_of, arrow
from tests.detection.reference import expected

FILE = "amlworld_benign_30min_12308.csv"
CHANNELS = {
    "Cash": "CASH",
    "ACH": "ACH",
    "Wire": "WIRE",
    "Credit Card": "CARD",
    "Cheque": "CHEQUE",
    "Bitcoin": "CRYPTO",
    "Reinvestment": "INTERNAL",
}


@pytest.mark.shared
def test_the_benign_file_raises_less_than_one_alert_per_hundred_accounts(shared: Path) -> None:
    bank = []
    with (shared / "data" / FILE).open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.reader(lines)):
            if number:
                at = datetime.strptime(row[0], "%Y/%m/%d %H:%M").replace(tzinfo=UTC)
                source, target, minor = f"{row[1]}/{row[2]}", f"{row[3]}/{row[4]}", round(float(row[7]) * 100)
                bank.append(Tx(at, source, target, minor, CHANNELS[row[9]], id=f"T{number}"))
    accounts = accounts_of(bank)
    result = detect(arrow(bank), accounts, limits=SMALL)
    by_rule = Counter(alert.rule for alert in result.alerts)
    assert 0 < len(result.alerts) < accounts.num_rows / 100, by_rule
    for rule in RULES[:3]:  # those that are written down a second time, in plain loops
        found = {(a.account_id, a.transaction_ids, a.amount_minor) for a in result.alerts if a.rule == rule.name}
        assert found == expected(rule, bank)
