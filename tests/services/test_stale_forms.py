"""Every form carries the version its reader saw: a change in between refuses it and says who changed what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.reports.report import Report
from casedesk.services import assignment, decisions, exporting, intake, quality, report_forms
from casedesk.services.assignment import Seen
from casedesk.store.case_store import StaleCase
from tests.builders import FAIL, NARRATIVE, PASS, RATIONALE, START, TestDesk

Form = Callable[[TestDesk, dict[str, Any]], object]


def new(desk: TestDesk) -> str:
    return desk.open()


def working(desk: TestDesk) -> str:
    case_id = desk.open()
    desk.take("ann", case_id)
    return case_id


def awaiting(desk: TestDesk) -> str:
    return desk.awaiting()


def closed(desk: TestDesk) -> str:
    return desk.closed()


def note(desk: TestDesk, case_id: str) -> None:
    desk.note("ann", case_id)


def reopen(desk: TestDesk, case_id: str) -> None:
    desk.reopen("max", case_id)


def _bulk(desk: TestDesk, args: dict[str, Any]) -> object:
    seen = Seen(args.pop("case_id"), args.pop("seen_version"))
    return assignment.bulk_assign(**args, selected=[seen], to="ben", reason="Leave.")


#: form -> who fills it in, from where, what a colleague does meanwhile, what the refusal names, the form itself
FORMS: dict[str, tuple[str, Callable[[TestDesk], str], Callable[[TestDesk, str], None], str, Form]] = {
    "attach an alert": ("mia", new, note, "ann: Note added",
                        lambda desk, a: intake.attach_alert(**a, alert_id=desk.alert())),
    "take": ("mia", new, note, "ann: Note added", lambda _, a: assignment.take(**a)),
    "assign": ("mia", working, note, "ann: Note added", lambda _, a: assignment.assign(**a, to="ben")),
    "assign many": ("mia", working, note, "ann: Note added", _bulk),
    "hand over": ("ann", working, note, "ann: Note added",
                  lambda _, a: assignment.hand_over(**a, to="ben", reason="Leave.")),
    "release": ("ann", working, note, "ann: Note added", lambda _, a: assignment.release(**a)),
    "note": ("ann", working, note, "ann: Note added", lambda _, a: decisions.add_note(**a, text="x")),
    "no SAR": ("ann", working, note, "ann: Note added",
               lambda _, a: decisions.set_disposition(**a, disposition=Disposition.NO_SAR, text=RATIONALE, base_currency="USD")),
    "SAR": ("ann", working, note, "ann: Note added",
            lambda _, a: decisions.set_disposition(**a, disposition=Disposition.SAR, text=NARRATIVE, base_currency="USD")),
    "escalate": ("ann", working, note, "ann: Note added",
                 lambda _, a: decisions.set_disposition(**a, disposition=Disposition.ESCALATE, text="x", base_currency="USD")),
    "approve": ("mia", awaiting, note, "ann: Note added", lambda _, a: decisions.approve(**a)),
    "return": ("mia", awaiting, note, "ann: Note added", lambda _, a: decisions.send_back(**a, reason="x")),
    "draft": ("ann", working, note, "ann: Note added", lambda _, a: report_forms.save(**a, report=Report())),
    "reopen": ("mia", closed, reopen, "max: Case reopened", lambda _, a: decisions.reopen(**a, reason="x")),
    "pass": ("queenie", closed, reopen, "max: Case reopened", lambda _, a: quality.review(**a, form=PASS)),
    "fail": ("queenie", closed, reopen, "max: Case reopened", lambda _, a: quality.review(**a, form=FAIL)),
    "move the suspicion date": ("ann", working, note, "ann: Note added",
                                lambda _, a: decisions.move_suspicion(
                                    **a, suspicion_at=START, suspect_identified=False, reason="x")),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_form_filled_in_over_the_version_that_was_read_is_accepted(desk: TestDesk, form: str) -> None:
    who, prepare, _, _, send = FORMS[form]
    case_id = prepare(desk)
    version = desk.case(case_id).version
    send(desk, desk.who(who, case_id))
    assert desk.case(case_id).version == version + 1


@pytest.mark.parametrize("form", FORMS)
def test_a_form_filled_in_over_an_older_version_is_refused_and_says_who_changed_what(desk: TestDesk, form: str) -> None:
    who, prepare, meanwhile, named, send = FORMS[form]
    case_id = prepare(desk)
    filled_in = desk.who(who, case_id)
    meanwhile(desk, case_id)
    number = desk.history(case_id)[-1].event_id
    before = desk.dump()
    with pytest.raises(StaleCase) as refusal:
        send(desk, filled_in)
    # the form that needs an alert makes one
    added = {"alerts", "alert_transactions", "transactions", "detection_runs", "counters"}
    assert [t for t, rows in desk.dump().items() if rows != before[t] and t not in added | {"ledger_head"}] == []
    assert str(refusal.value) == (
        f"Case {case_id} changed since you opened it. {named} (event {number}). Read the change, then try again."
    )


def test_the_refusal_carries_every_change_since_the_case_was_read(desk: TestDesk) -> None:
    case_id = working(desk)
    filled_in = desk.who("ann", case_id)
    desk.note("max", case_id)
    desk.assign("mia", case_id, "ben")
    with pytest.raises(StaleCase) as refusal:
        decisions.add_note(**filled_in, text="x")
    assert [(c.user, c.title) for c in refusal.value.changes] == [("max", "Note added"), ("mia", "Case assigned")]


def test_a_download_in_between_makes_no_form_stale(desk: TestDesk) -> None:
    case_id = working(desk)
    filled_in = desk.who("ann", case_id)
    exporting.audit_csv(uow=desk.writing(), actor=desk.people["otto"], at=desk.at(), case_id=case_id)
    decisions.add_note(**filled_in, text="Still fresh.")


def test_of_two_analysts_who_take_the_same_case_the_second_is_told_who_has_it(desk: TestDesk) -> None:
    case_id = desk.open()
    second = desk.who("ben", case_id)
    desk.take("ann", case_id)
    with pytest.raises(StaleCase, match="ann: Case taken"):
        assignment.take(**second)


def test_one_stale_case_refuses_a_whole_bulk_assignment(desk: TestDesk) -> None:
    cases = [desk.open() for _ in range(3)]
    selected = [Seen(case_id, desk.case(case_id).version) for case_id in cases]
    desk.note("ann", cases[1])
    before = desk.dump()
    with pytest.raises(StaleCase, match=cases[1]):
        assignment.bulk_assign(
            uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), selected=selected, to="ben", reason="Leave."
        )
    assert desk.dump() == before


def test_a_preview_says_which_cases_cannot_be_given_and_why_and_the_rest_can(desk: TestDesk) -> None:
    stale, done, held, free = desk.open(), desk.closed(), working(desk), desk.open()
    selected = [Seen(case_id, desk.case(case_id).version) for case_id in (stale, done, held, free)]
    selected.append(Seen("C-26-99999", 1))
    desk.note("ben", stale)
    before = desk.dump()
    preview = assignment.preview_assignment(
        uow=desk.reading(), actor=desk.people["mia"], selected=selected, to="ann", at=desk.at()
    )
    assert desk.dump() == before
    assert [seen.case_id for seen in preview.assignable] == [free]
    reasons = dict(preview.refused)
    assert "ben: Note added" in reasons[stale]
    assert "closed" in reasons[done]
    assert "Ann holds case" in reasons[held]
    assert "There is no case" in reasons["C-26-99999"]
    rows = assignment.bulk_assign(
        uow=desk.writing(),
        actor=desk.people["mia"],
        at=desk.at(),
        selected=preview.assignable,
        to="ann",
        reason="Leave.",
    )
    assert [row.case_id for row in rows] == [free]


def test_the_cases_of_one_bulk_assignment_share_its_number(desk: TestDesk) -> None:
    selected = [Seen(case_id, desk.case(case_id).version) for case_id in (desk.open(), desk.open())]
    rows = assignment.bulk_assign(
        uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), selected=selected, to="ann", reason="Leave."
    )
    numbers = {row.data["bulk"] for row in rows}
    assert len(numbers) == 1
    assert numbers != {""}
