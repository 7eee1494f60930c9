"""Need to know (31 CFR 1020.320(e)): a stranger to a case learns nothing of a decision, by no view and by no refusal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.verification import Verdict
from casedesk.errors import CasedeskError
from casedesk.services import assignment, casefile, decisions, exporting, queue, steps
from casedesk.services.queue import Query, View
from casedesk.store.case_store import StaleCase
from casedesk.store.tables import cases
from tests.builders import FAIL, TestDesk
from tests.services import filing_ways as ways

TELLING = {"disposition_set", "disposition_approved", "disposition_returned", "review_passed", "review_failed",
           "case_exported", "narrative_read", "filing_drafted", "filing_approved", "filing_produced", "filing_transmitted",
           "filing_acknowledged", "filing_rejected", "advice_given"}  # fmt: skip


def read(desk: TestDesk, who: str, case_id: str) -> casefile.CaseFile:
    return casefile.read(uow=desk.reading(), actor=desk.people[who], case_id=case_id)


def page(desk: TestDesk, who: str, **query: Any) -> queue.Page:
    return queue.list_page(uow=desk.reading(), actor=desk.people[who], at=desk.at(), query=Query(**query))


def ids(found: queue.Page) -> set[str]:
    return {line.row.case_id for line in found.lines}


def shape(desk: TestDesk, who: str, case_id: str, drop: tuple[str, ...]) -> list[tuple[str, str]]:
    """Everything a reader is given of a case, flattened, without what differs from case to case anyway."""
    flat: list[tuple[str, str]] = []

    def walk(path: str, value: object) -> None:
        value = value._asdict() if hasattr(value, "_asdict") else value
        if isinstance(value, dict):
            for key, item in value.items():
                walk(f"{path}.{key}", item)
        elif isinstance(value, list | tuple):
            flat.append((path, f"{len(value)} items"))
            for item in value:
                walk(f"{path}[]", item)
        elif not path.rsplit(".", 1)[-1].startswith(drop):
            flat.append((path, repr(value)))

    walk("", asdict(read(desk, who, case_id)))
    return flat


def test_a_stranger_sees_a_case_that_waits_for_approval_as_any_case_in_review(desk: TestDesk) -> None:
    """The whole of what is read is the same for both, but for ids, hashes and times, and the version the form carries."""
    plain, waiting = desk.open(), desk.open()
    for case_id in (plain, waiting):
        desk.take("ben", case_id)
        desk.note("ben", case_id)
    desk.decide("ben", waiting, Disposition.SAR)
    drop = ("seen_version", "case_id", "event_id", "suspicion_event", "alert_id", "event_hash", "nonce", "root", "ts",
            "opened_at", "alerted_at", "suspicion_at", "raised_at", "window", "transaction_ids", "run_id", "meta",
            "earlier")  # fmt: skip
    assert shape(desk, "ann", waiting, drop) == shape(desk, "ann", plain, drop)
    assert read(desk, "ann", waiting).stage is Stage.WORKING


def test_a_stranger_sees_a_closed_sar_as_any_closed_case(desk: TestDesk) -> None:
    plain, sar = desk.closed(maker="ben"), desk.closed(maker="ben", sar_approver="mia")
    desk.review("queenie", sar)
    drop = ("seen_version", "case_id", "event_id", "suspicion_event", "alert_id", "event_hash", "nonce", "root", "ts",
            "opened_at", "alerted_at", "suspicion_at", "raised_at", "window", "transaction_ids", "run_id", "meta",
            "earlier", "closed_at")  # fmt: skip
    assert shape(desk, "ann", sar, drop) == shape(desk, "ann", plain, drop)


def test_a_stranger_sees_a_case_whose_report_went_its_way_as_any_closed_case(desk: TestDesk) -> None:
    plain, sar = desk.closed(maker="ben"), ways.approved(desk, maker="ben")
    ways.transmit(desk, ways.produce(desk).batch.batch_id)
    ways.answer(desk, ways.acknowledgement("31000055053784"))
    drop = ("seen_version", "case_id", "event_id", "suspicion_event", "alert_id", "event_hash", "nonce", "root", "ts",
            "opened_at", "alerted_at", "suspicion_at", "raised_at", "window", "transaction_ids", "run_id", "meta",
            "earlier", "closed_at")  # fmt: skip
    assert shape(desk, "ann", sar, drop) == shape(desk, "ann", plain, drop)
    assert not TELLING & {event.action for event in read(desk, "ann", sar).events}


def test_a_stranger_sees_a_case_whose_report_was_refused_as_any_case_in_rework(desk: TestDesk) -> None:
    plain, sar = desk.closed(maker="ben"), ways.approved(desk, maker="ben")
    desk.review("queenie", plain, FAIL)
    ways.transmit(desk, ways.produce(desk).batch.batch_id)
    ways.answer(desk, ways.acknowledgement(""))
    drop = ("seen_version", "case_id", "event_id", "suspicion_event", "alert_id", "event_hash", "nonce", "root", "ts",
            "opened_at", "alerted_at", "suspicion_at", "raised_at", "window", "transaction_ids", "run_id", "meta",
            "earlier")  # fmt: skip
    assert shape(desk, "ann", sar, drop) == shape(desk, "ann", plain, drop)


def test_a_form_that_a_colleague_saved_is_no_conflict_to_a_stranger(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ben", case_id)
    filled_in = desk.who("ann", case_id)
    ways.save(desk, case_id, "ben")
    decisions.add_note(**filled_in, text="x")
    assert "filing_drafted" not in {event.action for event in read(desk, "ann", case_id).events}


@pytest.mark.parametrize("who", ["queenie", "mia", "otto", "ben"])
def test_roles_with_need_to_know_and_the_maker_see_the_decision(desk: TestDesk, who: str) -> None:
    case_id = desk.closed(maker="ben", sar_approver="max")
    found = read(desk, who, case_id)
    assert found.disclosed
    assert found.case.disposition is Disposition.SAR
    assert found.case.decision_text.startswith("Between 3 June")
    assert TELLING & {event.action for event in found.events} == {"disposition_set", "disposition_approved"}


def test_no_telling_event_and_no_trace_of_its_gap_is_given_to_a_stranger(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    desk.send_back("mia", case_id)
    desk.note("ben", case_id)
    desk.decide("ben", case_id, Disposition.SAR)
    exporting.audit_csv(uow=desk.writing(), actor=desk.people["otto"], at=desk.at(), case_id=case_id)
    desk.note("ben", case_id)
    found = read(desk, "ann", case_id)
    assert not TELLING & {event.action for event in found.events}
    assert [event.case_seq for event in found.events] == list(range(1, len(found.events) + 1))
    assert {event.prev_hash for event in found.events} == {""}
    assert {event.body for event in found.events} == {b""}
    assert found.case.version == found.chain.events == len(found.events)


def test_a_note_gives_nobody_need_to_know(desk: TestDesk) -> None:
    """Any analyst may write a note on any open case; were that enough, everybody could let themselves in."""
    case_id = desk.awaiting(maker="ben")
    desk.note("ann", case_id, "What happened here?")
    assert not read(desk, "ann", case_id).disclosed
    assert read(desk, "ann", case_id).touched


def test_who_held_a_case_before_still_knows(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ann", case_id)
    assignment.hand_over(**desk.who("ann", case_id), to="ben", reason="Leave.")
    desk.decide("ben", case_id, Disposition.SAR)
    assert read(desk, "ann", case_id).disclosed


def test_an_earlier_case_of_the_customer_shows_its_decision_only_to_those_who_may_know(desk: TestDesk) -> None:
    sar, plain, waiting = (
        desk.closed(maker="ben", sar_approver="mia"),
        desk.closed(maker="ben"),
        desk.awaiting(maker="ben"),
    )
    present = desk.open()
    stranger = {line.case_id: line for line in read(desk, "ann", present).earlier}
    assert {(line.stage, line.disposition) for line in (stranger[sar], stranger[plain])} == {
        (Stage.CLOSED, Disposition.NONE)
    }
    assert (stranger[waiting].stage, stranger[waiting].disposition) == (Stage.WORKING, Disposition.NONE)
    manager = {line.case_id: line for line in read(desk, "mia", present).earlier}
    assert manager[sar].disposition is Disposition.SAR
    assert manager[waiting].stage is Stage.AWAITING


def test_the_queue_has_no_view_no_counter_and_no_filter_for_what_waits(any_desk: TestDesk) -> None:
    desk = any_desk
    waiting, working = desk.awaiting(maker="ben"), desk.open()
    desk.take("ben", working)
    closed = desk.closed(maker="ben", sar_approver="mia")
    analyst = page(desk, "ann", include_closed=True)
    assert View.AWAITING not in analyst.counters
    assert analyst.total == 3
    lines = {line.row.case_id: line for line in analyst.lines}
    assert (lines[waiting].stage, lines[waiting].disposition) == (lines[working].stage, lines[working].disposition)
    assert lines[closed].disposition is Disposition.NONE
    assert {line.row.decided_by for line in analyst.lines} == {""}
    assert {line.row.disposition for line in analyst.lines} == {""}
    assert {line.row.version for line in analyst.lines} == {0}, "versions count hidden steps"
    for asked in ({"view": View.AWAITING}, {"status": "Awaiting approval"}, {"status": "In Review"}):
        assert ids(page(desk, "ann", **asked)) == {waiting, working}
    assert page(desk, "ann", view=View.AWAITING).total == page(desk, "ann").total
    listed = queue.ids(uow=desk.reading(), actor=desk.people["ann"], at=desk.at(), query=Query(view=View.AWAITING))
    assert set(listed) == {waiting, working}
    manager = page(desk, "mia", include_closed=True)
    assert manager.counters[View.AWAITING] == 1
    assert ids(page(desk, "mia", view=View.AWAITING)) == {waiting}
    assert ids(page(desk, "mia", status="Awaiting approval")) == {waiting}
    assert {line.row.case_id: line.disposition for line in manager.lines}[closed] is Disposition.SAR


@pytest.mark.parametrize("asked", [{}, {"view": View.DUE_SOON}, {"view": View.OVERDUE}, {"view": View.UNASSIGNED}])
def test_submitting_a_sar_moves_no_figure_a_stranger_is_shown(desk: TestDesk, asked: dict[str, Any]) -> None:
    case_id = desk.open()
    desk.take("ben", case_id)
    before = page(desk, "ann", **asked)
    desk.decide("ben", case_id, Disposition.SAR)
    after = page(desk, "ann", **asked)
    assert (after.counters, after.total, ids(after)) == (before.counters, before.total, ids(before))


STEPS: dict[str, Any] = {
    "take": lambda desk, case_id: assignment.take(**desk.who("ann", case_id)),
    "hand over": lambda desk, case_id: assignment.hand_over(**desk.who("ann", case_id), to="ben", reason="x"),
    "release": lambda desk, case_id: assignment.release(**desk.who("ann", case_id)),
    "decide": lambda desk, case_id: desk.decide("ann", case_id, Disposition.NO_SAR),
    "escalate": lambda desk, case_id: desk.decide("ann", case_id, Disposition.ESCALATE),
    "suspicion": lambda desk, case_id: decisions.move_suspicion(
        **desk.who("ann", case_id), suspicion_at=desk.at(), suspect_identified=True, reason="x"
    ),
    "approve": lambda desk, case_id: desk.approve("ann", case_id),
    "return": lambda desk, case_id: desk.send_back("ann", case_id),
    "reopen": lambda desk, case_id: desk.reopen("ann", case_id),
    "review": lambda desk, case_id: desk.review("ann", case_id),
    "assign": lambda desk, case_id: desk.assign("ann", case_id, "ben"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_refusal_tells_a_stranger_the_same_of_a_waiting_case_as_of_any_other(desk: TestDesk, step: str) -> None:
    working, waiting = desk.open(), desk.awaiting(maker="ben")
    desk.take("ben", working)
    said = []
    for case_id in (working, waiting):
        with pytest.raises(CasedeskError) as refusal:
            STEPS[step](desk, case_id)
        said.append((type(refusal.value), str(refusal.value).replace(case_id, "C")))
    assert said[0] == said[1]
    assert "SAR" not in said[1][1]


@pytest.mark.parametrize("telling", ["submitted", "returned", "reviewed"])
def test_a_step_that_a_stranger_is_not_shown_is_no_conflict_to_them(desk: TestDesk, telling: str) -> None:
    """They would read the case again, find nothing new, and know that something was decided."""
    case_id = desk.open()
    desk.take("ben", case_id)
    if telling != "submitted":
        desk.decide("ben", case_id, Disposition.SAR)
    if telling == "reviewed":
        desk.approve("mia", case_id)
    filled_in = desk.who("ann", case_id)
    if telling == "submitted":
        desk.decide("ben", case_id, Disposition.SAR)
    elif telling == "returned":
        desk.send_back("mia", case_id)
    else:
        desk.review("queenie", case_id, FAIL)
    decisions.add_note(**filled_in, text="Called the branch.")
    assert read(desk, "ann", case_id).events[-1].notes == "Called the branch."
    assert not read(desk, "ann", case_id).disclosed


def test_the_version_a_stranger_is_shown_is_the_one_their_step_may_carry(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    desk.send_back("mia", case_id)
    desk.note("ben", case_id)
    shown = read(desk, "ann", case_id).case.version
    assert shown == desk.case(case_id).version - 2

    def note(version: int) -> None:
        meant = steps.true_version(uow=desk.reading(), actor=desk.people["ann"], case_id=case_id, version=version)
        decisions.add_note(**{**desk.who("ann", case_id), "seen_version": meant}, text="Called the branch.")

    for guessed in (shown - 1, shown + 1, desk.case(case_id).version):
        with pytest.raises(StaleCase):
            note(guessed)
    note(shown)
    with pytest.raises(StaleCase):
        note(shown)


def test_a_stale_form_on_a_closed_case_is_refused_alike_with_and_without_a_report(desk: TestDesk) -> None:
    said = []
    for decided in (Disposition.SAR, Disposition.NO_SAR):
        case_id = desk.open()
        desk.take("ben", case_id)
        filled_in = desk.who("ann", case_id)
        desk.decide("ben", case_id, decided)
        if decided is Disposition.SAR:
            desk.approve("mia", case_id)
        with pytest.raises(CasedeskError) as refusal:
            decisions.add_note(**filled_in, text="Called the branch.")
        said.append((type(refusal.value), str(refusal.value).replace(case_id, "C")))
    assert said[0] == said[1]


def test_a_conflict_names_to_a_stranger_only_what_they_are_shown(desk: TestDesk) -> None:
    case_id = desk.open()
    desk.take("ben", case_id)
    filled_in = desk.who("ann", case_id)
    desk.note("ben", case_id)
    desk.decide("ben", case_id, Disposition.SAR)
    with pytest.raises(StaleCase) as refusal:
        decisions.add_note(**filled_in, text="Called the branch.")
    (change,) = refusal.value.changes
    assert (change.user, change.title) == ("A colleague", "Case changed")
    assert change.event_id == read(desk, "ann", case_id).events[-1].event_id


def test_a_chain_that_is_broken_tells_a_stranger_that_it_is_and_not_where(desk: TestDesk) -> None:
    case_id = desk.closed(maker="ben", sar_approver="mia")
    desk.tamper(sa.update(cases).where(cases.c.case_id == case_id).values(disposition="No SAR", approved_by=None))
    told, untold = (read(desk, who, case_id).chain for who in ("mia", "ann"))
    assert (told.verdict, untold.verdict) == (Verdict.TAMPERED, Verdict.TAMPERED)
    assert "SAR" in told.sentence()
    assert untold.sentence() == (
        f"Broken. {case_id}: It is not what its events say. Whoever may read the ledger is told where."
    )


def test_a_note_of_a_colleague_reads_the_same_in_a_strangers_conflict(desk: TestDesk) -> None:
    """Were only decisions blotted out, the blot would tell."""
    case_id = desk.open()
    desk.take("ben", case_id)
    filled_in = desk.who("ann", case_id)
    desk.note("ben", case_id)
    with pytest.raises(StaleCase, match=r"A colleague: Case changed \(event"):
        decisions.add_note(**filled_in, text="x")


def test_the_role_is_looked_at_before_anything_is_said_about_the_case(desk: TestDesk) -> None:
    case_id = desk.awaiting(maker="ben")
    filled_in = desk.who("ann", case_id)
    desk.approve("mia", case_id)
    for step in (decisions.approve, lambda **a: decisions.send_back(**a, reason="x"), assignment.take):
        with pytest.raises(CasedeskError) as refusal:
            step(**{**filled_in, "uow": desk.writing(), "actor": desk.people["otto"]})
        assert str(refusal.value).startswith("The role Auditor may not")
