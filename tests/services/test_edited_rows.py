"""A row edited behind the desk's back is shown as what it is: the lists still open, and nobody can go on from it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import IllegalStep, Stage
from casedesk.domain.verification import Verdict
from casedesk.services import casefile, queue
from casedesk.store.tables import cases
from tests.builders import TestDesk


def edit(desk: TestDesk, case_id: str, **values: object) -> None:
    desk.tamper(sa.update(cases).where(cases.c.case_id == case_id).values(**values))


def shown(desk: TestDesk, case_id: str) -> casefile.CaseFile:
    return casefile.read(uow=desk.reading(), actor=desk.people["max"], case_id=case_id)


def test_a_state_no_step_leads_to_is_listed_as_broken_and_goes_nowhere(desk: TestDesk) -> None:
    case_id = desk.open()
    edit(desk, case_id, disposition="No SAR")
    page = queue.list_page(uow=desk.reading(), actor=desk.people["max"], at=desk.at(), query=queue.Query())
    assert [(line.row.case_id, line.stage) for line in page.lines] == [(case_id, Stage.BROKEN)]
    assert shown(desk, case_id).stage is Stage.BROKEN
    with pytest.raises(IllegalStep, match="its row was changed outside the desk.*have the ledger verified"):
        desk.take("ann", case_id)


def test_the_case_page_names_the_edited_column(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ann", case_id)
    assert shown(desk, case_id).chain.verdict is Verdict.VERIFIED
    edit(desk, case_id, owner="max")
    report = shown(desk, case_id).chain
    assert report.verdict is Verdict.TAMPERED
    assert report.first is not None
    assert (report.first.column, report.first.expected, report.first.got) == ("owner", "ann", "max")
