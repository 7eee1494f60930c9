"""Labels in files of one's own: whose ids they hold."""

from __future__ import annotations

from pathlib import Path

from casedesk.formats.answers import Answers, read_answers


def test_a_row_that_names_an_account_and_a_payment_labels_the_payment(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label_id,typology,account_id,transaction_id,role\nL-1,fan_in,A-1,T-1,in\n")
    assert read_answers(path) == Answers("transactions", frozenset({"T-1"}))
