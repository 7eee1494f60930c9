"""Rows of rule sets that somebody edited, deleted or slipped in past the desk."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from casedesk.domain.proposals import MakerIsChecker
from casedesk.domain.verification import Verdict
from casedesk.errors import Conflict
from casedesk.services.proposal_checks import Edited
from casedesk.store.tables import rule_sets as table
from tests.builders import TestDesk
from tests.scenes import then
from tests.services.rule_set_ways import approve, propose, structured


@pytest.fixture
def history(desk: TestDesk) -> TestDesk:
    then(desk, structured)
    return desk


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("content", "{}"),
        ("sheet", "{}"),
        ("sheet_sha256", "0" * 64),
        ("hash_after", "0" * 64),
        ("hash_before", "0" * 64),
        ("reason", "Another reason altogether."),
        ("proposed_by", "max"),
        ("base_id", "RS-000007"),
        ("state", "in force"),
        ("state", "rejected"),
    ],
)
def test_the_verifier_names_an_edited_row_and_nobody_decides_it(history: TestDesk, column: str, value: str) -> None:
    propose(history)
    history.tamper(sa.update(table).values({column: value}))
    report = history.verify()
    assert report.verdict is Verdict.TAMPERED
    assert report.first is not None
    assert (report.first.case_id, report.first.column) == ("RS-000001", column)
    with pytest.raises((Edited, Conflict, MakerIsChecker)):
        approve(history)


def test_the_verifier_notes_a_deleted_row_and_one_that_was_slipped_in(history: TestDesk) -> None:
    propose(history)
    row = dict(zip(table.columns.keys(), history.dump()["rule_sets"][0], strict=True))
    history.tamper(sa.delete(table))
    assert "has events but no row" in history.verify().sentence()
    history.tamper(sa.insert(table).values(row))
    assert history.verify().verdict is Verdict.VERIFIED
    history.tamper(sa.insert(table).values({**row, "rule_set_id": "RS-000002", "state": "withdrawn"}))
    assert "RS-000002: The rule set has a row but not one event." in history.verify().sentence()
