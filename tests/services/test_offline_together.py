"""Rules beside a model over files."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from casedesk.detection.rules import RULES
from casedesk.modelling.together import together_by_payment
from casedesk.services import offline_modelling, offline_together
from casedesk.services.default_model import FOLDER
from casedesk.services.model_data import Reading
from tests.builders import START
from tests.modelling.towns import BEGIN, Row, table, town


def test_where_payments_are_of_another_kind_those_in_alerts_come_first_and_their_accounts_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    structuring = [rule for rule in RULES if rule.name == "structuring"]
    monkeypatch.setattr(offline_together, "detect_files", partial(offline_together.detect_files, rules=structuring))
    rows = town(7, 200)
    rows += [Row(f"S{n}", BEGIN + timedelta(days=9, minutes=9 * n), "", "NEW", 950_000, "CASH") for n in range(6)]
    pq.write_table(table(rows), tmp_path / "all.parquet")
    found = offline_modelling.score(
        model=FOLDER, data=str(tmp_path / "all.parquet"), reading=Reading("USD"), day=START.date(), rules=True
    ).table.to_pylist()
    named = {row["transaction_id"] for row in found if row["rules"]}
    assert named == {f"S{n}" for n in range(6)}
    ordered = sorted(found, key=lambda row: -row["together"])
    assert {row["transaction_id"] for row in ordered[:6]} == named
    assert max(found, key=lambda row: row["account_together"])["account"] == "NEW"
    others = [row for row in ordered if not row["rules"]]
    assert others == sorted(others, key=lambda row: -row["score"])


def test_at_home_the_score_comes_first_and_what_rules_say_decides_between_equals() -> None:
    probabilities, severities = np.array([0.4, 0.0, 0.4, 1.0, 0.0]), np.array([0.0, 200.0, 200.0, 900.0, 0.0])
    at_home, away = (np.argsort(-together_by_payment(probabilities, severities, [one])) for one in (0.2, 0.3))
    assert at_home.tolist() == [3, 2, 0, 1, 4]
    assert away.tolist() == [3, 2, 1, 0, 4]
